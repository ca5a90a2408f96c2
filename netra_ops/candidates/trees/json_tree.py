"""Reads JSON (RFC 8259) as a tree, which the usual readers give without lines."""

import re
from bisect import bisect_left
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]  # not in its stubs
from typing import Final

from netra_ops.candidates.trees.node import Builder, Mapping, Node, Scalar, Sequence, TreeInvalid

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_WORD: Final = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_CLOSING: Final = {"{": "}", "[": "]"}


def read_json(text: str) -> Node:
    """Read one JSON document.

    Raises:
        TreeInvalid: It is none, or one that is not taken.
    """
    return _Reading(text).document()


class _Reading:
    """One pass over a text, without recursion."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._opened = -1
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._builder = Builder()
        self._closing: list[str] = []

    def document(self) -> Node:
        """Read values until the outermost one is complete, and find nothing behind it."""
        self._value()
        while self._closing:
            self._next_part()
        self._skip()
        if self._at != len(self._text):
            raise self._invalid("has something behind its end")
        return self._builder.documents[0]

    def _next_part(self) -> None:
        """Read what follows a value or an opening bracket: a comma and a part, or the end."""
        self._skip()
        is_first = self._at == self._opened
        if self._peek() == self._closing[-1]:
            self._at += 1
            self._closing.pop()
            self._builder.end()
            return
        if not is_first:
            self._expect(",")
        if self._closing[-1] == "}":
            self._skip()
            line = self._line()
            if self._peek() != '"':
                raise self._invalid("has a name that is not in quotation marks")
            self._builder.name(self._string(), line)
            self._expect(":")
        self._value()

    def _value(self) -> None:
        self._skip()
        line, first = self._line(), self._peek()
        if first in _CLOSING:
            self._builder.begin(Mapping(line) if first == "{" else Sequence(line))
            self._closing.append(_CLOSING[first])
            self._at += 1
            self._skip()
            self._opened = self._at
        elif first == '"':
            self._builder.scalar(Scalar(self._string(), line, is_text=True))
        elif word := _WORD.match(self._text, self._at):
            self._at = word.end()
            self._builder.scalar(Scalar(word[0], line, is_text=False))
        else:
            raise self._invalid("is not valid JSON")

    def _string(self) -> str:
        try:
            text, self._at = scanstring(self._text, self._at + 1, True)
        except JSONDecodeError:
            raise self._invalid("is not valid JSON") from None
        return str(text)

    def _expect(self, sign: str) -> None:
        self._skip()
        if self._peek() != sign:
            raise self._invalid("is not valid JSON")
        self._at += 1

    def _skip(self) -> None:
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _line(self) -> int:
        return bisect_left(self._breaks, self._at) + 1

    def _invalid(self, says: str) -> TreeInvalid:
        return TreeInvalid(says, self._line())
