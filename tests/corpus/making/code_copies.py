"""Copies of small services' code in which somebody made a mistake, and stand-ins they talk to."""

import json
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey

HERE = Path(__file__).resolve().parent


@cache
def _installed(folder: Path) -> Path:
    made = Path(tempfile.mkdtemp(prefix="incident-npm-")) / folder.name
    shutil.copytree(folder, made)
    subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund"],  # noqa: S607
        cwd=made,
        check=True,
    )
    return made


def node_copy(
    name: str,
    changes: Mapping[str, tuple[str, str]] | None = None,
    gone: tuple[str, ...] = (),
) -> Path:
    """Copy a Node service with its packages.

    Args:
        name: Its folder below `node_services`.
        changes: By file, the text that is replaced, and by what.
        gone: Files and folders that its image lacks.
    """
    return _copied(_installed(HERE / "node_services" / name), changes or {}, gone)


def python_copy(
    name: str,
    changes: Mapping[str, tuple[str, str]] | None = None,
    gone: tuple[str, ...] = (),
) -> Path:
    """Copy a Python service below `small_services` alike."""
    return _copied(HERE / "small_services" / name, changes or {}, gone)


def _copied(source: Path, changes: Mapping[str, tuple[str, str]], gone: tuple[str, ...]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="incident-app-")) / "code"
    shutil.copytree(source, folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for file, (old, new) in changes.items():
        text = (folder / file).read_text("utf-8")
        assert old in text, f"{file} has no {old!r}"
        (folder / file).write_text(text.replace(old, new), "utf-8")
    for file in gone:
        place = folder / file
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    return folder


def token(
    key: str, subject: str, issuer: str, audience: str, seconds: float = 900, **claims: Any
) -> str:
    """Sign an access token with a shared key."""
    now = int(time.time())
    told = {"iss": issuer, "aud": audience, "sub": subject, "iat": now, "exp": now + int(seconds)}
    return jwt.encode({"alg": "HS256"}, told | claims, OctKey.import_key(key))


Answer = tuple[int, dict[str, Any]]


@contextmanager
def neighbour(answer: Callable[[str, str, str], Answer]) -> Iterator[int]:
    """Answer as another service does, until the block ends.

    Args:
        answer: Given method, path and body; gives status and document. One that raises
            `ConnectionAbortedError` hangs up.

    Yields:
        Its port.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            try:
                status, document = answer(self.command, self.path, self.rfile.read(size).decode())
            except ConnectionAbortedError:
                self.close_connection = True
                return
            text = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_GET  # noqa: N815 - The name that the base class calls.

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - Its base's.
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of a caller that hung up."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
