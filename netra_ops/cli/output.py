"""How commands speak: text for people and JSON on standard output, remarks on standard error."""

import sys
from typing import Any

import msgspec


def remark(text: str) -> None:
    """Say something beside the result."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def tell(text: str) -> None:
    """Give a result, or a part of it, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


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


def _escaped(letter: str) -> str:
    """Write a letter as JSON escapes (RFC 8259 section 7)."""
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))
