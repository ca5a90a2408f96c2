"""Following the auth service's revocation feed, so that what it ends is ended here within a second.

What a revocation means for a token is decided in `netra.tokens`.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeAlias

from netra.clock import Clock
from netra.errors import CouldNotDecide, OwnCredentialUnproven
from netra.telemetry.log_events import event_logger
from netra.telemetry.once_per_interval import OncePerInterval
from netra.tokens import RevocationSet
from netra.wire.auth_api import MAX_FEED_WAIT_SECONDS, Revocation, RevocationPage

log: Final = event_logger("auth_integration")

_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 3.0
_SHORTEST_ROUND_SECONDS: Final = 0.2

OnApplied: TypeAlias = Callable[[tuple[Revocation, ...]], None]
"""Told what was newly applied, so that what is open already is ended too; must not block."""


class RevocationFeed(Protocol):
    """Where the entries come from."""

    async def revocations_after(self, after: int, wait: float) -> RevocationPage:
        """Read the entries behind a cursor, waiting up to `wait` seconds for one.

        Raises:
            CouldNotDecide: They could not be read.
        """


class RevocationFollower:
    """Read the feed for as long as the process lives, and keep the set up to date.

    While the feed cannot be read, what is known to be revoked stays so, and a token revoked
    meanwhile lives on until it expires: at most five minutes (SPEC R10, R11). `up` says which of
    the two it is.

    Args:
        feed: Where the entries come from.
        revocations: The set the verifier looks into.
        clock: For how long ago the feed was last read.
        wait: How long the auth service may hold its answer.
        pause: Sleeps.
        jitter: Draws a number from 0 to 1.
        on_applied: Told of every page with entries. One that raises is told of the page again.
    """

    def __init__(
        self,
        feed: RevocationFeed,
        revocations: RevocationSet,
        clock: Clock,
        *,
        wait: float = MAX_FEED_WAIT_SECONDS,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        on_applied: OnApplied | None = None,
    ) -> None:
        self._feed = feed
        self._revocations = revocations
        self._clock = clock
        self._wait = wait
        self._pause = pause
        self._jitter = jitter
        self._on_applied = on_applied
        self._after = 0
        self._up = False
        self._read_at: float | None = None
        self._failures = 0
        self._permits = OncePerInterval(clock)

    @property
    def up(self) -> bool:
        """Say whether the feed is being followed: revocations take effect within a second."""
        return self._up

    @property
    def lag(self) -> float | None:
        """Seconds since the feed was last read; None if it never was."""
        return None if self._read_at is None else self._clock.monotonic() - self._read_at

    async def run(self) -> None:
        """Follow the feed until cancelled, which ends it at once."""
        try:
            while True:
                await self._pause(await self._look())
        finally:
            self._up = False

    async def _look(self) -> float:
        """Read one page and say how long to pause before the next."""
        asked_at = self._clock.monotonic()
        # The first look, and the first one after a failure, must not be held: it says whether the
        # feed is back.
        wait = self._wait if self._up else 0.0
        try:
            page = await self._feed.revocations_after(self._after, wait)
        except CouldNotDecide as error:
            self._lost(error)
            return self._seconds_to_pause()
        self._read(page)
        if not page.items and self._clock.monotonic() - asked_at < _SHORTEST_ROUND_SECONDS:
            # An auth service that does not hold its answer must not be asked in a tight circle.
            return _SHORTEST_ROUND_SECONDS
        return 0.0

    def _read(self, page: RevocationPage) -> None:
        self._revocations.apply(
            (item.kind.value, item.identifier, item.revoked_at, item.expires_at)
            for item in page.items
        )
        self._revocations.purge(self._clock.timestamp())
        if page.items and self._on_applied is not None:
            self._on_applied(page.items)
        if page.next_after < self._after:
            log.warning("revocation_feed_restarted", was=self._after, now=page.next_after)
            self._after = 0
        else:
            self._after = page.next_after
        self._read_at = self._clock.monotonic()
        self._failures = 0
        if not self._up:
            self._up = True
            log.info("revocation_feed_up", cursor=self._after)

    def _lost(self, error: CouldNotDecide) -> None:
        self._failures += 1
        changed, self._up = self._up, False
        if isinstance(error, OwnCredentialUnproven) and self._failures > 1:
            return  # The credential's own alarm says it, once a minute.
        suppressed = self._permits.permit("down")
        if suppressed is not None or changed:
            log.warning(
                "revocation_feed_down",
                message="The revocation feed cannot be read: what is revoked now takes effect "
                "when its token expires",
                error_code=error.code,
                reason=error.reason,
                not_logged_since=suppressed or 0,
            )

    def _seconds_to_pause(self) -> float:
        pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(self._failures, 10))
        return pause * (0.5 + 0.5 * self._jitter())
