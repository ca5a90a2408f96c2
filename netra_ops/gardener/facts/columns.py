"""What is kept of every entry: a row of numbers, so that a million of them fit in memory. Pure.

Texts that sort entries (services, people, paths) are numbered, 0 for none. Ids that only tell what
belongs together are kept as a hash of this process: equal ids have equal hashes, and which ids
they were is remembered of a few.
"""

from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from netra_ops.gardener.entries.entry import Entry

UNDATED: Final = -(2**63)
"""The time of an entry that has none."""
_NAMES: Final = 200_000
"""So many texts are told apart in one column; what comes after is counted as one."""
_OTHERS: Final = "(others)"
_HIGHEST_STATUS: Final = 999


class Names:
    """Numbers for texts, from 1 in the order of their coming; 0 says that there is none."""

    def __init__(self, limit: int = _NAMES) -> None:
        self._limit = limit
        self._numbers: dict[str | None, int] = {None: 0}
        self._texts: list[str] = [""]
        self.overflowed = False

    def number(self, text: str | None) -> int:
        """Give a text's number; texts beyond the limit share one."""
        found = self._numbers.get(text)
        if found is not None:
            return found
        if len(self._texts) > self._limit:
            self.overflowed = True
            return self.number(_OTHERS) if text != _OTHERS else self._add(_OTHERS)
        return self._add(text or "")

    def _add(self, text: str) -> int:
        self._texts.append(text)
        self._numbers[text] = number = len(self._texts) - 1
        return number

    def text(self, number: int) -> str:
        """Give the text that has a number."""
        return self._texts[number]

    def number_of(self, text: str) -> int | None:
        """Give the number a text has, if it has one."""
        return self._numbers.get(text)

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
        self.services = Names()
        self.revisions = Names()
        self.instances = Names()
        self.principals = Names()
        self.paths = Names()
        self.loggers = Names()

    def __len__(self) -> int:
        return len(self.shape)

    def add(self, entries: Sequence[Entry], shapes: Iterable[int]) -> None:
        """Take entries in with the shapes their messages have; copies are left out.

        Args:
            entries: In the order in which they were read.
            shapes: Of each of them.
        """
        for entry, shape in zip(entries, shapes, strict=True):
            if not entry.duplicate:
                self._add(entry, shape)

    def _add(self, entry: Entry, shape: int) -> None:
        http = entry.http
        self.shape.append(shape)
        self.time.append(UNDATED if entry.time is None else entry.time)
        self.level.append(entry.level)
        self.status.append(_status(entry.status))
        self.service.append(self.services.number(entry.service))
        self.revision.append(self.revisions.number(entry.revision))
        self.instance.append(self.instances.number(entry.instance))
        self.principal.append(self.principals.number(entry.principal))
        self.path.append(self.paths.number(http.path) if http and http.path else 0)
        self.logger.append(self.loggers.number(entry.logger or entry.log_name))
        self.trace.append(hash(entry.trace) if entry.trace else 0)
        self.request.append(hash(entry.request_id) if entry.request_id else 0)
        self.source.append(entry.source)
        self.number.append(entry.number)

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


def _status(status: int | None) -> int:
    return status if status is not None and 0 < status <= _HIGHEST_STATUS else 0


def _is_newest_first(time: Sequence[int], rows: Sequence[int]) -> bool:
    falling = sum(time[one] > time[other] for one, other in pairwise(rows))
    rising = sum(time[one] < time[other] for one, other in pairwise(rows))
    return falling > rising
