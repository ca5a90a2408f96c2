"""What is kept of one thing that a growing log says, however it is called meanwhile. Pure."""

from typing import Final

from netra_ops.gardener.facts.tests_and_age import is_probing
from netra_ops.gardener.following.watch.beats import Beats
from netra_ops.gardener.following.watch.series import Series
from netra_ops.gardener.mining.forms.keys import LINE_CHARACTERS
from netra_ops.logs.entries import Entry, Level

MOST_PRINCIPALS: Final = 1000
"""So many principals are told apart."""
_SHARE_OF_LEVEL: Final = 0.1
_MOST_NAMES: Final = 64
_SERVER_ERROR: Final = 500


class Track:
    """One cluster, through all merges and under all its ids.

    Attributes:
        number: Which one: the lower came earlier.
        into: What it became part of.
        old: Whether it was there before the watching, or an earlier run knew it.
        told: Whether it was told as new.
        placed: Whether its group is known.
        id: The group's id as it is now.
        template: The group's template as it is now.
        names: Ids it has or had.
        count: How many entries arrived since the watching began.
        principals: Hashes of who acted in them, at most `MOST_PRINCIPALS`.
        sample: An entry that shows it: the first one of its worst level.
        shape: That entry's shape.
        source: The name of its source.
        numbered: Whether its number counts from the beginning of its source.
        series: How often it comes.
        beats: When it came.
        calm_from: From when on a jump may be told again.
    """

    __slots__ = (
        "beats",
        "calm_from",
        "count",
        "id",
        "into",
        "levels",
        "names",
        "number",
        "numbered",
        "old",
        "placed",
        "principals",
        "sample",
        "series",
        "shape",
        "source",
        "template",
        "told",
    )  # fmt: skip

    def __init__(self, number: int, entry: Entry, shape: int, now: float) -> None:
        self.into: Track | None = None
        self.number = number
        self.old = self.told = self.placed = False
        self.id = self.template = ""
        self.names: set[str] = set()
        self.count = 0
        self.levels: dict[Level, int] = {}
        self.principals: set[int] = set()
        self.sample = entry
        self.shape = shape
        self.source = ""
        self.numbered = False
        self.series = Series(now)
        self.beats = Beats()
        self.calm_from = 0.0

    @property
    def level(self) -> Level:
        """The worst level that a tenth of the entries have; nothing if none was watched."""
        seen = 0
        for level in sorted(self.levels, reverse=True):
            seen += self.levels[level]
            if seen >= _SHARE_OF_LEVEL * self.count:
                return level
        return Level.DEFAULT

    @property
    def is_settled(self) -> bool:
        """Whether it can never be told as new any more."""
        return self.old or self.told

    def take(self, entry: Entry, shape: int, source: str, now: float, *, numbered: bool) -> None:
        """Take in an entry that arrives."""
        level = level_of(entry)
        if not self.count or level > max(self.levels):
            self.show(entry, shape, source, numbered=numbered)
        self.count += 1
        self.levels[level] = self.levels.get(level, 0) + 1
        if entry.principal and len(self.principals) < MOST_PRINCIPALS:
            self.principals.add(hash(entry.principal))
        self.series.add(now, probing=is_probing(entry.principal, entry.labels))
        self.beats.add(now)

    def show(self, entry: Entry, shape: int, source: str, *, numbered: bool) -> None:
        """Take an entry as the one that shows it."""
        self.sample, self.shape = entry, shape
        self.source, self.numbered = source, numbered
        slim(entry)

    def name(self, names: tuple[str, ...]) -> None:
        """Take in ids it has."""
        if len(self.names) < _MOST_NAMES:
            self.names.update(names)

    def live(self) -> "Track":
        """Give what it became part of, or itself."""
        while self.into is not None:
            self = self.into  # noqa: PLW0642 - it walks
        return self

    def absorb(self, other: "Track") -> None:
        """Become one with another, which turned out to be the same."""
        if other.count and (not self.count or max(other.levels) > max(self.levels)):
            self.sample, self.shape = other.sample, other.shape
            self.source, self.numbered = other.source, other.numbered
        self.old, self.told = self.old or other.old, self.told or other.told
        self.count += other.count
        for level, count in other.levels.items():
            self.levels[level] = self.levels.get(level, 0) + count
        self.principals.update(other.principals)
        self.names.update(other.names)
        self.series.join(other.series)
        self.beats.join(other.beats)
        self.calm_from = max(self.calm_from, other.calm_from)
        other.into = self


def slim(entry: Entry) -> None:
    """Take from an entry that is kept what is no more needed of it."""
    entry.message = entry.message[:LINE_CHARACTERS]
    entry.labels = entry.stack = entry.audit = None


def level_of(entry: Entry) -> Level:
    """Say how bad an entry is: an answer of 5xx is an error."""
    if entry.status is not None and entry.status >= _SERVER_ERROR:
        return max(entry.level, Level.ERROR)
    return entry.level
