"""What is kept of every entry: a row of numbers, so that a million of them fit in memory. Pure.

Texts that sort entries (services, people, paths) are numbered, 0 for none. Ids that only tell what
belongs together are kept as a hash of this process: equal ids have equal hashes, and which ids
they were is remembered of a few.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Final

from netra_ops.logs.entries.entry import Entry

UNDATED: Final = -(2**63)
"""The time of an entry that has none."""
COLUMNS: Final = (
    *("shape", "time", "level", "status", "service", "revision", "instance", "principal", "path"),
    *("logger", "trace", "request", "source", "number"),
)
"""What is kept of every entry, see `Columns`."""
_NAMES: Final = 200_000
"""So many texts are told apart in one column; what comes after is counted as one."""
_OTHERS: Final = "(others)"
_HIGHEST_STATUS: Final = 999
_ODD: Final = re.compile(r"[^\w.:/@%+-]")


def plain_name(text: str) -> str:
    """Give the name of a service or a revision with `?` for all that no such name has.

    Sentences and commands to be copied name them: what a log calls one must be no markup there and
    no other command.
    """
    return _ODD.sub("?", text)


class Names:
    """Numbers for texts, from 1 in the order of their coming; 0 says that there is none."""

    def __init__(self, limit: int = _NAMES, form: Callable[[str], str] = str) -> None:
        self._limit = limit
        self._form = form
        self._numbers: dict[str | None, int] = {None: 0}
        self._texts: list[str] = [""]
        self.overflowed = False

    def numbers(self, texts: Sequence[str | None]) -> list[int]:
        """Give the numbers of texts; those beyond the limit share one."""
        found = list(map(self._numbers.get, texts))
        if None not in found:
            return found  # type: ignore[return-value]  # None is in it no more.
        return [self._number(text) for text in texts]

    def _number(self, text: str | None) -> int:
        found = self._numbers.get(text)
        if found is not None or text is None:
            return found or 0
        if len(self._texts) <= self._limit:
            return self._add(text)
        self.overflowed = True
        return self._numbers.get(_OTHERS) or self._add(_OTHERS)

    def _add(self, text: str) -> int:
        self._texts.append(text if text == _OTHERS else self._form(text))
        self._numbers[text] = number = len(self._texts) - 1
        return number

    def text(self, number: int) -> str:
        """Give the text that has a number."""
        return self._texts[number]

    def __len__(self) -> int:
        return len(self._texts) - 1


class Columns:
    """The rows of all entries that count, in the order in which they were read.

    Attributes:
        shape: The miner's number for what the entry says.
        time: When, nanoseconds since the epoch, or `UNDATED`.
        level: How bad, in Cloud Logging's numbers.
        status: HTTP status, 0 for none.
        service: Number among `services`; likewise `revision`, `instance`, `principal`, `path`,
            `logger`.
        trace: Hash of the trace id, 0 for none; likewise `request`.
        source: Which source of the account.
        number: Which record of it.
    """

    def __init__(self) -> None:
        self.shape = array("i")
        self.time = array("q")
        self.level = array("h")
        self.status = array("h")
        self.service = array("i")
        self.revision = array("i")
        self.instance = array("i")
        self.principal = array("i")
        self.path = array("i")
        self.logger = array("i")
        self.trace = array("q")
        self.request = array("q")
        self.source = array("i")
        self.number = array("q")
        self.services = Names(form=plain_name)
        self.revisions = Names(form=plain_name)
        self.instances = Names()
        self.principals = Names()
        self.paths = Names()
        self.loggers = Names()

    def __len__(self) -> int:
        return len(self.shape)

    def add(self, entries: Sequence[Entry], shapes: Iterable[int]) -> None:
        """Take entries in with the shapes their messages have.

        Args:
            entries: In the order in which they were read.
            shapes: Of each of them.
        """
        self.shape.extend(shapes)
        self.time.extend([UNDATED if one.time is None else one.time for one in entries])
        self.level.extend([one.level for one in entries])
        self.status.extend([_status(one.status) if one.status else 0 for one in entries])
        self.service.extend(self.services.numbers([one.service for one in entries]))
        self.revision.extend(self.revisions.numbers([one.revision for one in entries]))
        self.instance.extend(self.instances.numbers([one.instance for one in entries]))
        self.principal.extend(self.principals.numbers([one.principal for one in entries]))
        self.path.extend(
            self.paths.numbers([one.http.path if one.http else None for one in entries])
        )
        self.logger.extend(self.loggers.numbers([one.logger or one.log_name for one in entries]))
        self.trace.extend([hash(one.trace) if one.trace else 0 for one in entries])
        self.request.extend([hash(one.request_id) if one.request_id else 0 for one in entries])
        self.source.extend([one.source for one in entries])
        self.number.extend([one.number for one in entries])

    def drained(self) -> "list[array[int]]":
        """Give all rows, as columns in the order of `COLUMNS`, and let go of them; names stay."""
        found = []
        for name in COLUMNS:
            column: array[int] = getattr(self, name)
            found.append(column[:])
            del column[:]
        return found

    def in_time(self) -> list[int]:
        """Give the rows in the order of their times; those without a time are left out.

        Rows of the same time stay in the order in which they were read, or in its reverse where
        the source was written newest first.
        """
        time = self.time
        rows = [row for row in range(len(time)) if time[row] != UNDATED]
        if _is_newest_first(time, rows):
            rows.reverse()
        rows.sort(key=time.__getitem__)
        return rows

    def span(self) -> tuple[int, int] | None:
        """Give the first and the last time, or None if no entry has one."""
        dated = [time for time in self.time if time != UNDATED]
        return (min(dated), max(dated)) if dated else None


def _status(status: int) -> int:
    return status if 0 < status <= _HIGHEST_STATUS else 0


def _is_newest_first(time: Sequence[int], rows: Sequence[int]) -> bool:
    falling = sum(time[one] > time[other] for one, other in pairwise(rows))
    rising = sum(time[one] < time[other] for one, other in pairwise(rows))
    return falling > rising
