"""Whether what came regularly has stopped. Pure.

Times are seconds of any clock that never goes backwards.
"""

from collections import deque
from typing import Final

import msgspec

from netra_ops.gardener.facts.rhythm import SECOND, Rhythm, rhythm_of

_KEPT: Final = 16
_FEWEST: Final = 8
"""Beats that make a rhythm here: more than for a report, since an alarm rests on it."""
_BURST_GAP: Final = 1.5
"""What arrives sooner belongs to the same beat: lines are read a few times a second, and the last
one before a pause is held a moment longer."""
_MISSED: Final = 3
_SLACK: Final = 2.0
"""Seconds that a beat may be late for reasons that are not its own."""
_LEAST: Final = 10.0
"""Seconds below which no pause is a silence."""


class Silence(msgspec.Struct, frozen=True):
    """That something regular did not come.

    Attributes:
        rhythm: How it came.
        seconds: For how long it has not.
    """

    rhythm: Rhythm
    seconds: float


class Beats:
    """When something came, the last few times.

    Attributes:
        spans: The last beats: when each began and when the last of it arrived.
    """

    __slots__ = ("spans",)

    def __init__(self) -> None:
        self.spans: deque[tuple[float, float]] = deque(maxlen=_KEPT)

    def add(self, now: float) -> None:
        """Note one that arrives; time does not go backwards by more than a moment."""
        self._add(now, now)

    def join(self, other: "Beats") -> None:
        """Note what another noted too; beats that overlap or nearly touch are one."""
        spans = sorted((*self.spans, *other.spans))
        self.spans.clear()
        for begin, end in spans:
            self._add(begin, end)

    def begin_anew(self) -> None:
        """Let go of all beats."""
        self.spans.clear()

    def silence(self, now: float) -> Silence | None:
        """Find that a rhythm has missed three beats.

        It needs eight beats in a row with none left out, gaps that are those of a rhythm as
        `facts.rhythm` has it, and a pause of three of them and a moment.
        """
        spans = self.spans
        if len(spans) < _FEWEST or now - spans[-1][1] < _LEAST:
            return None
        first, last = spans[0][0], spans[-1][0]
        if now - last < _MISSED * (last - first) / (len(spans) - 1):
            return None
        rhythm = rhythm_of([round(begin * SECOND) for begin, _ in spans])
        if rhythm is None or rhythm.missed:
            return None
        if now - last < _MISSED * rhythm.seconds + max(_SLACK, rhythm.deviation):
            return None
        return Silence(rhythm, now - spans[-1][1])

    def _add(self, begin: float, end: float) -> None:
        if self.spans and begin - self.spans[-1][1] <= _BURST_GAP:
            former_begin, former_end = self.spans[-1]
            self.spans[-1] = (former_begin, max(former_end, end))
        else:
            self.spans.append((begin, end))
