"""The open sockets of this process: how many one principal may have, and ending them from outside.

What a socket does while it is open is `connection`'s business.
"""

import asyncio
import math
from typing import Final, Protocol

from netra.clock import Clock
from netra.errors import TooManyRequests
from netra.principal import UserPrincipal
from netra.telemetry.log_events import event_logger
from netra.tokens import RevocationSet
from netra.wire.chat_protocol import CloseCode
from netra_backend.app.websocket_core.rate_limits import PrincipalLimits
from netra_backend.app.websocket_core.session_protocol import new_limits

CONNECTIONS_PER_PRINCIPAL: Final = 10
_DRAIN_SECONDS: Final = 3.0
_SWEEP_SECONDS: Final = 60.0

log: Final = event_logger("websocket_core")


class OpenSocket(Protocol):
    """A socket that was accepted."""

    @property
    def principal(self) -> UserPrincipal:
        """Who was verified last for it."""

    def end(self, code: CloseCode, reason: str) -> None:
        """Close it soon; neither raises nor blocks, and a second time does nothing."""


class ConnectionRegistry:
    """Who is connected.

    Args:
        revocations: What was revoked.
        clock: For the limits of what people ask for.
        per_principal: How many sockets one principal may have open.
        drain_seconds: How long `aclose` waits for sockets to end.
    """

    def __init__(
        self,
        revocations: RevocationSet,
        clock: Clock,
        *,
        per_principal: int = CONNECTIONS_PER_PRINCIPAL,
        drain_seconds: float = _DRAIN_SECONDS,
    ) -> None:
        self._revocations = revocations
        self._clock = clock
        self._per_principal = per_principal
        self._drain_seconds = drain_seconds
        self._open: dict[str, list[OpenSocket]] = {}
        self._limits: dict[str, PrincipalLimits] = {}
        self._swept_at = clock.monotonic()
        self._stopping = False
        self._nobody = asyncio.Event()
        self._nobody.set()

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def limits_of(self, user_id: str) -> PrincipalLimits:
        """Give the limits that a person's sockets share; closing them renews nothing."""
        self._sweep()
        limits = self._limits.get(user_id)
        if limits is None:
            limits = self._limits[user_id] = new_limits(self._clock.monotonic())
        return limits

    def refuse_who_is_shut_out(self, user_id: str) -> None:
        """Let nobody in who has just been closed for asking too much.

        Raises:
            TooManyRequests: That is so; says how long it will be.
        """
        limits = self._limits.get(user_id)
        wait = 0.0 if limits is None else limits.shut_out_for(self._clock.monotonic())
        if wait:
            raise TooManyRequests("closed for too much a moment ago", retry_after=math.ceil(wait))

    def admit(self, socket: OpenSocket) -> None:
        """Take note of an open socket; one whose credential was revoked meanwhile is ended.

        Raises:
            TooManyRequests: Its principal has too many; it is not noted.
        """
        own = self._open.setdefault(socket.principal.user_id, [])
        if len(own) >= self._per_principal:
            raise TooManyRequests("too many connections", retry_after=1)
        own.append(socket)
        self._nobody.clear()
        if self._stopping:
            socket.end(CloseCode.RESTARTING, "restarting")
        self._end_if_revoked(socket)

    def remove(self, socket: OpenSocket) -> None:
        """Forget a socket that is over; one that was never noted is no matter."""
        user_id = socket.principal.user_id
        own = self._open.get(user_id, [])
        if socket in own:
            own.remove(socket)
        if not own:
            self._open.pop(user_id, None)
        if not self._open:
            self._nobody.set()

    def end_revoked(self) -> None:
        """End every socket whose token, session or subject has been revoked."""
        ended = sum(self._end_if_revoked(socket) for own in self._open.values() for socket in own)
        if ended:
            log.info("sockets_ended_by_revocation", sockets=ended)

    async def aclose(self) -> None:
        """Tell every client to come back after the restart, and wait until they have gone."""
        self._stopping = True
        for own in self._open.values():
            for socket in own:
                socket.end(CloseCode.RESTARTING, "restarting")
        try:
            async with asyncio.timeout(self._drain_seconds):
                await self._nobody.wait()
        except TimeoutError:
            log.warning("sockets_left_open", sockets=len(self))

    def _end_if_revoked(self, socket: OpenSocket) -> bool:
        if not self._revocations.concerns(socket.principal):
            return False
        socket.end(CloseCode.NOT_AUTHENTICATED, "session ended")
        return True

    def _sweep(self) -> None:
        """Drop limits nobody is under: a new one would be no different."""
        now = self._clock.monotonic()
        if now - self._swept_at < _SWEEP_SECONDS:
            return
        self._swept_at = now
        self._limits = {
            user_id: limits
            for user_id, limits in self._limits.items()
            if user_id in self._open or not limits.are_untouched(now)
        }
