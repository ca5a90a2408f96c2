"""Records that belong together: parts of a long entry, and the lines of one stack trace.

What comes is given on as soon as it is clear that nothing belongs to it any more; that changes the
order a little, within bounds.
"""

from collections.abc import Iterable
from typing import Final

from netra_ops.logs.entries import Entry, Kind, Level
from netra_ops.logs.entries.stacks import Spread
from netra_ops.logs.entries.texts import fold_message, read_rest
from netra_ops.logs.reading.account import SourceAccount
from netra_ops.logs.reading.splits import Splits

_MOST_LINES: Final = 500
_MOST_HELD: Final = 20_000
_BURST: Final = 1_000_000_000
_MOST_TEXT: Final = 1 << 16
_BEGINNINGS: Final = (" ", "\t", "Caused by: ")


class Gathering:
    """Gathers the entries of one source.

    Args:
        account: Is told how many records became part of another.
    """

    def __init__(self, account: SourceAccount) -> None:
        self._account = account
        self._splits = Splits(account)
        self._line: list[Entry] = []
        self._line_spread = Spread()
        self._bursts: dict[tuple[str | None, str | None], list[Entry]] = {}
        self._held = 0
        self._later = self._earlier = 0
        self._previous: int | None = None

    def gathered(self, entries: Iterable[Entry]) -> list[Entry]:
        """Give those entries that are complete by now."""
        ready: list[Entry] = []
        for entry in entries:
            if entry.duplicate:
                ready.append(entry)
                continue
            self._see_order(entry.time)
            if entry.kind is not Kind.LINE:
                self._end_line(ready)
            if entry.split is not None:
                ready += self._splits.take(entry)
            elif entry.kind is Kind.LINE:
                self._take_line(entry, ready)
            elif entry.kind is Kind.TEXT and entry.stack is None and "\n" not in entry.message:
                self._take_text(entry, ready)
            else:
                ready.append(entry)
        return ready

    def rest(self) -> list[Entry]:
        """Give what is still held when nothing more comes."""
        ready: list[Entry] = []
        self._end_line(ready)
        self._end_bursts(ready)
        return ready + self._splits.rest()

    def _see_order(self, time: int | None) -> None:
        if time is None:
            return
        if self._previous is not None and time != self._previous:
            if time > self._previous:
                self._later += 1
            else:
                self._earlier += 1
        self._previous = time

    def _take_line(self, entry: Entry, ready: list[Entry]) -> None:
        held, text = self._line, entry.message
        has_header = entry.time is not None or entry.severity is not None
        if held and not has_header and entry.number == held[-1].number + 1:
            follows = len(held) < _MOST_LINES and (
                self._line_spread.continues(text)
                or (_is_headed(held[0]) and (not text.strip() or text[0].isspace()))
                or (_is_headed(held[0]) and self._line_spread.begins(text))
            )
            if follows:
                held.append(entry)
                return
        self._end_line(ready)
        self._line_spread.begins(text)
        self._line.append(entry)

    def _end_line(self, ready: list[Entry]) -> None:
        if self._line:
            ready.append(self._joined(self._line))
            self._line = []

    def _take_text(self, entry: Entry, ready: list[Entry]) -> None:
        key = (entry.instance, entry.log_name)
        burst = self._bursts.get(key)
        if burst is None:
            burst = self._bursts[key] = []
        elif burst and (len(burst) >= _MOST_LINES or not _is_near(burst[-1].time, entry.time)):
            self._end_burst(burst, ready)
        burst.append(entry)
        self._held += 1
        if self._held >= _MOST_HELD:
            self._end_bursts(ready)

    def _end_bursts(self, ready: list[Entry]) -> None:
        for burst in self._bursts.values():
            self._end_burst(burst, ready)
        self._bursts.clear()

    def _end_burst(self, burst: list[Entry], ready: list[Entry]) -> None:
        """Give a burst of texts of one instance, those that are lines of one trace as one."""
        self._held -= len(burst)
        if not any(entry.message.startswith(_BEGINNINGS) for entry in burst):
            ready += burst
            burst.clear()
            return
        direction = -1 if self._earlier > self._later else 1
        burst.sort(key=lambda entry: (entry.time or 0, direction * entry.number))
        spread, run = Spread(), list[Entry]()
        for entry in burst:
            if run and spread.continues(entry.message):
                run.append(entry)
                continue
            if run:
                ready.append(self._joined(run))
            spread.begins(entry.message)
            run = [entry]
        if run:
            ready.append(self._joined(run))
        burst.clear()

    def _joined(self, run: list[Entry]) -> Entry:
        """Join records whose messages are lines of one text; the first gives all else."""
        first = run[0]
        if len(run) == 1:
            return first
        while len(run) > 1 and first.kind is Kind.LINE and not run[-1].message.strip():
            first.others += (run.pop().number,)
            self._account.folded += 1
        first.message = "\n".join(entry.message for entry in run)[:_MOST_TEXT]
        first.others += tuple(entry.number for entry in run[1:])
        self._account.folded += len(run) - 1
        if first.kind is Kind.LINE:
            first.length = run[-1].offset + run[-1].length - first.offset
        fold_message(first)
        if first.stack is not None and first.level < Level.ERROR and first.severity is None:
            first.level = Level.ERROR
        read_rest(first)
        return first


def _is_headed(entry: Entry) -> bool:
    return entry.time is not None or entry.severity is not None


def _is_near(first: int | None, second: int | None) -> bool:
    return first is not None and second is not None and abs(first - second) <= _BURST
