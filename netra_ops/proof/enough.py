"""How many requests it takes to show that a failure is gone. Pure."""

import math
from typing import Final

import msgspec

CONFIDENCE: Final = 0.95
"""How surely the failure would have shown, were it still there."""
LEAST: Final = 20
"""Fewer than this are never enough: what fails always may fail for one reason only."""
_HALVINGS: Final = 60


class Enough(msgspec.Struct, frozen=True, kw_only=True):
    """How many, and why.

    Attributes:
        requests: The number.
        share: The least share of requests that failed, as surely as `CONFIDENCE`; 0 if none did.
        why: In a sentence.
    """

    requests: int
    share: float
    why: str


def enough_for(failed: int, tried: int) -> Enough | None:
    """Say how many requests without a failure show that it is gone.

    Of `tried` requests `failed` did: the share is at least the lower bound of C. J. Clopper and
    E. S. Pearson (Biometrika 26, 1934). A number n is enough if a failure of that share would show
    at least once in n requests: (1 - share)^n <= 1 - CONFIDENCE.

    Returns:
        None if none failed: then no number shows anything.
    """
    if failed <= 0 or tried <= 0:
        return None
    share = lower_bound(min(failed, tried), tried)
    alone = math.ceil(math.log(1 - CONFIDENCE) / math.log1p(-share)) if share < 1 else 1
    number = max(LEAST, alone)
    why = (
        f"{failed:,} of {tried:,} requests failed, so at least {share:.2%} of them do: such a "
        f"failure shows in {alone:,} requests {CONFIDENCE:.0%} of the time"
    )
    if number > alone:
        why += f", and never fewer than {LEAST} are taken"
    return Enough(requests=number, share=share, why=f"{why}.")


def lower_bound(failed: int, tried: int) -> float:
    """Give the share below which so many failures would be too unlikely (1 - CONFIDENCE)."""
    low, high = 0.0, failed / tried
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _at_least(failed, tried, middle) > 1 - CONFIDENCE:
            high = middle
        else:
            low = middle
    return low


def _at_least(failed: int, tried: int, share: float) -> float:
    if share <= 0.0:
        return 0.0
    if share >= 1.0:
        return 1.0
    fewer = math.fsum(
        math.exp(
            math.lgamma(tried + 1)
            - math.lgamma(k + 1)
            - math.lgamma(tried - k + 1)
            + k * math.log(share)
            + (tried - k) * math.log1p(-share)
        )
        for k in range(failed)
    )
    return max(0.0, 1.0 - fewer)
