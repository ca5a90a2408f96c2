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
        begins: When the last beats began.
        last: When the last one arrived.
    """

    __slots__ = ("begins", "last")

    def __init__(self) -> None:
        self.begins: deque[float] = deque(maxlen=_KEPT)
        self.last: float | None = None

    def add(self, now: float) -> None:
        """Note one that arrives; time does not go backwards."""
        if self.last is None or now - self.last > _BURST_GAP:
            self.begins.append(now)
        self.last = now

    def join(self, other: "Beats") -> None:
        """Note what another noted too; beats that were two in one are one."""
        times = sorted((*self.begins, *other.begins))
        self.begins.clear()
        before: float | None = None
        for time in times:
            if before is None or time - before > _BURST_GAP:
                self.begins.append(time)
            before = time
        self.last = max((one for one in (self.last, other.last) if one is not None), default=None)

    def silence(self, now: float) -> Silence | None:
        """Find that a rhythm has missed three beats; what was found once is begun anew.

        It needs eight beats in a row with none left out, gaps that are those of a rhythm as
        `facts.rhythm` has it, and a pause of three of them and a moment.
        """
        begins, last = self.begins, self.last
        if len(begins) < _FEWEST or last is None or now - last < _LEAST:
            return None
        if now - begins[-1] < _MISSED * (begins[-1] - begins[0]) / (len(begins) - 1):
            return None
        rhythm = rhythm_of([round(time * SECOND) for time in begins])
        if rhythm is None or rhythm.missed:
            return None
        if now - begins[-1] < _MISSED * rhythm.seconds + max(_SLACK, rhythm.deviation):
            return None
        begins.clear()
        return Silence(rhythm, now - last)
