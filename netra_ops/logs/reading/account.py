"""What was read and what was not: counts and places, never what stood there."""

from typing import Final

import msgspec

_MOST_PLACES: Final = 5
_MOST_INSTANCES: Final = 10_000
OTHER_INSTANCES: Final = "(others)"


class Damage(msgspec.Struct, frozen=True):
    """A record that could not be read as what it should be.

    Attributes:
        number: Which record of its source, from 1.
        offset: Where it begins, as in `Entry`.
        why: What is wrong with it, without what it holds.
    """

    number: int
    offset: int
    why: str


class ClockDifference(msgspec.Struct):
    """How much later than they say the entries of an instance were received, in nanoseconds.

    A least below zero means a clock that is ahead of Google's.
    """

    count: int = 0
    least: int = 0
    most: int = 0
    total: int = 0

    @property
    def mean(self) -> float:
        """The mean difference, nanoseconds; 0 if there was none."""
        return self.total / self.count if self.count else 0.0


class SourceAccount(msgspec.Struct):
    """What was read of one source.

    Each record is exactly one of `json_records`, `plain_records`, `damaged` and `blank`.

    Attributes:
        name: Its path, or `-` for standard input.
        bytes_read: Bytes that were read of it, compressed if it is.
        text_bytes: Bytes after decompression and transcoding.
        compression: `gzip`, `zstd` or None.
        encoding: `utf-8`, or what it was transcoded from as a whole.
        form: `lines` or `elements` (of a JSON array, or JSON documents one after the other).
        records: Lines or elements, blank ones too.
        json_records: Those that were JSON objects.
        plain_records: Those that were lines of text.
        damaged: Those that were neither, or broken off; they are kept by their text.
        blank: Those with nothing in them.
        cut: Those longer than the limit, of which the beginning is kept.
        mis_encoded: Those that were not UTF-8; they are read as Windows-1252.
        with_nul: Those whose text has NUL bytes.
        replaced: Characters that a whole transcoding could not read.
        duplicates: Those that came before, here or in another source.
        without_time: Entries without a time.
        in_the_future: Entries with a time after the present.
        split: Parts of longer entries.
        folded: Records that became part of another: further parts, and lines of stack traces.
        incomplete_splits: Longer entries of which parts are missing.
        looks_binary: Whether it is no text by its first bytes.
        first: The earliest time that is not in the future, nanoseconds since the epoch.
        last: The latest such.
        truncated: How it breaks off; None if it ends as it should.
        failure: Why it, or the rest of it, could not be read; None if it could.
        places: The first few damaged records.
    """

    name: str
    bytes_read: int = 0
    text_bytes: int = 0
    compression: str | None = None
    encoding: str = "utf-8"
    form: str | None = None
    records: int = 0
    json_records: int = 0
    plain_records: int = 0
    damaged: int = 0
    blank: int = 0
    cut: int = 0
    mis_encoded: int = 0
    with_nul: int = 0
    replaced: int = 0
    duplicates: int = 0
    without_time: int = 0
    in_the_future: int = 0
    split: int = 0
    folded: int = 0
    incomplete_splits: int = 0
    looks_binary: bool = False
    first: int | None = None
    last: int | None = None
    truncated: str | None = None
    failure: str | None = None
    places: list[Damage] = msgspec.field(default_factory=list)

    def note_damage(self, number: int, offset: int, why: str) -> None:
        """Count a damaged record, and keep its place if it is one of the first."""
        self.damaged += 1
        if len(self.places) < _MOST_PLACES:
            self.places.append(Damage(number, offset, why))

    @property
    def is_whole(self) -> bool:
        """Whether all of it was read, and read as what it is."""
        return not (self.damaged or self.cut or self.truncated or self.failure)


class Skipped(msgspec.Struct, frozen=True):
    """A file that was not read, and why."""

    name: str
    why: str


class Account(msgspec.Struct):
    """What was read of all sources.

    Attributes:
        sources: Each, in the order in which they were read; `Entry.source` is the index here.
        skipped: Files that were not read.
        clocks: Clock differences by instance; beyond ten thousand, of the others together.
    """

    sources: list[SourceAccount] = msgspec.field(default_factory=list)
    skipped: list[Skipped] = msgspec.field(default_factory=list)
    clocks: dict[str, ClockDifference] = msgspec.field(default_factory=dict)

    @property
    def interval(self) -> tuple[int, int] | None:
        """The covered interval, from the entries and not from what was asked for."""
        firsts = [source.first for source in self.sources if source.first is not None]
        lasts = [source.last for source in self.sources if source.last is not None]
        return (min(firsts), max(lasts)) if firsts and lasts else None

    @property
    def records(self) -> int:
        """How many records were read of all sources."""
        return sum(source.records for source in self.sources)

    @property
    def is_whole(self) -> bool:
        """Whether all sources were read wholly."""
        return all(source.is_whole for source in self.sources)

    def note_clock(self, instance: str, difference: int) -> None:
        """Sum up how much later than it says an entry of an instance was received."""
        clock = self.clocks.get(instance)
        if clock is None:
            if len(self.clocks) >= _MOST_INSTANCES:
                instance = OTHER_INSTANCES
            clock = self.clocks.setdefault(instance, ClockDifference(0, difference, difference))
        clock.count += 1
        clock.total += difference
        if difference < clock.least:
            clock.least = difference
        elif difference > clock.most:
            clock.most = difference
