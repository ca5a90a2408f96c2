"""How commands speak: text for people and JSON on standard output, remarks on standard error."""

import os
import sys
from contextlib import suppress
from typing import Any

import msgspec

from netra_ops.findings import CouldNotTell


def remark(text: str) -> None:
    """Say something beside the result; where nobody can hear it, the exit code still says it."""
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


def tell(text: str) -> None:
    """Give a result, or a part of it, at once.

    Raises:
        CouldNotTell: Nobody takes it: what was not told is no pass.
    """
    put(f"{text}\n")


def put(text: str) -> None:
    """Give a part of a result that ends no line.

    Raises:
        CouldNotTell: Nobody takes it.
    """
    if sys.stdout is None:
        raise CouldNotTell("The result cannot be written: standard output is closed.")
    try:
        sys.stdout.write(_encodable(text))
        sys.stdout.flush()
    except OSError as error:
        _give_up_output()
        reason = (error.strerror or "it was closed").lower()
        raise CouldNotTell(f"The result cannot be written: {reason}.") from None


class Told:
    """Standard output for what draws on a file: where nobody takes it, it fails as `tell` does."""

    def write(self, text: str) -> int:
        """Give it at once; see `put`."""
        put(text)
        return len(text)

    def flush(self) -> None:
        """Do nothing: all is given."""

    def __getattr__(self, name: str) -> Any:
        """Be as standard output is: a terminal or none, of its width and its letters."""
        return getattr(sys.stdout, name)


def tell_document(document: Any) -> None:
    """Give a result as one JSON document, in which nothing can write on a terminal."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    tell("\n".join(_harmless(line) for line in text.split("\n")))


def tell_line(document: Any) -> None:
    """Give one JSON document as one line, of many that come one after the other."""
    tell(_harmless(msgspec.json.encode(document).decode()))


def _harmless(line: str) -> str:
    return (
        line if line.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in line)
    )


def _encodable(text: str) -> str:
    """Give what can be written where a terminal has fewer letters than there are."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _give_up_output() -> None:
    """Let what was not written go, or ending the process would fail over it again."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _escaped(letter: str) -> str:
    """Write a letter as JSON escapes (RFC 8259 section 7)."""
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))
