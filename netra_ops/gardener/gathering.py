"""From inputs to what is known of them: read, mined and gathered in one pass, then worked out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from netra_ops.gardener.engine import Engine
from netra_ops.gardener.facts.clusters import Facts, facts_of
from netra_ops.gardener.facts.collected import Collected
from netra_ops.gardener.grouping import Grouping, Groups
from netra_ops.gardener.mining.clustering import Known
from netra_ops.gardener.mining.grouping.columns import Granularity
from netra_ops.gardener.mining.miner import Account as Mined
from netra_ops.logs.entries import Entry
from netra_ops.logs.reading.account import Account
from netra_ops.logs.reading.reader import Reading, read

_BILLION: Final = 1_000_000_000
_DAY: Final = 86_400 * _BILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked at, of which inputs.

    Attributes:
        inputs: Paths of files and directories, `-` for standard input.
        reading: How they are read.
        service: Only entries of this service; None for all.
        since: Only entries from then on, seconds since the epoch; None for no bound.
        until: Only entries up to then; None for no bound.
        granularity: How finely lines are told apart.
        known: Templates of an earlier run.
    """

    inputs: tuple[str, ...]
    reading: Reading
    service: str | None = None
    since: float | None = None
    until: float | None = None
    granularity: Granularity = Granularity.NORMAL
    known: Mapping[str, tuple[Known, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Gathered:
    """What is known of the inputs.

    Attributes:
        account: What was read and what was not.
        mined: What was mined, and what of it not as finely as promised.
        collected: What was kept of the entries.
        groups: Which of them are about the same.
        facts: What is known of them.
        outside: Entries that were left out, because they are of another time.
        of_others: Entries that were left out, because they are another service's.
    """

    account: Account
    mined: tuple[Mined, ...]
    collected: Collected
    groups: Groups
    facts: Facts
    outside: int = 0
    of_others: int = 0


@dataclass(slots=True)
class _Filter:
    """Leaves out what is not looked at, and counts it."""

    wanted: Wanted
    since: int | None = field(init=False)
    until: int | None = field(init=False)
    outside: int = 0
    of_others: int = 0

    def __post_init__(self) -> None:
        self.since = _nanoseconds(self.wanted.since)
        self.until = _nanoseconds(self.wanted.until)

    def __call__(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        self._disbelieve(entries)
        service = self.wanted.service
        if service is not None:
            kept = [entry for entry in entries if entry.service == service]
            self.of_others += len(entries) - len(kept)
            entries = kept
        if self.since is None and self.until is None:
            return entries
        kept = [entry for entry in entries if self._is_inside(entry.time)]
        self.outside += len(entries) - len(kept)
        return kept

    def _disbelieve(self, entries: Sequence[Entry]) -> None:
        """Take no time that is far ahead: one wrong clock would stretch what the log covers."""
        latest = self.wanted.reading.now + _DAY
        for entry in entries:
            if entry.time is not None and entry.time > latest:
                entry.time = None

    def _is_inside(self, time: int | None) -> bool:
        """Keep what has no time: nobody can say that it is of another one."""
        if time is None:
            return True
        return (self.since is None or time >= self.since) and (
            self.until is None or time <= self.until
        )


def gathered(
    wanted: Wanted,
    standard_input: BinaryIO,
    progress: Callable[[Account], None],
    engine: Engine,
) -> Gathered:
    """Read, mine and gather, and work out what is known.

    Args:
        wanted: What is looked at.
        standard_input: What `-` stands for.
        progress: Is told how far the account is, after every batch.
        engine: What keeps and counts the entries.
    """
    account, collected = Account(), Collected(engine.rows())
    chosen = _Filter(wanted)
    grouping = Grouping(wanted.granularity, wanted.known)
    for entries in _batches(wanted, account, standard_input, progress):
        kept = chosen(entries)
        collected.add(kept, grouping.add(kept))
    groups = grouping.groups()
    facts = facts_of(collected, groups.groups, groups.of_shape)
    return Gathered(
        account,
        tuple(grouping.accounts()),
        collected,
        groups,
        facts,
        chosen.outside,
        chosen.of_others,
    )


def _batches(
    wanted: Wanted,
    account: Account,
    standard_input: BinaryIO,
    progress: Callable[[Account], None],
) -> Iterator[list[Entry]]:
    for entries in read(wanted.inputs, account, wanted.reading, standard_input):
        yield entries
        progress(account)
    progress(account)


def _nanoseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * _BILLION)
