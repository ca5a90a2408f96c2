"""Traces of which every line is a record of its own: which lines belong together."""

import re
from typing import Final

from netra_ops.logs.entries.stacks import go, lines_at, python

_CHAINED: Final = ("During handling of the above", "The above exception was")
_CAUSED: Final = ("Caused by: ", "Suppressed: ")
_EXCEPTION: Final = re.compile(r"[A-Za-z_][\w.]*(?:$|:)")
_CLOSING: Final = re.compile(r"[\]})]+[,;]?\s*$")
_GO_BESIDES: Final = ("exit status", "[signal ", "...additional", "created by ")
_MOST_LINES: Final = 500
_LONGEST: Final = 1_000


class Spread:
    """Follows one stream of lines, and says of each whether it goes on with the one before."""

    def __init__(self) -> None:
        self._language: str | None = None
        self._is_ended = False
        self._lines = 0

    def begins(self, text: str) -> bool:
        """Tell whether a trace begins here of which more lines follow; it is followed from now."""
        self._language, self._is_ended, self._lines = None, False, 0
        if python.HEAD in text and text.rstrip().endswith(python.HEAD):
            self._language = "python"
        elif go.HEAD.match(text) or go.GOROUTINE.match(text):
            self._language = "go"
        return self._language is not None

    def continues(self, text: str) -> bool:
        """Tell whether a line belongs to the record before, which may have begun no trace yet."""
        if self._lines >= _MOST_LINES:
            return False
        belongs = self._belongs(text[:_LONGEST])
        if belongs:
            self._lines += 1
        else:
            self._language = None
        return belongs

    def _belongs(self, text: str) -> bool:
        if self._language == "python":
            return self._goes_on_in_python(text)
        if self._language == "go":
            return self._goes_on_in_go(text)
        if lines_at.AT.match(text) or text.startswith(_CAUSED):
            self._language = "at"
            return True
        if self._language != "at":
            return False
        return text[:1] in (" ", "\t") or _CLOSING.match(text) is not None

    def _goes_on_in_python(self, text: str) -> bool:
        blank = not text.strip()
        if python.HEAD in text or text.startswith(_CHAINED):
            self._is_ended = False
            return True
        if blank or text[0].isspace():
            return blank or not self._is_ended or text.lstrip()[0] in "|+"
        if self._is_ended:
            return False
        self._is_ended = True
        return _EXCEPTION.match(text) is not None

    @staticmethod
    def _goes_on_in_go(text: str) -> bool:
        if not text.strip() or text[0] == "\t":
            return True
        if text.startswith(_GO_BESIDES) or go.GOROUTINE.match(text):
            return True
        return text.endswith(")") and go.CALL.match(text) is not None
