"""Writes the reference of all errors from the tree in `netra.errors`.

python -m netra.wire.error_reference docs/reference/errors.md
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from netra.errors import NetraError

_INTRODUCTION: Final = """\
# Errors

Generated from `netra/errors.py` by `make reference`; a test compares the two.

Over HTTP an error is a problem document (RFC 9457) with the status, the code and the text; on a
WebSocket it is the close code. The text is all that a caller is told; the reason is in the log,
found by the `request_id`. 401 means no or a bad credential, 403 known but not allowed, 503 that a
dependency is down and nothing was decided.

| error | code | status | close code | text |
|---|---|---|---|---|
"""


def as_markdown(root: type[NetraError]) -> str:
    """Write a table of an error and of those derived from it in the same module."""
    rows = [
        f"| {'&emsp;' * depth}{kind.__name__} | `{kind.code}` | {kind.status} | {kind.close_code}"
        f" | {kind.public_text} |\n"
        for depth, kind in _walk(root, 0)
    ]
    return _INTRODUCTION + "".join(rows)


def main(arguments: Sequence[str]) -> None:
    """Write the reference to the file that the only argument names."""
    (path,) = arguments
    Path(path).write_text(as_markdown(NetraError), encoding="utf-8")


def _walk(kind: type[NetraError], depth: int) -> Iterator[tuple[int, type[NetraError]]]:
    yield depth, kind
    for derived in kind.__subclasses__():
        # Rooms may derive errors of their own; which ones are loaded must not change the page.
        if derived.__module__ == kind.__module__:
            yield from _walk(derived, depth + 1)


if __name__ == "__main__":
    main(sys.argv[1:])
