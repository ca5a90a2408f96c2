"""Whether something comes back at a regular interval. Pure.

One failure writes several lines within milliseconds, so times are first collapsed into bursts.
What comes by chance has gaps that spread about as widely as they are long (a Poisson process: the
median deviation from the median gap is two thirds of it); what a timer or a restart loop causes
does not.
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

import msgspec

SECOND: Final = 1_000_000_000
"""In nanoseconds."""
BURST_GAP: Final = SECOND // 2
"""What follows sooner belongs to the same burst."""
_FEWEST_BURSTS: Final = 5
_WIDEST: Final = 0.15
"""The most that the gaps may deviate from their median, as a share of it."""
_NEAR: Final = 0.25
_REGULAR_SHARE: Final = 0.8
"""At least so many gaps are near the median, or near twice or three times it."""
_SKIPPED: Final = 3
_TICKS: Final = 5
"""Times in whole seconds are regular by themselves; what is so many seconds apart is not."""


class Rhythm(msgspec.Struct, frozen=True):
    """A regular interval.

    Attributes:
        seconds: The median gap between the beginnings of bursts.
        deviation: The median absolute deviation from it, in seconds.
        bursts: How many bursts there were.
        missed: How many beats were left out.
    """

    seconds: float
    deviation: float
    bursts: int
    missed: int = 0

    def __str__(self) -> str:
        return f"every {_short(self.seconds)} s ± {_short(self.deviation)}, {self.bursts} bursts"


def bursts_of(times: Sequence[int], gap: int = BURST_GAP) -> list[int]:
    """Give the beginnings of the bursts.

    Args:
        times: Nanoseconds, rising.
        gap: A longer pause ends a burst, nanoseconds.
    """
    beginnings = []
    before = None
    for time in times:
        if before is None or time - before > gap:
            beginnings.append(time)
        before = time
    return beginnings


def rhythm_of(times: Sequence[int]) -> Rhythm | None:
    """Find the interval at which something comes back; None if it is not regular.

    Args:
        times: When it happened, nanoseconds, rising.
    """
    return rhythm_of_bursts(bursts_of(times), ticking=all(time % SECOND == 0 for time in times))


def rhythm_of_bursts(beginnings: Sequence[int], *, ticking: bool) -> Rhythm | None:
    """Find the interval at which bursts come back; None if it is not regular.

    Args:
        beginnings: When they began, nanoseconds, rising.
        ticking: Whether all times, not only these, are whole seconds.
    """
    if len(beginnings) < _FEWEST_BURSTS:
        return None
    gaps = [after - before for before, after in pairwise(beginnings)]
    middle = median(gaps)
    if middle < _TICKS * SECOND and ticking:
        return None
    beats = [max(1, round(gap / middle)) for gap in gaps]
    if sum(beat > 1 for beat in beats) > len(gaps) * (1 - _REGULAR_SHARE):
        return None
    single = [gap / beat for gap, beat in zip(gaps, beats, strict=True) if beat <= _SKIPPED]
    near = sum(abs(gap - middle) <= _NEAR * middle for gap in single)
    middle = median(single)
    deviation = median(abs(gap - middle) for gap in single)
    if deviation > _WIDEST * middle or near < _REGULAR_SHARE * len(gaps):
        return None
    missed = sum(beat - 1 for beat in beats)
    return Rhythm(middle / SECOND, deviation / SECOND, len(beginnings), missed)


def _short(seconds: float) -> str:
    if seconds < 0.1:  # noqa: PLR2004 - where one digit would show none
        return f"{seconds:.2f}"
    return f"{seconds:.1f}" if seconds < 100 else f"{seconds:.0f}"  # noqa: PLR2004 - three digits
