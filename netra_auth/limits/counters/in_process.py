"""Counters in this process, as a storage of the library `limits`.

The library's own storage in memory reads the machine's clock, walks over all of its keys at each
hit and keeps as many as anybody makes; this one takes our clock and is bounded.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from limits.aio.storage import Storage

from netra.clock import Clock

MAX_KEYS: Final = 50_000


@dataclass(slots=True)
class _Counter:
    hits: int
    ends_at: float


class ProcessCounters(Storage):
    """Counts in memory; beyond `max_keys` the counter that began first is forgotten."""

    def __init__(self, clock: Clock, *, max_keys: int = MAX_KEYS) -> None:
        super().__init__()
        self._clock = clock
        self._max_keys = max_keys
        # Ordered by when each window began. Times are monotonic: the wall clock may be set.
        self._counters: OrderedDict[str, _Counter] = OrderedDict()

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Nothing here fails."""
        return ()

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter; one whose window has ended starts anew."""
        counter = self._live(key)
        if counter is None:
            counter = self._counters[key] = _Counter(0, self._clock.monotonic() + expiry)
            while len(self._counters) > self._max_keys:
                self._counters.popitem(last=False)
        counter.hits += amount
        return counter.hits

    async def get(self, key: str) -> int:
        """Give a counter, 0 once its window has ended."""
        counter = self._live(key)
        return 0 if counter is None else counter.hits

    async def get_expiry(self, key: str) -> float:
        """Give when a counter's window ends by the wall clock, or now."""
        counter = self._live(key)
        left = 0 if counter is None else counter.ends_at - self._clock.monotonic()
        return self._clock.timestamp() + left

    async def check(self) -> bool:
        """Say yes: memory is there."""
        return True

    async def reset(self) -> int:
        """Forget every counter."""
        number = len(self._counters)
        self._counters.clear()
        return number

    async def clear(self, key: str) -> None:
        """Forget a counter."""
        self._counters.pop(key, None)

    def _live(self, key: str) -> _Counter | None:
        counter = self._counters.get(key)
        if counter is not None and counter.ends_at <= self._clock.monotonic():
            del self._counters[key]
            return None
        return counter
