"""The keys by which equal lines are recognised before anything is understood of them.

A line's key is a pure function of the line: each run of digits is one `0`, each hexadecimal word
one mark. What the words mean is said in `masks`.
"""

import re
from collections.abc import Sequence
from typing import Final

LINE_CHARACTERS: Final = 4096
"""What of a line counts; nobody writes a template that is longer, and a dump may be megabytes."""

HEX: Final = "\x01"
UUID: Final = "\x02"
ANY: Final = "\x03"
"""Stands in a key for a word that was found to be variable."""

_ZEROES: Final = bytes.maketrans(b"123456789\x01\x02\x03\n\r\t", b"000000000???   ")

_UUID: Final = r"(?<![A-Za-z0])(?=[0-]*[a-fA-F])[0a-fA-F]+(?:-[0a-fA-F]+){4}(?![A-Za-z0-])"
_HEX: Final = r"(?<![A-Za-z0])(?:0+[xX][0a-fA-F]+|(?=0*[a-fA-F])[a-fA-F]*0[0a-fA-F]*)(?![A-Za-z0])"
_UUID_PATTERN: Final = re.compile(_UUID)
_HEX_PATTERN: Final = re.compile(_HEX)
_MARKED: Final = re.compile(f"(?P<uuid>{_UUID})|(?P<hex>{_HEX})|0+")
_VARYING: Final = re.compile(f"[0{HEX}{UUID}{ANY}]")
_RUN: Final = re.compile("[0-9]+")
_DIGITS: Final = str.maketrans("123456789", "0" * 9)


_READABLE: Final = {0: "?", 1: "?", 2: "?", 3: "?", 9: " ", 10: " ", 13: " "}


def readable(text: str) -> str:
    """Return what counts of a text, as its key has it but for what became zeroes and marks."""
    text = counted(text).translate(_READABLE)
    return text if text.isascii() else text.encode(errors="replace").decode()


def digit_forms(texts: Sequence[str]) -> list[bytes]:
    """Return of each text, in order, its bytes with every digit a `0`.

    Of longer texts than `LINE_CHARACTERS` give what is `counted`.
    """
    try:
        block = "\0".join(texts).encode()
    except UnicodeEncodeError:
        block = "\0".join(texts).encode(errors="replace")
    forms = block.translate(_ZEROES).split(b"\0")
    if len(forms) != len(texts):
        return digit_forms([text.replace("\0", "?") for text in texts])
    return forms


def counted(text: str) -> str:
    """Return what of a text counts: all of it, or its beginning and a mark that it goes on."""
    if len(text) <= LINE_CHARACTERS:
        return text
    return text[: LINE_CHARACTERS - 1] + "…"


def number_forms(forms: Sequence[bytes]) -> list[bytes]:
    """Return the digit forms with every run of zeroes a single one."""
    block = b"\0".join(forms)
    for run in (b"00000000", b"0000", b"00", b"00", b"00"):
        block = block.replace(run, b"0")
    while b"00" in block:
        block = block.replace(b"00", b"0")
    return block.split(b"\0")


def key_of(number_form: bytes) -> str:
    """Return the key of a line: its number form with hexadecimal words as marks."""
    text = number_form.decode()
    if "-" in text:
        text = _UUID_PATTERN.sub(UUID, text)
    return _HEX_PATTERN.sub(HEX, text)


def has_marks(key: str) -> bool:
    """Return whether lines with this key may differ."""
    return _VARYING.search(key) is not None


def marks_of(text: str, *, only_digits: bool = False) -> tuple[str, list[tuple[int, int]]]:
    """Return the key of a readable text, and where in the text the key's marks and zeroes are.

    Where no word is hexadecimal, saying so makes it faster.
    """
    if only_digits:
        return _RUN.sub("0", text), [match.span() for match in _RUN.finditer(text)]
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    digits = text.translate(_DIGITS)
    end = 0
    for match in _MARKED.finditer(digits):
        group = match.lastgroup
        pieces += (digits[end : match.start()], {"uuid": UUID, "hex": HEX}.get(group or "", "0"))
        spans.append(match.span())
        end = match.end()
    pieces.append(digits[end:])
    return "".join(pieces), spans
