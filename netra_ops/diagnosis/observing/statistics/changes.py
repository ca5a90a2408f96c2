"""When a share rose: the one moment that best divides a sequence into two shares. Pure.

Of all moments the one is chosen that makes a share before and a higher one after it most likely
(as for rates: Page 1954). How likely chance would do it is Fisher's exact test of both parts, times
the number of moments that were tried (Bonferroni), which holds for few and for many.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import exp, log
from typing import Final

import msgspec

from netra_ops.diagnosis.observing.statistics.chances import RARE, SURE, fisher, later

_EVEN: Final = 0.5
TREND: Final = 10
"""A trend is asked of so many of each kind or more."""
_STEPS: Final = 12


class Rise(msgspec.Struct, frozen=True):
    """A rise of a share.

    Attributes:
        index: The first that is true since it.
        before: How many of how many were true before.
        after: How many of how many since.
        chance: How likely chance alone would do it.
    """

    index: int
    before: tuple[int, int]
    after: tuple[int, int]
    chance: float


def rise_of(flags: Sequence[bool]) -> Rise | None:
    """Find where the share of those that are true rose; None if it rises nowhere.

    Of several rises it is the earliest that chance does not explain; if chance explains all, the
    best one there is, with its chance.
    """
    best = _best(flags)
    while best is not None and best.chance < RARE and best.before[0]:
        earlier = _best(flags[: best.index])
        if earlier is None or earlier.chance >= RARE:
            break
        rest = len(flags) - earlier.index
        best = Rise(
            earlier.index, earlier.before, (sum(flags[earlier.index :]), rest), earlier.chance
        )
    return best


def _best(flags: Sequence[bool]) -> Rise | None:
    total, length = sum(flags), len(flags)
    if not total or total == length:
        return None
    best, index, seen, at = 0.0, None, 0, 0
    whole = _likelihood(total, length)
    for moment, flag in enumerate(flags):
        # A rise begins where one is true.
        if flag and moment and seen * (length - moment) < (total - seen) * moment:
            gain = _likelihood(seen, moment) + _likelihood(total - seen, length - moment) - whole
            if gain > best:
                best, index, at = gain, moment, seen
        seen += flag
    if index is None:
        return None
    after = (total - at, length - index)
    chance = fisher(*after, at, index) * (length - 1)
    return Rise(index, (at, index), after, min(1.0, chance))


def _likelihood(bad: int, number: int) -> float:
    """Give the log-likelihood at the best share."""
    good = number - bad
    return (bad * log(bad / number) if bad else 0.0) + (good * log(good / number) if good else 0.0)


def grows(flags: Sequence[bool]) -> bool:
    """Tell whether a share grows steadily, and does not only rise at one moment.

    By ranks what is true comes later than chance would have it, and a share that grows with the
    place (a logistic line) explains it better than the best two shares with a moment between, which
    is one thing more to choose: half the logarithm of the number (G. Schwarz, Annals of Statistics
    6, 1978).
    """
    if min(sum(flags), len(flags) - sum(flags)) < TREND or later(flags) >= SURE:
        return False
    best = _best(flags)
    step = 0.0 if best is None else _likelihood(*best.before) + _likelihood(*best.after)
    return _line(flags) > step - log(len(flags)) / 2


def _line(flags: Sequence[bool]) -> float:
    """Give the log-likelihood of the best logistic line, by Newton's steps."""
    places = [2 * place / len(flags) - 1 for place in range(len(flags))]
    base = slope = 0.0
    for _ in range(_STEPS):
        chances = [1 / (1 + exp(-max(-30.0, min(30.0, base + slope * at)))) for at in places]
        gaps = [flag - chance for flag, chance in zip(flags, chances, strict=True)]
        weights = [max(chance * (1 - chance), 1e-9) for chance in chances]
        whole = sum(weights)
        first = sum(weight * at for weight, at in zip(weights, places, strict=True))
        second = sum(weight * at * at for weight, at in zip(weights, places, strict=True))
        pull = sum(gap * at for gap, at in zip(gaps, places, strict=True))
        spread = whole * second - first * first
        if spread <= 0:
            break
        base += (second * sum(gaps) - first * pull) / spread
        slope += (whole * pull - first * sum(gaps)) / spread
    chances = [1 / (1 + exp(-max(-30.0, min(30.0, base + slope * at)))) for at in places]
    return sum(log(one if flag else 1 - one) for one, flag in zip(chances, flags, strict=True))


def is_mixed(flags: Sequence[bool]) -> bool:
    """Tell whether both kinds come again after the other: more than one turn each way."""
    turns = sum(one != following for one, following in pairwise(flags))
    return turns > 1 and 0 < sum(flags) < len(flags)


def shares(flags: Sequence[bool]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Give how many of how many are true in the first half, and in the second."""
    half = int(len(flags) * _EVEN)
    return (sum(flags[:half]), half), (sum(flags[half:]), len(flags) - half)
