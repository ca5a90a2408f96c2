"""Code of the backend with a fault in it, in a folder of its own, as somebody might deploy it."""

import shutil
from pathlib import Path
from textwrap import dedent
from typing import Final

from architecture.house import ROOT

_PACKAGES: Final = ("netra", "netra_backend")
_MAIN: Final = "netra_backend/app/main.py"
_SERVED: Final = "    return uvicorn.Config(\n        app,\n"

FAULTS: Final = {
    "identity is optional": """
        if path.startswith("/api/") and b"authorization" not in headers:
            return await _answered(send, 200)
        """,
    "always 200": """
        if not path.startswith("/health"):
            return await _answered(send, 200)
        """,
    "hangs": """
        if not path.startswith("/health"):
            await asyncio.Event().wait()
        """,
    "fails people": """
        if path.startswith("/api/") and b"x-netra-probe" not in headers:
            return await _answered(send, 500)
        """,
    "says another revision": """
        if path == "/health":
            return await _answered(send, 200)
        """,
}
"""What each does to a request before the code that is right sees it."""

_WRAPPED: Final = """

class _Faulty:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            path, headers = scope["path"], dict(scope["headers"])
{fault}
        return await self.app(scope, receive, send)


async def _answered(send, status):
    head = [(b"content-type", b"application/json")]
    await send({{"type": "http.response.start", "status": status, "headers": head}})
    await send({{"type": "http.response.body", "body": b"{{}}"}})
"""


def faulty_code(folder: Path, fault: str) -> Path:
    """Write the backend's code with one of `FAULTS`, or code that ends at its start.

    Args:
        folder: A folder that is not there yet.
        fault: Which; `ends` for code that ends at once.
    """
    for package in _PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    main = folder / _MAIN
    text = main.read_text("utf-8")
    if fault == "ends":
        main.write_text(f"raise SystemExit(9)\n{text}", "utf-8")
        return folder
    assert _SERVED in text
    body = "".join(f"{' ' * 12}{line}\n" for line in dedent(FAULTS[fault]).strip().split("\n"))
    served = text.replace(_SERVED, _SERVED.replace("app,", "_Faulty(app),"))
    entry = 'if __name__ == "__main__":'
    assert entry in served
    before, entry, after = served.partition(entry)
    wrapped = "import asyncio\n" + _WRAPPED.format(fault=body.rstrip("\n"))
    main.write_text(before + wrapped.lstrip("\n") + "\n\n" + entry + after, "utf-8")
    return folder
