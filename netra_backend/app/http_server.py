"""How the server serves HTTP: bounds on what no application sees, beneath every request.

The same text stands in both services: neither may import the other, and the ground floor has no
server. What a client may take is `netra.serving`'s; what a request means is the application's.
"""

from asyncio import AbstractEventLoop, TimerHandle, Transport
from typing import Any, ClassVar, Final

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from netra.serving import HttpExchange, Overstep, ServerBounds
from netra.serving.exchange import HEADERS
from netra.serving.server_bounds import cut

_SLICE_BYTES: Final = 4096
_DRAINED_BYTES: Final = 8 * 1_048_576
"""Read and dropped after a refusal: closed with bytes unread, a connection is reset before its
client could read why."""
_BODY: Final = frozenset({b"content-length", b"transfer-encoding"})
_NOT_IN_A_HOST: Final = frozenset(b" \t/?#@\\")


def bounded_http(bounds: ServerBounds) -> type["BoundedHttp"]:
    """Give the protocol of a server whose connections share these bounds."""
    return type("BoundedHttp", (BoundedHttp,), {"bounds": bounds})


class BoundedHttp(HttpToolsProtocol):
    """The server's protocol for HTTP, for clients that mean harm.

    Written against uvicorn 0.54.0, whose protocol takes heads of any size at any pace, serves as
    many requests at a time as were sent, and takes a body's trailers for headers. It has no public
    hooks: a test holds that what is overridden and used here is still there.
    """

    bounds: ClassVar[ServerBounds]
    flow: "_Flow"

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.url = b""
        self.headers = []
        self._exchange = HttpExchange(self.loop.time(), self.bounds.patience)
        self._timer: TimerHandle | None = None
        self._timer_at = 0.0
        self._unread = b""
        self._served: RequestResponseCycle | None = None
        self._overstep: Overstep | None = None
        self._drained = 0
        self._ends = False
        self._closed = False
        self._lost = False

    # The connection.

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to watch it, and make room for it."""
        super().connection_made(transport)
        self.flow = _Flow(transport)
        self._make_room()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever is still at work for it."""
        self._lost = True
        self._stop_watching()
        self._unread = b""
        self.pipeline.clear()
        served = self._served
        super().connection_lost(exc)
        if served is not None and not served.response_complete:
            served.disconnected = True
            served.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Take bytes; once the connection is to end they are dropped."""
        if self._ends:
            self._drained += len(data)
            if self._drained > _DRAINED_BYTES:
                self.flow.pause_reading()
            return
        self._unread += data
        self._parse()

    def timeout_keep_alive_handler(self) -> None:
        """Close because no other request came."""
        self._close()

    # The parser's reports.

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._exchange.head_begun(self.loop.time())
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is none, and whoever reads headers must not find it there."""
        if self._exchange.owes_body:
            return
        if len(self.headers) >= HEADERS:
            self._object(Overstep.HEAD)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to serve a request whose head is sound."""
        version = self.parser.get_http_version()
        if version not in ("1.0", "1.1"):
            self._object(Overstep.VERSION)
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) > 1 or (version == "1.1" and not hosts):
            self._object(Overstep.HOST)
        if any(not host.isascii() or _NOT_IN_A_HOST & set(host) for host in hosts):
            self._object(Overstep.HOST)
        if self.parser.should_upgrade() and self._should_upgrade():
            if _BODY & {name for name, _ in self.headers}:
                self._object(Overstep.HANDSHAKE)
            super().on_headers_complete()
            return
        self._exchange.head_complete(self.loop.time())
        super().on_headers_complete()
        self.cycle.transport = _Answering(self)

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._exchange.body(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._exchange.complete(self.loop.time())
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to the protocol of sockets, if a handshake is all there is."""
        if self._is_answering or self.parser.get_http_version() != "1.1":
            self._refuse(Overstep.HANDSHAKE)
            return
        address = httptools.parse_url(self.url)
        # Proxies may write the address with its host, which the protocol of sockets does not know.
        self.url = (address.path or b"/") + (b"?" + address.query if address.query else b"")
        self._ends = True
        self._stop_watching()
        super().handle_websocket_upgrade()

    # The application's answers.

    def wrote(self, number: int) -> None:
        """Take note that an answer, or a part of one, is on its way."""
        self._exchange.wrote(number, self.loop.time())
        self._watch()

    def end(self) -> None:
        """Close because an answer was the last."""
        self._close()

    def on_response_complete(self) -> None:
        """Go on with what was sent meanwhile, or end."""
        self._exchange.answered(self.loop.time())
        if not self._ends:
            self.flow.held = False
            super().on_response_complete()
            # How long it may be idle is watched with all else.
            self._unset_keepalive_if_required()
            self._parse()
            return
        self.server_state.total_requests += 1
        if self.pipeline and not self._closed:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._served = cycle
        super()._start_asgi_task(cycle, app)

    # What comes in.

    def _parse(self) -> None:
        """Parse little by little, and nothing while a request waits for the one before it."""
        data, self._unread = self._unread, b""
        for start in range(0, len(data), _SLICE_BYTES):
            if self._ends:
                break
            if self.pipeline:
                self._unread = data[start:]
                break
            self._parse_slice(data[start : start + _SLICE_BYTES])
        if not self._ends:
            self.flow.held = bool(self.pipeline)
            if self.pipeline:
                self.flow.pause_reading()
            self._watch()

    def _parse_slice(self, data: bytes) -> None:
        self._exchange.received(len(data), self.loop.time())
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
            else:
                # Nothing else is spoken here, and the parser reads no further: answered, and over.
                self._end_when_answered()
            return
        except httptools.HttpParserError:
            self._refuse(self._overstep or Overstep.MALFORMED)
            return
        overstep = self._exchange.too_large()
        if overstep is Overstep.HEAD and self.url and not self.headers:
            overstep = Overstep.ADDRESS
        if overstep is not None:
            self._refuse(overstep)

    def _object(self, overstep: Overstep) -> None:
        """Have the parser stop, from within one of its reports."""
        self._overstep = overstep
        raise ValueError(overstep)

    # How it ends.

    def _refuse(self, overstep: Overstep) -> None:
        """Serve nothing of what comes from now on; say why, where that can be an answer to it."""
        answer = self.bounds.refusals.answer(overstep, self.client[0] if self.client else None)
        if overstep in (Overstep.NOT_READ, Overstep.NOT_LEFT, Overstep.SHED):
            self._ends = self._closed = True
            cut(self.transport)
            return
        refused = self.cycle if self._exchange.owes_body else None
        if refused is not None and not refused.response_complete:
            # The body is this request's, and will not come: for the application the client left.
            refused.disconnected = True
            refused.message_event.set()
            if self.pipeline and self.pipeline[0][0] is refused:
                self.pipeline.popleft()
            if refused is self._served:
                self._served = None
        self._end_when_answered()
        if self._is_answering:
            return
        if answer is not None and (refused is None or not refused.response_started):
            self.transport.write(answer)
            self._exchange.wrote(len(answer), self.loop.time())
        self._close(unread=overstep not in (Overstep.SILENT, Overstep.IDLE))

    @property
    def _is_answering(self) -> bool:
        return self._served is not None and not self._served.response_complete

    def _end_when_answered(self) -> None:
        """Read no further; what is being answered, and what waits for that, is the last."""
        self._ends = True
        self._unread = b""
        if self._served is not None and not self.pipeline:
            self._served.keep_alive = False

    def _close(self, *, unread: bool = False) -> None:
        """Close; where the client may still be sending, only after it could read what was said."""
        if self._closed:
            return
        unread = unread or self._exchange.owes_body
        self._ends = self._closed = True
        self._unset_keepalive_if_required()
        self._exchange.closed(self.loop.time())
        if unread and self.transport.can_write_eof():
            self.flow.held = False
            self.flow.resume_reading()
            self.transport.write_eof()
        else:
            self.transport.close()
        self._watch()

    # How long it takes, and how many there are.

    def _watch(self) -> None:
        """Have `_on_time` called at the next deadline; an earlier call finds nothing due."""
        deadline = self._exchange.next_deadline
        if deadline is None or self._lost:
            return
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self.loop.call_at(deadline, self._on_time)

    def _stop_watching(self) -> None:
        self._unset_keepalive_if_required()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_time(self) -> None:
        self._timer = None
        unsent = self.transport.get_write_buffer_size()
        reads = not self.flow.read_paused
        overstep = self._exchange.due(self.loop.time(), unsent=unsent, reads=reads)
        if overstep is not None:
            self._refuse(overstep)
        self._watch()

    def _make_room(self) -> None:
        """Where there are too many, end those that have kept the server waiting for longest.

        Some at a time, so that not all are looked through for each that comes. A user's request is
        there within milliseconds and does not wait; a flood of waiting ones ends itself.
        """
        if len(self.connections) <= self.bounds.connections:
            return
        waiting = [
            (other._exchange.waits_since, other)  # noqa: SLF001 - another of this very class
            for other in self.connections
            if isinstance(other, BoundedHttp) and other is not self
        ]
        ended = sorted(
            ((since, other) for since, other in waiting if since is not None),
            key=lambda one: one[0],
        )[: max(1, self.bounds.connections // 16)]
        for _, other in ended:
            other._refuse(Overstep.SHED)  # noqa: SLF001 - another of this very class
        if not ended:
            self._refuse(Overstep.CROWDED)


class _Flow(FlowControl):
    """Does not take more while what was taken waits for a request before it."""

    held = False

    def resume_reading(self) -> None:
        if not self.held:
            super().resume_reading()


class _Answering(Transport):
    """The transport as an answer sees it: what it writes is counted, its end is the protocol's."""

    def __init__(self, protocol: BoundedHttp) -> None:
        super().__init__()
        self._protocol = protocol
        self._transport = protocol.transport

    def write(self, data: Any) -> None:
        self._transport.write(data)
        self._protocol.wrote(len(data))

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self._protocol.end()
