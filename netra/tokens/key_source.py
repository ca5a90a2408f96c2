"""Where verification keys come from: a fixed set, or the issuer's published set, kept in memory.

Fetching is injected; nothing here opens a connection.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from netra.clock import Clock
from netra.errors import AuthServiceUnreachable
from netra.tokens.jwk_rules import ACCESS_TOKEN_ALGORITHMS, Algorithm
from netra.tokens.jws import UnknownKey
from netra.tokens.keys import KeySet

Fetch: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
"""Gets the issuer's JWK set; raises `AuthServiceUnreachable`."""

_ABSENT_MAX: Final = 1024
_FIRST_RETRY_SECONDS: Final = 1.0


class KeySource(Protocol):
    """Finds the keys a token must be checked with."""

    async def keys_for(self, kid: str) -> KeySet:
        """Give a set that holds the key.

        Raises:
            UnknownKey: The issuer has no such key.
            AuthServiceUnreachable: The issuer could not be asked.
        """


class FixedKeySource:
    """Keys that do not change while the process lives: shared secrets, the auth service's own."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    async def keys_for(self, kid: str) -> KeySet:
        """Give the set if it holds the key.

        Raises:
            UnknownKey: It does not.
        """
        if self._keys.find(kid) is None:
            raise UnknownKey(kid)
        return self._keys


class RemoteKeySource:
    """The issuer's published keys, as last seen.

    - Fresh for `ttl` seconds. Up to twice that a known key is served at once while the set is
      renewed behind it; beyond, the caller waits for the renewal.
    - An unknown `kid` costs one fetch, then a refusal, remembered for `ttl` (checklist 21).
    - No two fetches begin within `min_interval` seconds, whatever is asked; until the first set
      has come, failed ones are repeated after a second.
    - One fetch serves all callers and outlives the one who caused it; after `max_fetch_seconds` it
      has failed.
    - While the issuer is down its last good set goes on verifying known keys, unknown ones are
      503 and never 401, and after `hard_limit` seconds everything is (checklist 22).

    All ages are monotonic: moving the wall clock neither ages a key nor rejuvenates it.
    """

    def __init__(
        self,
        fetch: Fetch,
        clock: Clock,
        *,
        ttl: float = 300,
        min_interval: float = 10,
        hard_limit: float = 86400,
        max_fetch_seconds: float = 10,
        algorithms: frozenset[Algorithm] = ACCESS_TOKEN_ALGORITHMS,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._ttl = ttl
        self._min_interval = min_interval
        self._hard_limit = hard_limit
        self._max_fetch_seconds = max_fetch_seconds
        self._algorithms = algorithms
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._tried_at: float | None = None
        self._last_error: str | None = None
        self._absent: OrderedDict[str, float] = OrderedDict()
        self._flight: asyncio.Task[None] | None = None

    @property
    def age_seconds(self) -> float | None:
        """How old the set is, or None while there is none."""
        return None if self._keys is None else self._clock.monotonic() - self._fetched_at

    @property
    def last_error(self) -> str | None:
        """Why the last fetch failed, or None if it did not."""
        return self._last_error

    async def keys_for(self, kid: str) -> KeySet:
        """Give the issuer's keys, the asked one among them.

        Raises:
            UnknownKey: The issuer answered, and the key is not there.
            AuthServiceUnreachable: The issuer could not be asked.
        """
        keys, age = self._current()
        if keys is not None and keys.find(kid) is not None:
            if age < self._ttl:
                return keys
            return await self._renewed(keys, kid, age)
        return await self._asked(kid)

    async def refresh(self) -> None:
        """Fetch now, or join the fetch under way.

        Raises:
            AuthServiceUnreachable: It failed; the last good set stays.
        """
        await self._shared_fetch()
        if self._last_error is not None:
            raise self._unreachable()

    async def aclose(self) -> None:
        """Give up a fetch under way, at shutdown."""
        flight, self._flight = self._flight, None
        if flight is not None and not flight.done():
            flight.cancel()
            await asyncio.wait([flight])

    async def _renewed(self, keys: KeySet, kid: str, age: float) -> KeySet:
        if self._must_wait():
            return keys
        if age < 2 * self._ttl:
            self._start_fetch()
            return keys
        await self._shared_fetch()
        renewed, _ = self._current()
        if renewed is None:
            raise self._unreachable()
        if renewed.find(kid) is None:
            raise UnknownKey(kid)
        return renewed

    async def _asked(self, kid: str) -> KeySet:
        if self._is_known_absent(kid):
            raise UnknownKey(kid)
        if self._must_wait():
            if self._last_error is None and self._current()[0] is not None:
                raise UnknownKey(kid)
            raise self._unreachable()
        await self._shared_fetch()
        keys, _ = self._current()
        if keys is not None and keys.find(kid) is not None:
            return keys
        if self._last_error is not None or keys is None:
            raise self._unreachable()
        self._remember_absent(kid)
        raise UnknownKey(kid)

    def _current(self) -> tuple[KeySet | None, float]:
        age = self._clock.monotonic() - self._fetched_at
        if age >= self._hard_limit:
            self._keys = None
        return self._keys, age

    def _must_wait(self) -> bool:
        """Tell whether no fetch is under way and none may begin yet."""
        under_way = self._flight is not None and not self._flight.done()
        return not under_way and self._seconds_to_wait() > 0

    def _seconds_to_wait(self) -> float:
        if self._tried_at is None:
            return 0
        interval = self._min_interval
        if self._keys is None:
            interval = min(interval, _FIRST_RETRY_SECONDS)
        return self._tried_at + interval - self._clock.monotonic()

    def _start_fetch(self) -> asyncio.Task[None]:
        if self._flight is None or self._flight.done():
            self._tried_at = self._clock.monotonic()
            self._flight = asyncio.get_running_loop().create_task(self._fetch_once())
        return self._flight

    async def _shared_fetch(self) -> None:
        # `wait` neither cancels the fetch with a caller nor a caller with the fetch.
        await asyncio.wait((self._start_fetch(),))

    async def _fetch_once(self) -> None:
        try:
            async with asyncio.timeout(self._max_fetch_seconds):
                document = await self._fetch()
            keys = KeySet.from_jwks(document, algorithms=self._algorithms)
        except asyncio.CancelledError:
            self._last_error = "given up"
            raise
        except Exception as error:  # noqa: BLE001 - no fault in the injected fetch may end known users' access; it is kept in last_error
            self._last_error = f"{type(error).__name__}: {error}"
        else:
            self._keys = keys
            self._fetched_at = self._clock.monotonic()
            self._last_error = None

    def _is_known_absent(self, kid: str) -> bool:
        since = self._absent.get(kid)
        return since is not None and self._clock.monotonic() - since < self._ttl

    def _remember_absent(self, kid: str) -> None:
        self._absent[kid] = self._clock.monotonic()
        self._absent.move_to_end(kid)
        if len(self._absent) > _ABSENT_MAX:
            self._absent.popitem(last=False)

    def _unreachable(self) -> AuthServiceUnreachable:
        return AuthServiceUnreachable(
            f"the issuer's keys could not be fetched: {self._last_error}",
            retry_after=max(1, math.ceil(self._seconds_to_wait())),
        )
