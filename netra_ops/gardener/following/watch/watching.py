"""Decides what is told of growing logs: new clusters, jumps of rates, silences. Pure.

Everything counts by when it arrived; only what was there before the watching counts by the time it
bears. Time is given: `now` in seconds of a clock that never goes backwards, `at` in seconds since
the epoch, which is written down and by which those times are understood.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from netra_ops.gardener.facts.tests_and_age import is_probing
from netra_ops.gardener.following.watch.events import Event, event_of
from netra_ops.gardener.following.watch.kinds import Kinds
from netra_ops.gardener.following.watch.series import BUCKET, HORIZON
from netra_ops.gardener.following.watch.track import Track, level_of
from netra_ops.logs.entries import Entry, Level

COOLDOWN: Final = BUCKET * HORIZON
"""Seconds after a jump before another one of the same cluster is told. The past that a rate is
compared with is as long, so what stays high is no jump again."""
SETTLE: Final = 0.8
"""Seconds that something new is given to show what it is: ten names are ten clusters until it is
clear that they are values of one."""
_QUIET_SETTLE: Final = 30.0
_SECONDS_OF_SHAPE: Final = 0.0006
"""About what a grouping takes for each shape; it is asked for at most half of the time."""
_SILENCES_EVERY: Final = 1.0
_NANOSECONDS: Final = 1_000_000_000


class Arrived(msgspec.Struct, frozen=True):
    """Entries that were read together.

    Attributes:
        source: The name of their source.
        entries: Whole entries, in the order in which they came.
        numbered: Whether their numbers count from the beginning of the source.
        came: When the last of them was read, if it was held back since.
    """

    source: str
    entries: Sequence[Entry]
    numbered: bool = True
    came: float | None = None


class Watch:
    """Knows what was there, and says what happens.

    Args:
        kinds: Groups entries.
        level: From which level on something is told.
        now: When the following begins.
        at: The same, seconds since the epoch.

    Attributes:
        entries: How many entries arrived.
        baseline: How many were there before.
    """

    def __init__(self, kinds: Kinds, level: Level, now: float, at: float) -> None:
        self._kinds = kinds
        self._since_epoch = at - now
        self._past: dict[Track, tuple[Counter[int], Counter[int]]] = {}
        self._known_from = now
        self._level = level
        self._start = now
        self._loud_since: float | None = None
        self._quiet_since: float | None = None
        self._asked = now
        self._scanned = now
        self._loud: dict[Track, None] = {}
        self._active: dict[Track, None] = {}
        self.entries = 0
        self.baseline = 0

    def learn(self, arrived: Arrived) -> None:
        """Take entries for what was there before."""
        entries = _counting(arrived.entries)
        placed = self._kinds.place(entries, self._start)
        for entry, (track, _) in zip(entries, placed, strict=True):
            track.live().old = True
            if entry.time is not None:
                self._recall(track, entry, entry.time / _NANOSECONDS - self._since_epoch)
        self.baseline += len(entries)

    def begin(self, now: float) -> None:
        """End what was there before: from now on everything arrives.

        Its last ten minutes are the past with which rates are compared at first.
        """
        self._kinds.regroup()
        for track in self._kinds.tracks():
            track.series.since = self._known_from
        for track, (past, tests) in self._past.items():
            track.live().series.learn(past, tests)
        self._past.clear()
        self._start = self._asked = self._scanned = now

    def _recall(self, track: Track, entry: Entry, when: float) -> None:
        """Count an entry of before; what claims to be of later says nothing about rates."""
        if when > self._start:
            return
        earliest = self._start - BUCKET * HORIZON
        self._known_from = max(earliest, min(self._known_from, when))
        if when >= earliest:
            past, tests = self._past.setdefault(track, (Counter(), Counter()))
            past[int(when // BUCKET)] += 1
            tests[int(when // BUCKET)] += is_probing(entry.principal, entry.labels)

    def take(self, arrived: Arrived, now: float) -> None:
        """Take entries that arrive."""
        entries = _counting(arrived.entries)
        placed = self._kinds.place(entries, now)
        came = now if arrived.came is None else arrived.came
        for entry, (found, shape) in zip(entries, placed, strict=True):
            track = found.live()
            track.take(entry, shape, arrived.source, came, numbered=arrived.numbered)
            self._active[track] = None
            if not track.is_settled and level_of(entry) >= self._level:
                self._loud[track] = None
                if not track.placed and self._loud_since is None:
                    self._loud_since = now
        if self._kinds.unplaced and self._quiet_since is None:
            self._quiet_since = now
        self.entries += len(entries)

    def tick(self, now: float, at: float, *, is_last: bool = False) -> list[Event]:
        """Say what happened since the last time.

        Args:
            now: When it is.
            at: The same, seconds since the epoch.
            is_last: Whether nothing more comes, so that there is nothing to wait for.
        """
        if self._is_due(now) or (is_last and self._kinds.unplaced):
            self._asked = now
            self._loud_since = self._quiet_since = None
            self._kinds.regroup()
        told = [event_of(track, at) for track in self._new()]
        told += self._jumps(now, at)
        if now - self._scanned >= _SILENCES_EVERY:
            self._scanned = now
            told += self._silences(now, at)
        return told

    def _is_due(self, now: float) -> bool:
        if now - self._asked < 2 * _SECONDS_OF_SHAPE * self._kinds.shapes:
            return False
        return _is_past(self._loud_since, SETTLE, now) or _is_past(
            self._quiet_since, _QUIET_SETTLE, now
        )

    def _new(self) -> Iterable[Track]:
        """Give what is to be told as new; what has no group yet waits for it."""
        waiting: dict[Track, None] = {}
        for one in self._loud:
            track = one.live()
            if track.is_settled:
                continue
            if not track.placed:
                waiting[track] = None
            elif self._kinds.is_remembered(track.id):
                track.old = True
            elif track.level >= self._level:
                track.told = True
                self._kinds.remember((track.id,))
                yield track
        self._loud = waiting

    def _jumps(self, now: float, at: float) -> Iterable[Event]:
        active = dict.fromkeys(track.live() for track in self._active)
        self._active.clear()
        for track in active:
            if now < track.calm_from or not track.placed or track.level < self._level:
                continue
            jump = track.series.jump(now)
            if jump is not None:
                track.calm_from = now + COOLDOWN
                yield event_of(track, at, jump)

    def _silences(self, now: float, at: float) -> Iterable[Event]:
        for track in self._kinds.tracks():
            silence = track.beats.silence(now)
            if silence is None or not track.placed:
                continue
            if self._kinds.unplaced:
                # Its lines may come under a new shape: that is to be known first.
                self._quiet_since = now - _QUIET_SETTLE
                continue
            track.beats.begin_anew()
            yield event_of(track, at, silence)


def _counting(entries: Sequence[Entry]) -> list[Entry]:
    """Leave out copies."""
    return [entry for entry in entries if not entry.duplicate]


def _is_past(since: float | None, seconds: float, now: float) -> bool:
    return since is not None and now - since >= seconds
