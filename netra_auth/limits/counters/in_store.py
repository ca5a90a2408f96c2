"""Counters in our own store, as a storage of the library `limits`."""

from limits.aio.storage import Storage
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from netra.clock import Clock
from netra_auth.store.repositories import rate_limits


class StoreCounters(Storage):
    """Counts within a transaction that its owner opens and ends; the clock is ours."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        super().__init__()
        self._connection = connection
        self._clock = clock
        self._ends: dict[str, float] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the store raises; it passes, and `store.engine` says what it means."""
        return DBAPIError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter; one whose window has ended starts anew."""
        now = self._clock.timestamp()
        hits, self._ends[key] = await rate_limits.count(
            self._connection, key, amount=amount, now=now, seconds=expiry
        )
        return hits

    async def get(self, key: str) -> int:
        """Give a counter, 0 once its window has ended."""
        found = await rate_limits.read(self._connection, key, self._clock.timestamp())
        return 0 if found is None else found[0]

    async def get_expiry(self, key: str) -> float:
        """Give when a counter's window ends, or now."""
        if key in self._ends:
            return self._ends[key]  # This transaction holds its row since it was counted.
        now = self._clock.timestamp()
        found = await rate_limits.read(self._connection, key, now)
        return now if found is None else found[1]

    async def check(self) -> bool:
        """Say yes: the transaction is open."""
        return True

    async def reset(self) -> int:
        """Erase every counter."""
        self._ends.clear()
        return await rate_limits.remove_all(self._connection)

    async def clear(self, key: str) -> None:
        """Erase a counter."""
        self._ends.pop(key, None)
        await rate_limits.remove(self._connection, key)
