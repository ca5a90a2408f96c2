"""Columns that a file of plain lines has before its messages, learned from its first lines.

Some programs write a node, a file or an id before the time, and some the time twice. One line does
not show that; many do, since a time or a level then always stands at the same place.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from netra_ops.logs.entries.heads.moments import MOMENT, moment_of
from netra_ops.logs.entries.severity import NAMES

_MOST_COLUMNS: Final = 10
_AGREEING: Final = 0.9
_ENOUGH: Final = 20
_WORD: Final = re.compile(r"\S+\s+")


class Layout:
    """Where the last column begins that a header can be recognised from.

    Attributes:
        column: Its index, from 0.
        time_column: Which column says when; None if none before does.
    """

    def __init__(self, column: int, time_column: int | None) -> None:
        self.column = column
        self.time_column = time_column

    def before(self, line: str, now: int) -> tuple[int, int | None]:
        """Give where a line's header is to be looked for, in characters, and the time before it.

        A line without these columns gives 0 and None.
        """
        starts = _starts(line, self.column)
        if len(starts) <= self.column or not _is_mark(line, starts[-1]):
            return 0, None
        time = None
        if self.time_column is not None:
            found = MOMENT.match(line, starts[self.time_column])
            if found is not None and found.lastgroup is not None:
                time = moment_of(found.lastgroup, found[found.lastgroup], now)
        return starts[-1], time


def layout_of(lines: Sequence[str]) -> Layout | None:
    """Learn the columns of lines; None if their headers begin the lines, or if they have none."""
    marks: Counter[int] = Counter()
    moments: Counter[int] = Counter()
    seen = 0
    for line in lines:
        if not line or line[0].isspace():
            continue
        seen += 1
        for column, start in enumerate(_starts(line, _MOST_COLUMNS)):
            if _is_mark(line, start):
                marks[column] += 1
                moments[column] += MOMENT.match(line, start) is not None
    if seen < _ENOUGH:
        return None
    steady = [column for column, count in marks.items() if count >= _AGREEING * seen]
    last = max(steady, default=0)
    if last == 0 or moments[0] >= _AGREEING * seen:
        return None
    timed = [column for column in steady if moments[column] >= _AGREEING * seen and column < last]
    return Layout(last, max(timed, default=None))


def _starts(line: str, most: int) -> list[int]:
    starts, at = [0], 0
    while len(starts) <= most and (word := _WORD.match(line, at)):
        at = word.end()
        starts.append(at)
    return starts


def _is_mark(line: str, at: int) -> bool:
    found = MOMENT.match(line, at)
    if found is not None:
        return True
    word = line[at : at + 14].split(" ", 1)[0]
    return word.isupper() and word.lower() in NAMES
