"""What all connections of one server share: how many there may be, and how one that ends is told.

What a single connection may take is in `exchange`.
"""

import contextlib
import os
import resource
import socket
import struct
from asyncio import Transport
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from netra import ids
from netra.clock import Clock, SystemClock
from netra.errors import (
    AddressTooLong,
    ContentTooLarge,
    HeadersTooLarge,
    NetraError,
    RequestInvalid,
    RequestTimedOut,
    TooManyConnections,
    UpgradeRequired,
)
from netra.serving.exchange import HttpPatience, Overstep
from netra.telemetry.log_events import event_logger
from netra.telemetry.once_per_interval import OncePerInterval
from netra.wire.problem import MEDIA_TYPE, problem_response

CONNECTIONS: Final = 8192
_OTHER_FILES: Final = 256
"""What a process opens besides: its store, its log, its own connections to others."""
_PLACES_TOLD: Final = 64
_LINGER_NOT: Final = struct.pack("ii", 1, 0)

_SAYS: Final[dict[Overstep, type[NetraError]]] = {
    Overstep.SLOW_HEAD: RequestTimedOut,
    Overstep.SLOW_BODY: RequestTimedOut,
    Overstep.ADDRESS: AddressTooLong,
    Overstep.HEAD: HeadersTooLarge,
    Overstep.FRAMING: RequestInvalid,
    Overstep.UNWANTED: ContentTooLarge,
    Overstep.MALFORMED: RequestInvalid,
    Overstep.VERSION: RequestInvalid,
    Overstep.HOST: RequestInvalid,
    Overstep.HANDSHAKE: RequestInvalid,
    Overstep.WEBSOCKET_VERSION: UpgradeRequired,
    Overstep.CROWDED: TooManyConnections,
}
"""What is not listed has no answer: nobody asked, or nobody would read it."""
_ORDINARY: Final = frozenset({Overstep.SILENT, Overstep.IDLE, Overstep.NOT_LEFT})
"""Browsers connect ahead of need and leave connections open: nothing to tell."""

_log = event_logger("serving")


class Refusals:
    """Answers and logs what is ended beneath the application, which never hears of it.

    One line a minute for each reason and address, and for no more addresses than a reader would
    look at; each says how many were not written. Nothing of the request itself is in them.
    """

    def __init__(self, clock: Clock, *, seconds: float = 60) -> None:
        self._told = OncePerInterval(clock, seconds, max_keys=_PLACES_TOLD)

    def answer(self, overstep: Overstep, address: str | None) -> bytes | None:
        """Log an end, and give the bytes that say why, if any do."""
        says = _SAYS.get(overstep)
        error = None if says is None else says()
        request_id = ids.request_id()
        untold = None if overstep in _ORDINARY else self._told.permit((overstep, address))
        if untold is not None:
            _log.warning(
                "connection_ended",
                message=f"A connection was ended: {overstep}.",
                reason=str(overstep),
                status=None if error is None else error.status,
                request_id=request_id,
                remoteIp=address,
                not_logged_since=untold,
            )
        return None if error is None else _written(error, request_id)


def claimed_connections() -> int:
    """Have the system allow as many connections as are wanted, and say how many it does.

    One more open file than that, and it is the store that cannot be opened.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS
    return max(1, min(CONNECTIONS, soft - _OTHER_FILES))


@dataclass(frozen=True)
class ServerBounds:
    """What one server takes from all its clients.

    Attributes:
        connections: How many there may be at a time, sockets included.
        patience: How long one may take.
        refusals: Tells of those that were ended.
        silence: After how many seconds a socket is asked whether it is there, and how many its
            answer may take: proxies cut what is quiet for longer, and half-open ones are found.
    """

    connections: int = field(default_factory=claimed_connections)
    patience: HttpPatience = field(default_factory=HttpPatience)
    refusals: Refusals = field(default_factory=lambda: Refusals(SystemClock()))
    silence: float = 20.0


def cut(transport: Transport) -> None:
    """Drop a connection and all that waits to be sent, also what the kernel holds of it."""
    described = transport.get_extra_info("socket")
    if described is not None and described.fileno() >= 0:
        with socket.socket(fileno=os.dup(described.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()


def _written(error: NetraError, request_id: str) -> bytes:
    problem = problem_response(error, request_id)
    headers = [
        ("Date", formatdate(usegmt=True)),
        *problem.headers,
        ("Content-Type", MEDIA_TYPE),
        ("Content-Length", str(len(problem.body))),
        ("X-Request-Id", request_id),
        ("Connection", "close"),
    ]
    lines = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode() + problem.body
