"""The strategy: a fixed window that begins with its first hit, and that tells how often it was hit.

The number is what the library's own answer, yes or no, leaves out: the first hit beyond a limit is
recorded, and then the tenth and the hundredth, so that a flood leaves few rows.
"""

from math import ceil, log10

from limits import RateLimitItem
from limits.aio.strategies import FixedWindowRateLimiter


class CountedWindow(FixedWindowRateLimiter):
    """Counts hits; every number is given once, by whatever process asks."""

    async def count(self, item: RateLimitItem, whom: str) -> int:
        """Count a hit and give its number within the window."""
        return await self.storage.incr(item.key_for(whom), item.get_expiry())

    async def seconds_left(self, item: RateLimitItem, whom: str, now: float) -> int:
        """Say when the window ends, in whole seconds from now: one at least, its length at most."""
        end = await self.storage.get_expiry(item.key_for(whom))
        return min(max(1, ceil(end - now)), item.get_expiry())


def is_milestone(number: int) -> bool:
    """Tell whether a number is 1, 10, 100 and so on."""
    return number > 0 and number == 10 ** round(log10(number))
