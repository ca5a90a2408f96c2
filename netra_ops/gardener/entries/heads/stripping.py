"""Messages of plain lines without all else that their headers say: quick, for clustering alone.

Where all of a file's first lines begin with a time of the same width and have as many words before
their messages, so has every line that begins with such a time. All other lines are looked at one
by one.
"""

from collections.abc import Sequence
from typing import Final

from netra_ops.gardener.entries.heads.header import header_of
from netra_ops.gardener.entries.heads.layout import Layout
from netra_ops.gardener.entries.heads.moments import MOMENT

_DIGITS: Final = str.maketrans("123456789", "000000000")
_ENOUGH: Final = 20


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
        self._shape = ""
        if layout is None:
            self._learn([line for line in sample if line and not line[0].isspace()])

    def messages(self, lines: Sequence[str]) -> list[str]:
        """Give the message of each line, in their order."""
        words, shape = self._words, self._shape
        if not words:
            return [self._message(line) for line in lines]
        width, found = len(shape), list[str]()
        for line in lines:
            if line[:width].translate(_DIGITS) == shape:
                parts = line.split(None, words)
                if len(parts) > words:
                    found.append(parts[words])
                    continue
            found.append(self._message(line))
        return found

    def _message(self, line: str) -> str:
        begin = self._layout.before(line, self._now)[0] if self._layout is not None else 0
        header = header_of(line, self._now, begin)
        return line if header is None else line[header.end :]

    def _learn(self, sample: Sequence[str]) -> None:
        shapes, words = set[str](), set[int]()
        for line in sample:
            moment = MOMENT.match(line)
            header = header_of(line, self._now)
            if moment is None or header is None:
                return
            number = len(line[: header.end].split())
            shapes.add(line[: moment.end()].translate(_DIGITS))
            words.add(number)
            if line.split(None, number)[number:] != [line[header.end :]]:
                return
        if len(sample) >= _ENOUGH and len(shapes) == len(words) == 1:
            self._shape, self._words = shapes.pop(), words.pop()
