"""A process that does nothing for others until it has traffic, and what notices that it has.

What is not done meanwhile is said where it would be done. What is traffic is in `traffic`.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

from netra.serving.traffic import is_traffic
from netra.telemetry.log_events import event_logger
from netra.telemetry.request_context import header

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_MAX_SHOWN: Final = 253

_log: Final = event_logger("serving")


class Standby:
    """Whether a process is on standby; once it is not, it never is again.

    Args:
        begins: Whether the process begins on standby.
    """

    def __init__(self, *, begins: bool) -> None:
        self._over = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []
        if begins:
            _log.info("standby_begun", message="On standby until the first request of traffic.")
        else:
            self._over.set()

    @property
    def is_on(self) -> bool:
        """Whether nothing is to be done for others yet."""
        return not self._over.is_set()

    async def over(self) -> None:
        """Wait until the process has its duties."""
        await self._over.wait()

    def when_over(self, listener: Callable[[], None]) -> None:
        """Have somebody told when it is over, at once if it is; it neither raises nor blocks."""
        if self.is_on:
            self._listeners.append(listener)
        else:
            listener()

    def asked(self, host: str | None, path: str) -> None:
        """Take note of a request; if it is one of traffic, the standby is over."""
        if not self.is_on or not is_traffic(host, path):
            return
        self._over.set()
        _log.info(
            "duties_taken_up",
            message="A request of traffic came: the standby is over.",
            host=(host or "")[:_MAX_SHOWN],
            path=path[:_MAX_SHOWN],
        )
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()


class TrafficWatch:
    """Tell a standby of every request and every handshake (ASGI 3); it knows no framework.

    Only the Host header says what was asked for. What a proxy or a client adds about another host
    is not read.
    """

    def __init__(self, app: App, *, standby: Standby) -> None:
        self._app = app
        self._standby = standby

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if self._standby.is_on and scope["type"] in {"http", "websocket"}:
            self._standby.asked(header(scope, b"host"), str(scope.get("path", "")))
        await self._app(scope, receive, send)
