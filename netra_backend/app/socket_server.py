"""How the server serves a socket: bounds on what no application sees, beneath every session.

What frames of text mean, and how many of them one person may send, is `websocket_core`'s.
"""

import os
import socket
import struct
from asyncio import AbstractEventLoop, TimerHandle
from typing import Any, Final

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame

from netra.wire.chat_protocol import CloseCode
from netra_backend.app.websocket_core.rate_limits import TokenBucket

WIRE_BURST: Final = 400
WIRE_FRAMES_PER_SECOND: Final = 200.0
"""Frames of every kind: pings, pongs and fragments cost as much to read as what is said."""
FRAGMENTS: Final = 256
"""Of one message; more than that of the largest one are shorter than a kilobyte."""
FRAMES_AFTER_CLOSE: Final = 20
"""What a client has on its way when it is closed is not held against it."""
FLUSH_SECONDS: Final = 5.0
"""How long a closed connection may take to take what it was sent, its close included."""
CUT_SECONDS: Final = 0.5
"""So long the client has to read why; nothing of it is read meanwhile."""

_SLICE_BYTES: Final = 4096
_LINGER_NOT: Final = struct.pack("ii", 1, 0)


class BoundedSocket(WebSocketsSansIOProtocol):
    """The server's protocol for sockets, for clients that mean harm.

    Written against uvicorn 0.54.0, whose protocol bounds neither the frames it reads for itself
    nor the time a connection takes to end. It has no public hooks: a test holds that what is
    overridden and used here is still there.

    Whoever sends more frames than any client needs is closed with 4429, read no further and cut
    off. A connection that was closed is cut off when its end does not come in time.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._arriving = TokenBucket(WIRE_BURST, WIRE_FRAMES_PER_SECOND, self.loop.time())
        self._after_close = 0
        self._cut = False
        self._end: TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Read little by little: all of a large piece would be parsed before any of it counts."""
        for start in range(0, len(data), _SLICE_BYTES):
            if self._cut or self.transport.is_closing():
                break
            super().data_received(data[start : start + _SLICE_BYTES])
        self._end_in_time()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end."""
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close because the server stops, and say so."""
        if self.handshake_complete and not self.close_sent:
            self.stop_keepalive()
            code, reason = CloseCode.RESTARTING, "restarting"
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()
        else:
            super().shutdown()
        self._end_in_time()

    def keepalive_timeout(self) -> None:
        """Close because no pong came."""
        super().keepalive_timeout()
        self._end_in_time()

    async def run_asgi(self) -> None:
        """Let the application serve the socket; what it leaves open ends in time."""
        await super().run_asgi()
        self._end_in_time()

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application says; what it says before it heard of a cut is dropped."""
        if not self._cut:
            await super().send(message)

    def handle_text(self, event: Frame) -> None:
        """Take a text, or the first part of one."""
        if self._admits():
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """Take bytes, or the first part of some."""
        if self._admits():
            super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """Take a further part."""
        if len(self.frames) >= FRAGMENTS:
            self._cut_off()
        elif self._admits():
            super().handle_cont(event)

    def handle_ping(self) -> None:
        """Answer a ping."""
        if self._admits():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Take a pong, awaited or not."""
        if self._admits():
            super().handle_pong(event)

    def _admits(self) -> bool:
        """Count a frame; tell whether it is one that may be served."""
        if not self._cut:
            if self.close_sent:
                self._after_close += 1
                too_many = self._after_close > FRAMES_AFTER_CLOSE
            else:
                too_many = self._arriving.take(self.loop.time()) > 0
            if too_many:
                self._cut_off()
        return not self._cut

    def _cut_off(self) -> None:
        """Read nothing more, say why, and end the connection soon."""
        if self._cut:
            return
        self._cut = True
        if not self.handshake_complete:
            self._abort()
            return
        self.stop_keepalive()
        if not self.transport.is_closing():
            self.transport.pause_reading()
        # It was paused here, so that what resumes after a message was heard must not.
        self.read_paused = False
        if not self.close_sent:
            # The next thing the application hears is why; what waits is part of the flood.
            while not self.queue.empty():
                self.queue.get_nowait()
            code, reason = CloseCode.TOO_MANY, "too many frames"
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        # With this timer set the connection is not closed when the application is done: closed with
        # bytes of the client's unread, it would be reset before the client could read why.
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(CUT_SECONDS, self._abort)

    def _end_in_time(self) -> None:
        """If the connection was closed, have it cut off unless it ends by itself."""
        if self.disconnected or not (self.close_sent or self.transport.is_closing()):
            return
        if self._end is None:
            self._end = self.loop.call_later(FLUSH_SECONDS, self._abort)

    def _abort(self) -> None:
        """Drop the connection and all that waits to be sent, also what the kernel holds of it."""
        described = self.transport.get_extra_info("socket")
        if described is not None and described.fileno() >= 0:
            with socket.socket(fileno=os.dup(described.fileno())) as same:
                same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.transport.abort()
