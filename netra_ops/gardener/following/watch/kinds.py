"""Which entries are about the same, for weeks: grouped as everywhere, and in bounded memory. Pure.

A thing is known by its shapes, not by its id: an id changes when groups merge, the shapes do not.
When there are too many shapes all is begun anew with those that were seen last.
"""

from array import array
from collections.abc import Iterable, Sequence
from typing import Final

from netra_ops.gardener.following.watch.track import Track, slim
from netra_ops.gardener.grouping import Grouping, Groups, event_id
from netra_ops.gardener.memory import Memory
from netra_ops.gardener.mining.grouping.columns import Granularity
from netra_ops.logs.entries import Entry

_MOST_SHAPES: Final = 10_000
"""Shapes that are told apart, beyond which all is begun anew."""
_MOST_NUMBERS: Final = 50_000
_MOST_ENTRIES: Final = 5_000_000
"""The same of entries: what the miner keeps to be quick is let go then."""
_KEPT: Final = 4_000
_KEPT_OF_GROUP: Final = 8
_MOST_REMEMBERED: Final = 100_000


class Bounds:
    """When all is begun anew, and what is kept then.

    Attributes:
        shapes: After so many shapes.
        entries: After so many entries.
        kept: So many shapes are kept.
    """

    def __init__(
        self, shapes: int = _MOST_SHAPES, entries: int = _MOST_ENTRIES, kept: int = _KEPT
    ) -> None:
        self.shapes = shapes
        self.entries = entries
        self.kept = kept


class Kinds:
    """Gives each entry its track, and makes tracks one that turn out to be the same.

    Args:
        granularity: How finely messages are told apart.
        memory: What an earlier run knew.
        bounds: What is kept at most.

    Attributes:
        unplaced: Tracks whose group is not yet known.
    """

    def __init__(
        self, granularity: Granularity, memory: Memory, bounds: Bounds | None = None
    ) -> None:
        self._granularity = granularity
        self._bounds = bounds or Bounds()
        self._grouping = Grouping(granularity, memory.templates)
        self._tracks: list[Track | None] = []
        self._samples: list[Entry | None] = []
        self._seen = array("q")
        self._entries = 0
        self._made = 0
        self._remembered: dict[str, None] = dict.fromkeys(memory.seen)
        for event, known in memory.templates.items():
            self._remembered.update((event_id(event, one.id), None) for one in known)
        self.unplaced: list[Track] = []

    @property
    def shapes(self) -> int:
        """How many shapes there are; what a grouping costs grows with them."""
        return len(self._tracks)

    def place(self, entries: Sequence[Entry], now: float) -> list[tuple[Track, int]]:
        """Give each entry's track and shape; what was never seen gets a track of its own."""
        found = []
        for entry, shape in zip(entries, self._grouping.add(entries), strict=True):
            self._reach(shape + 1)
            track = self._tracks[shape]
            if track is None:
                track = self._tracks[shape] = Track(self._made, entry, shape, now)
                self._made += 1
                slim(entry)
                self._samples[shape] = entry
                self.unplaced.append(track)
            self._entries += 1
            self._seen[shape] = self._entries
            found.append((track, shape))
        return found

    def regroup(self) -> list[Track]:
        """Find which tracks are one by now; gives those that had no group before."""
        groups = self._grouping.groups()
        self._join(groups)
        fresh = dict.fromkeys(track.live() for track in self.unplaced)
        self.unplaced.clear()
        for track in fresh:
            track.placed = True
        if self._is_too_much():
            self._renew(groups)
        return list(dict.fromkeys(track.live() for track in fresh))

    def remember(self, names: Iterable[str]) -> None:
        """Take ids for known from now on; the oldest are forgotten beyond a hundred thousand."""
        self._remembered.update(dict.fromkeys(names))
        while len(self._remembered) > _MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]

    def is_remembered(self, name: str) -> bool:
        """Tell whether an id is known, of an earlier run or because it was told."""
        return name in self._remembered

    def tracks(self) -> list[Track]:
        """Give all tracks."""
        return list(dict.fromkeys(track for track in self._tracks if track is not None))

    def _reach(self, shapes: int) -> None:
        missing = shapes - len(self._tracks)
        if missing > 0:
            self._tracks += [None] * missing
            self._samples += [None] * missing
            self._seen.extend([0] * missing)

    def _join(self, groups: Groups) -> None:
        self._reach(len(groups.of_shape))
        first: dict[int, Track] = {}
        for shape, track in enumerate(self._tracks):
            if track is None:
                continue
            one, other = first.setdefault(groups.of_shape[shape], track).live(), track.live()
            if one is not other:
                older, newer = (one, other) if one.number < other.number else (other, one)
                older.absorb(newer)
        for shape, track in enumerate(self._tracks):
            if track is not None:
                self._tracks[shape] = track.live()
        for place, track in first.items():
            group, live = groups.groups[place], track.live()
            names = (group.id, *group.aliases)
            live.name(names)
            if not live.old and any(name in self._remembered for name in names):
                live.old = True
            if groups.of_shape[live.shape] == place or not live.id:
                live.id, live.template = group.id, group.template

    def _is_too_much(self) -> bool:
        return (
            self._entries > self._bounds.entries
            or len(self._tracks) > max(self._bounds.shapes, _MOST_NUMBERS)
            or sum(account.shapes for account in self._grouping.accounts()) > self._bounds.shapes
        )

    def _renew(self, groups: Groups) -> None:
        """Begin anew with the shapes that were seen last, a few of each group."""
        order = sorted(
            (shape for shape, track in enumerate(self._tracks) if track is not None),
            key=self._seen.__getitem__,
            reverse=True,
        )
        of_group: dict[int, int] = {}
        kept: list[tuple[Entry, Track]] = []
        for shape in order:
            track, sample, place = self._tracks[shape], self._samples[shape], groups.of_shape[shape]
            if track is None or sample is None or len(kept) >= self._bounds.kept:
                continue
            of_group[place] = of_group.get(place, 0) + 1
            if of_group[place] <= _KEPT_OF_GROUP:
                kept.append((sample, track))
        staying = {track for _, track in kept}
        for track in self.tracks():
            if track.is_settled and track not in staying:
                self.remember(sorted(track.names))
        self._grouping = Grouping(self._granularity, groups.known)
        self._tracks, self._samples, self._seen, self._entries = [], [], array("q"), 0
        kept.reverse()
        for (sample, track), shape in zip(
            kept, self._grouping.add([sample for sample, _ in kept]), strict=True
        ):
            self._reach(shape + 1)
            self._entries += 1
            self._seen[shape] = self._entries
            self._samples[shape] = sample
            former = self._tracks[shape]
            if former is None:
                self._tracks[shape] = track.live()
            elif former.live() is not track.live():
                former.live().absorb(track.live())
            track.live().shape = shape
        self._join(self._grouping.groups())
