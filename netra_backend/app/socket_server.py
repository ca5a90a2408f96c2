"""How the server serves a socket: bounds on what no application sees, beneath every session.

What frames of text mean, and how many of them one person may send, is `websocket_core`'s.
"""

from asyncio import AbstractEventLoop, TimerHandle
from typing import Any, ClassVar, Final

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import InvalidHandshake, InvalidHeader
from websockets.frames import Frame
from websockets.http11 import Request

from netra.serving import Overstep, ServerBounds
from netra.serving.server_bounds import cut
from netra.wire.chat_protocol import CloseCode
from netra_backend.app.websocket_core.rate_limits import TokenBucket

WIRE_BURST: Final = 400
WIRE_FRAMES_PER_SECOND: Final = 200.0
"""Frames of every kind: pings, pongs and fragments cost as much to read as what is said."""
FRAGMENTS: Final = 256
"""Of one message; more than that of the largest one are shorter than a kilobyte."""
FRAMES_AFTER_CLOSE: Final = 20
"""What a client has on its way when it is closed is not held against it."""
DROPPED_BYTES: Final = 1_048_576
"""Read after a close for what was no frame, so that the client can read why; nothing is done
with them."""
FLUSH_SECONDS: Final = 5.0
"""How long a closed connection may take to take what it was sent, its close included."""
CUT_SECONDS: Final = 0.5
"""So long the client has to read why; nothing of it is read meanwhile."""

_SLICE_BYTES: Final = 4096
_NOT_UTF8: Final = 1007


def bounded_socket(bounds: ServerBounds) -> type["BoundedSocket"]:
    """Give the protocol of a server whose connections share these bounds."""
    return type("BoundedSocket", (BoundedSocket,), {"bounds": bounds})


class BoundedSocket(WebSocketsSansIOProtocol):
    """The server's protocol for sockets, for clients that mean harm.

    Written against uvicorn 0.54.0, whose protocol bounds neither the frames it reads for itself
    nor the time a connection takes to end. It has no public hooks: a test holds that what is
    overridden and used here is still there.

    Whoever sends more frames than any client needs is closed with 4429, read no further and cut
    off. So is whoever sends what is no frame, with the code that says so. A connection that was
    closed is cut off when its end does not come in time, and no handshake is left unanswered.
    """

    bounds: ClassVar[ServerBounds]

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
        self._dropped = 0
        self._end: TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Read, or drop what comes after the close."""
        if self._cut:
            self._dropped += len(data)
            if self._dropped > DROPPED_BYTES:
                self._read_no_more()
            return
        self._read(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # It reads no further, and would never say so.
            self._refuse(Overstep.HANDSHAKE)
        self._end_in_time()

    def _read(self, data: bytes) -> None:
        """Read little by little: all of a large piece would be parsed before any of it counts."""
        for start in range(0, len(data), _SLICE_BYTES):
            if self._cut or self.transport.is_closing():
                break
            super().data_received(data[start : start + _SLICE_BYTES])

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

    def handle_connect(self, event: Request) -> None:
        """Take a handshake; what is none is told so without a word of what it held."""
        try:
            self.conn.process_request(event)
        except InvalidHandshake as error:
            version = isinstance(error, InvalidHeader) and error.name == "Sec-WebSocket-Version"
            self._refuse(Overstep.WEBSOCKET_VERSION if version else Overstep.HANDSHAKE)
        else:
            super().handle_connect(event)

    def handle_parser_exception(self) -> None:
        """Close because what came is no frame, or too large a one."""
        said = self.conn.close_sent
        if said is None or self._cut:
            return
        self._say_why(said.code, said.reason, within=FLUSH_SECONDS)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message on, if it is what it says."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.fail(_NOT_UTF8, "not UTF-8")
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

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
        if not self.handshake_complete:
            self._cut = True
            self._abort()
            return
        # The next thing the application hears is why; what waits is part of the flood.
        while not (self.queue.empty() or self.close_sent):
            self.queue.get_nowait()
        code, reason = CloseCode.TOO_MANY, "too many frames"
        if not self.close_sent:
            self.conn.send_close(code, reason)
        self._say_why(code, reason, within=CUT_SECONDS)
        self._read_no_more()

    def _read_no_more(self) -> None:
        if not self.transport.is_closing():
            self.transport.pause_reading()
        # It was paused here, so that what resumes after a message was heard must not.
        self.read_paused = False

    def _say_why(self, code: int, reason: str, *, within: float) -> None:
        """Send the close that is ready, and end the connection when it could be read."""
        self._cut = True
        self.stop_keepalive()
        if not self.close_sent:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        # With this timer set the connection is not closed when the application is done: closed with
        # bytes of the client's unread, it would be reset before the client could read why.
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(within, self._abort)

    def _refuse(self, overstep: Overstep) -> None:
        """Answer a handshake of which the application does not hear."""
        address = self.client[0] if self.client else None
        self.transport.write(self.bounds.refusals.answer(overstep, address) or b"")
        self.handshake_complete = self.close_sent = True
        self.transport.close()

    def _end_in_time(self) -> None:
        """If the connection was closed, have it cut off unless it ends by itself."""
        if self.disconnected or not (self.close_sent or self.transport.is_closing()):
            return
        if self._end is None:
            self._end = self.loop.call_later(FLUSH_SECONDS, self._abort)

    def _abort(self) -> None:
        cut(self.transport)
