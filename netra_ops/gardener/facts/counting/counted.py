"""What is counted of a log's entries, and what counts them: in memory or elsewhere. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from netra_ops.gardener.facts.counting.spreads import Spread
from netra_ops.gardener.facts.deploys.onset import Onset
from netra_ops.gardener.facts.deploys.revisions import Seen
from netra_ops.gardener.facts.impact import Impact
from netra_ops.gardener.facts.rhythm import Rhythm
from netra_ops.gardener.facts.sequence import Order
from netra_ops.logs.entries.entry import Entry, Level


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted of the entries of one cluster.

    Attributes:
        count: How many entries there are.
        level: How bad, see `levels.level_of`.
        first: Time of the first, nanoseconds; None if none has a time.
        last: Time of the last.
        undated: How many have none.
        services: Whose they are; likewise `revisions`, `instances`, `principals`, `paths`,
            `loggers`, `statuses`.
        requests: How many requests they name.
        traces: How many traces they name.
        rate: How many there are in each of the equal spans of the covered interval.
        changed: Time from which on they are more or fewer, where there is such a moment.
        rhythm: The interval at which they come back, if there is one.
        onset: With which revision they began.
    """

    count: int
    level: Level
    first: int | None
    last: int | None
    undated: int
    services: Spread
    revisions: Spread
    instances: Spread
    principals: Spread
    paths: Spread
    loggers: Spread
    statuses: Spread
    requests: int
    traces: int
    rate: tuple[int, ...]
    changed: int | None
    rhythm: Rhythm | None
    onset: Onset


class Counted(Protocol):
    """A log whose reading is over, counted. Clusters are named by their places."""

    @property
    def entries(self) -> int:
        """Give how many entries count."""

    @property
    def requests(self) -> int:
        """Give how many requests they name."""

    @property
    def principals(self) -> int:
        """Give how many principals they name."""

    @property
    def span(self) -> tuple[int, int] | None:
        """Give the covered interval, nanoseconds; None if no entry has a time."""

    @property
    def revisions(self) -> Mapping[str, tuple[Seen, ...]]:
        """Give the revisions of each service, in the order in which they came."""

    def tallies(self) -> Mapping[int, Tally]:
        """Give what is counted of each cluster that has entries, in the order of their places."""

    def order(self, clusters: Mapping[int, int]) -> Order:
        """Say what follows what.

        Args:
            clusters: Those that are looked at, each with the place it has in what is said.
        """

    def impact(self, clusters: Collection[int]) -> Impact:
        """Count what the entries of these clusters hit."""


class Rows(Protocol):
    """What is kept of every entry, while a log is read."""

    def __len__(self) -> int:
        """Give how many entries there are."""

    def add(self, entries: Sequence[Entry], shapes: Sequence[int]) -> None:
        """Take entries in with the shapes their messages have, in the order of their reading."""

    def places(self) -> Iterator[tuple[int, int, int]]:
        """Give each entry's source, its number there and its shape, in the order of reading."""

    def counted(self, cluster_of: Sequence[int], clusters: int) -> Counted:
        """Count them; nothing is added afterwards.

        Args:
            cluster_of: By shape, the place of its cluster.
            clusters: How many clusters there are.
        """
