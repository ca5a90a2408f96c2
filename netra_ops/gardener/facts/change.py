"""When a rate changed: the one moment that best divides counts into two rates. Pure.

The counts of equal spans of time are taken as draws of a Poisson process. Of all moments the one is
chosen that makes a rate before and a rate after it most likely, and it counts only if that is much
likelier than one rate for all: twice the logarithm of the likelihood ratio is compared with a bound
that a million fair logs would not reach by chance often (Page 1954; Chernoff and Zacks 1964).
"""

from collections.abc import Sequence
from math import log
from typing import Final

import msgspec

_BOUND: Final = 24.0
"""Twice the log-likelihood ratio; chi-square with one degree reaches it once in a million, and the
free choice of the moment among a few hundred costs two powers of ten of that."""


class Change(msgspec.Struct, frozen=True):
    """A change of rate.

    Attributes:
        index: The first count that has the new rate.
        before: Mean count before it.
        after: Mean count from it on.
    """

    index: int
    before: float
    after: float

    @property
    def rises(self) -> bool:
        """Whether it became more."""
        return self.after > self.before


def change_of(counts: Sequence[int]) -> Change | None:
    """Find when the rate changed; None if one rate explains the counts well enough."""
    total, length = sum(counts), len(counts)
    if total == 0:
        return None
    best, index, seen = 0.0, 0, 0
    whole = _likelihood(total, length)
    for moment in range(1, length):
        seen += counts[moment - 1]
        gain = _likelihood(seen, moment) + _likelihood(total - seen, length - moment) - whole
        if gain > best:
            best, index = gain, moment
    if 2 * best < _BOUND:
        return None
    before = sum(counts[:index])
    return Change(index, before / index, (total - before) / (length - index))


def _likelihood(events: int, spans: int) -> float:
    """Give the log-likelihood at the best rate, without what is the same for all rates."""
    return events * log(events / spans) if events else 0.0
