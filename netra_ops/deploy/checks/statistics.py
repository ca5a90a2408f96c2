"""Whether few requests show a difference: exact tests, which hold for any number. Pure.

Nothing here approximates by a normal distribution: a candidate has twenty requests, not millions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LEVEL: Final = 0.05
"""How likely one test may take a good candidate for a bad one, in all looks together."""
TOLERATED: Final = 0.01
"""The share of errors that is borne where nothing is known of a stable revision."""
CONFIDENCE: Final = 0.999
"""With what certainty a quantile lies on the side of its bound."""

_HALVINGS: Final = 40


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    bad: int
    total: int

    @property
    def rate(self) -> float:
        """Give the share; 0 of none."""
        return self.bad / self.total if self.total else 0.0

    def __str__(self) -> str:
        return f"{self.bad} of {self.total}"


def is_worse(one: Share, stable: Share, *, tolerated: float | None = TOLERATED) -> bool:
    """Tell whether one revision's share of bad answers is shown to be above the stable one's.

    Two exact tests, and either is enough. Fisher's (R. A. Fisher, Statistical Methods for Research
    Workers, 5th ed. 1934, section 21.02): given how many bad answers there were in all, how likely
    would at least so many of them have fallen to this revision, were it no different? It finds one
    bad answer of 20 where the stable revision has none of 1000. And the binomial test against what
    is tolerated, or against the most that the stable revision's own share can be (C. J. Clopper and
    E. S. Pearson, Biometrika 26, 1934) if that is more: it finds 3 of 3 where there is nothing to
    compare with.

    It is asked again and again while answers come in. So the level is divided: with `k` bad answers
    in all, a test has LEVEL / (k (k + 1)), which over all k sums up to LEVEL (Bonferroni).

    Args:
        one: Of the revision that is judged.
        stable: Of the one it is held against; of none, if there is none.
        tolerated: What is borne in any case; None where a share by itself says nothing, as of
            refusals, which a right service gives too.
    """
    if not one.bad:
        return False
    level = _level(one.bad + stable.bad)
    if fisher(one, stable) < level:
        return True
    if tolerated is None:
        return False
    borne = max(tolerated, _most(stable) if stable.bad else 0.0)
    return binomial_tail(one.bad, one.total, borne) < _level(one.bad)


def fisher(one: Share, stable: Share) -> float:
    """Give the chance that of all bad answers at least so many fall to one, were both alike."""
    bad, total = one.bad + stable.bad, one.total + stable.total
    whole = _choices(total, one.total)
    return math.fsum(
        math.exp(_choices(bad, k) + _choices(total - bad, one.total - k) - whole)
        for k in range(one.bad, min(bad, one.total) + 1)
        if one.total - k <= total - bad
    )


def binomial_tail(least: int, number: int, chance: float) -> float:
    """Give the chance of at least so many out of a number."""
    if least <= 0:
        return 1.0
    if chance >= 1.0:
        return float(least <= number)
    if chance <= 0.0:
        return 0.0
    return min(1.0, math.fsum(_binomial(k, number, chance) for k in range(least, number + 1)))


def quantile_bounds(values: Sequence[float], q: float) -> tuple[float | None, float | None]:
    """Give bounds that a quantile lies above, and below, each with CONFIDENCE.

    They are two of the values themselves, whatever the distribution (H. A. David and
    H. N. Nagaraja, Order Statistics, 3rd ed. 2003, section 7.1). None where there are too few.

    Args:
        values: A sample.
        q: Which quantile, between 0 and 1.
    """
    ordered, number = sorted(values), len(values)
    # How likely it is that fewer than `rank` values lie below the quantile.
    fewer = 0.0
    lower = upper = None
    for rank in range(1, number + 1):
        fewer += _binomial(rank - 1, number, q)
        if fewer <= 1 - CONFIDENCE:
            lower = ordered[rank - 1]
        if fewer >= CONFIDENCE:
            upper = ordered[rank - 1]
            break
    return lower, upper


def _level(bad: int) -> float:
    return LEVEL / (bad * (bad + 1))


def _most(share: Share) -> float:
    """Give the largest share with which so few bad answers would not be surprising."""
    if share.bad >= share.total:
        return 1.0
    low, high = share.rate, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if 1 - binomial_tail(share.bad + 1, share.total, middle) > LEVEL:
            low = middle
        else:
            high = middle
    return high


def _binomial(k: int, number: int, chance: float) -> float:
    return math.exp(_choices(number, k) + k * math.log(chance) + (number - k) * math.log1p(-chance))


def _choices(number: int, k: int) -> float:
    """Give the logarithm of how many ways there are to choose."""
    return math.lgamma(number + 1) - math.lgamma(k + 1) - math.lgamma(number - k + 1)
