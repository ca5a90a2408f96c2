"""How likely chance alone would do what was seen: exact where counts are small. Pure."""

import math
from collections.abc import Sequence
from typing import Final

RARE: Final = 0.01
"""What chance does less often than this is taken to be no chance."""
SURE: Final = 0.001
"""The same, where many things are looked at and one of them is told."""
ORDINARY: Final = 0.05
"""What chance does at least this often is nothing to speak of."""
_NORMAL: Final = 1.96
"""Both sides together hold 95 in 100."""


def binomial_tail(least: int, number: int, chance: float) -> float:
    """Give the chance of at least so many out of a number, each with the same chance."""
    if least <= 0:
        return 1.0
    if chance <= 0.0 or least > number:
        return 0.0
    if chance >= 1.0:
        return 1.0
    return min(1.0, math.fsum(_binomial(k, number, chance) for k in range(least, number + 1)))


def none_of(number: int, chance: float) -> float:
    """Give the chance that of a number none happens, each with the same chance."""
    if number <= 0:
        return 1.0
    return 0.0 if chance >= 1.0 else (1.0 - max(chance, 0.0)) ** number


def fisher(bad: int, total: int, other_bad: int, other_total: int) -> float:
    """Give the chance that at least so many of all bad ones fall to the first group.

    R. A. Fisher, Statistical Methods for Research Workers, 5th ed. 1934, section 21.02: both groups
    alike, and how many bad ones there are given.
    """
    all_bad, whole = bad + other_bad, total + other_total
    ways = _choices(whole, total)
    return min(
        1.0,
        math.fsum(
            math.exp(_choices(all_bad, k) + _choices(whole - all_bad, total - k) - ways)
            for k in range(bad, min(all_bad, total) + 1)
            if total - k <= whole - all_bad
        ),
    )


def wilson(bad: int, total: int) -> tuple[float, float]:
    """Give bounds between which a share lies, 95 times in 100.

    E. B. Wilson, Journal of the American Statistical Association 22 (1927). Of nothing, 0 and 1.
    """
    if not total:
        return 0.0, 1.0
    share, square = bad / total, _NORMAL**2
    middle = share + square / (2 * total)
    half = _NORMAL * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    whole = 1 + square / total
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


def apart(first: Sequence[float], second: Sequence[float]) -> float:
    """Give the chance that two samples lie wholly apart, the first below, were they one.

    It is 1 where they do not lie so. Of all ways to deal the ranks to both, one lies so.
    """
    if not first or not second or max(first) > min(second):
        return 1.0
    return math.exp(-_choices(len(first) + len(second), len(first)))


def for_any_of(chance: float, number: int, k: int) -> float:
    """Give the chance that it holds for any k of a number, at most (Bonferroni)."""
    if chance <= 0.0:
        return 0.0
    return math.exp(min(0.0, math.log(chance) + _choices(number, k)))


def later(flags: Sequence[bool]) -> float:
    """Give the chance that those that are true would come so late, were their order by chance.

    F. Wilcoxon, Biometrics Bulletin 1 (1945), by the normal distribution, with the correction for
    whole ranks: for ten of each or more.
    """
    number, own = len(flags), sum(flags)
    others = number - own
    if not own or not others:
        return 1.0
    ranks = sum(place for place, flag in enumerate(flags, 1) if flag)
    mean = own * (number + 1) / 2
    deviation = math.sqrt(own * others * (number + 1) / 12)
    return 0.5 * math.erfc((ranks - mean - 0.5) / deviation / math.sqrt(2))


def _binomial(k: int, number: int, chance: float) -> float:
    return math.exp(_choices(number, k) + k * math.log(chance) + (number - k) * math.log1p(-chance))


def _choices(number: int, k: int) -> float:
    """Give the logarithm of how many ways there are to choose."""
    return math.lgamma(number + 1) - math.lgamma(k + 1) - math.lgamma(number - k + 1)
