"""Messages of plain lines without all else that their headers say: quick, for clustering alone.

Where all of a file's first lines begin with a time of the same width and have as many words before
their messages, so has every line that begins with such a time. All other lines are looked at one
by one.
"""

from collections.abc import Sequence
from typing import Final

from netra_ops.logs.entries.heads.header import header_of
from netra_ops.logs.entries.heads.layout import Layout
from netra_ops.logs.entries.heads.moments import MOMENT

_DIGITS: Final = bytes.maketrans(b"123456789", b"000000000")
_ENOUGH: Final = 20
_FORMS: Final = 20_000
_HEAD: Final = 80
"""Characters by which a header that ends well within them is known again."""
_BEYOND: Final = 16
_EPOCH: Final = b"0" * 10


class Stripping:
    """Takes headers off lines.

    Args:
        sample: The first lines of the file.
        layout: The columns that it has before the headers.
        now: Nanoseconds since the epoch.
    """

    def __init__(self, sample: Sequence[str], layout: Layout | None, now: int) -> None:
        self._layout = layout
        self._now = now
        self._words = 0
        self._shape = b""
        self._ends: dict[bytes, int] = {}
        if layout is None:
            self._learn([line for line in sample if line and not line[0].isspace()])

    def messages(self, lines: Sequence[str]) -> list[str]:
        """Give the message of each line, in their order."""
        words, shape, ends = self._words, self._shape, self._ends
        width, found = len(shape), list[str]()
        for line in lines:
            form = _form(line[:_HEAD])
            if words and form[:width] == shape:
                parts = line.split(None, words)
                if len(parts) > words:
                    found.append(parts[words])
                    continue
            end = ends.get(form)
            found.append(self._looked_at(line, form) if end is None else line[end:])
        return found

    def _looked_at(self, line: str, form: bytes) -> str:
        """Look once at lines whose heads differ in digits only: they end at the same place.

        Not where a single digit decides what a header is, as in times since the epoch, nor where
        something in brackets follows, which may be long.
        """
        message = self._message(line)
        end = len(line) - len(message)
        is_told = end <= _HEAD - _BEYOND and _EPOCH not in form and form[:1] != b"<"
        is_told = is_told and message[:1] not in {"[", "(", "<"}
        if is_told and len(self._ends) < _FORMS:
            self._ends[form] = end
        return message

    def _message(self, line: str) -> str:
        begin = self._layout.before(line, self._now)[0] if self._layout is not None else 0
        header = header_of(line, self._now, begin)
        return line if header is None else line[header.end :]

    def _learn(self, sample: Sequence[str]) -> None:
        shapes, words = set[bytes](), set[int]()
        for line in sample:
            moment = MOMENT.match(line)
            header = header_of(line, self._now)
            if moment is None or header is None:
                return
            number = len(line[: header.end].split())
            shapes.add(_form(line[: moment.end()]))
            words.add(number)
            if line.split(None, number)[number:] != [line[header.end :]]:
                return
        if len(sample) >= _ENOUGH and len(shapes) == len(words) == 1:
            self._shape, self._words = shapes.pop(), words.pop()


def _form(head: str) -> bytes:
    return head.encode("utf-8", "surrogatepass").translate(_DIGITS)
