"""Counters in Redis, which several instances share; in this process while Redis is away.

Only rates of requests are counted here. What keeps a password from being guessed is counted in the
store and never depends on Redis.
"""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from limits.aio.storage import RedisStorage, Storage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.errors import ConfigurationError, StorageError

from netra.clock import Clock
from netra.errors import ConfigurationInvalid
from netra.secret import Secret
from netra.telemetry.log_events import event_logger
from netra.telemetry.once_per_interval import OncePerInterval
from netra_auth.limits.counters.in_process import ProcessCounters

_log = event_logger("netra_auth.limits")

_ANSWER_SECONDS: Final = 0.25
_AVOIDED_SECONDS: Final = 5
"""For so long Redis is not asked again once it failed: no request waits for what is known."""

_T = TypeVar("_T")


class RedisMissing(ConfigurationInvalid):
    """LIMITS_REDIS_URL is set, and there is no client of Redis."""

    code = "redis_missing"


class SharedCounters(Storage):
    """Counts in Redis, and goes on in this process when Redis does not answer."""

    def __init__(self, url: Secret, clock: Clock) -> None:
        super().__init__()
        self._redis = _redis(url)
        self._own = ProcessCounters(clock)
        self._clock = clock
        self._avoided_until = clock.monotonic()
        self._outages = OncePerInterval(clock)

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Nothing here fails: an outage of Redis is answered from this process."""
        return ()

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter."""
        return await self._ask(lambda counters: counters.incr(key, expiry, amount))

    async def get(self, key: str) -> int:
        """Give a counter."""
        return await self._ask(lambda counters: counters.get(key))

    async def get_expiry(self, key: str) -> float:
        """Give when a counter's window ends."""
        return await self._ask(lambda counters: counters.get_expiry(key))

    async def check(self) -> bool:
        """Say whether Redis answers."""
        return await self._redis.check()

    async def reset(self) -> int | None:
        """Forget every counter."""
        return await self._ask(lambda counters: counters.reset())

    async def clear(self, key: str) -> None:
        """Forget a counter."""
        await self._ask(lambda counters: counters.clear(key))

    async def close(self) -> None:
        """Close the connections."""
        bridge = self._redis.bridge
        if isinstance(bridge, RedispyBridge):
            await bridge.storage.aclose()

    async def _ask(self, question: Callable[[Storage], Awaitable[_T]]) -> _T:
        if self._clock.monotonic() >= self._avoided_until:
            try:
                return await question(self._redis)
            except StorageError as error:
                self._avoided_until = self._clock.monotonic() + _AVOIDED_SECONDS
                self._tell(error)
        return await question(self._own)

    def _tell(self, error: StorageError) -> None:
        suppressed = self._outages.permit("redis")
        if suppressed is not None:
            _log.warning(
                "limits_redis_unavailable",
                message="Redis does not answer: this instance counts requests by itself meanwhile.",
                error_type=type(error.storage_error).__name__,
                suppressed=suppressed,
            )


def _redis(url: Secret) -> RedisStorage:
    try:
        return RedisStorage(
            f"async+{url.reveal()}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="netra-auth",
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
        )
    except ConfigurationError:
        # What the library says may quote its arguments.
        raise RedisMissing(
            "LIMITS_REDIS_URL is set, but the package redis is missing or too old. "
            "Install the extra `redis`, or remove the variable."
        ) from None
