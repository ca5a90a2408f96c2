"""The outermost ASGI middleware: one request id, one access event and one answer per request.

It knows no framework. Who the caller is and how far the request came is written into the
`RequestRecord` by those who find out.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from structlog.contextvars import bound_contextvars

from netra.clock import Clock, SystemClock
from netra.errors import ContentTooLarge, HeadersTooLarge, InternalError, NetraError
from netra.telemetry.current_work import work_for
from netra.telemetry.log_events import TRACE_FIELD, EventLogger, event_logger
from netra.telemetry.request_record import RequestRecord, begin_record
from netra.wire.problem import MEDIA_TYPE, problem_response

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES: Final = 1_048_576
MAX_HEADER_BYTES: Final = 65_536
"""The server's parser has no bound of its own; what reads headers must not get megabytes."""

_HTTP: Final = "http"
_WEBSOCKET: Final = "websocket"
_MAX_PATH: Final = 1024
_MAX_USER_AGENT: Final = 256
_SWITCHING_PROTOCOLS: Final = 101
_FORBIDDEN: Final = 403
_SERVER_ERROR: Final = 500
_NORMAL_CLOSURE: Final = 1000
_OF_THE_SERVER: Final = frozenset({1002, 1007, 1009, 1012, 4429})
"""What is no frame, no text, too big or too much, and a restart: what is under the app closes with
them by itself."""
_REQUEST_ID_HEADER: Final = b"x-request-id"

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_TRACEPARENT: Final = re.compile(
    r"(?:00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}"
    r"|(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.{0,256})?)\Z"
)
_CLOUD_TRACE: Final = re.compile(r"([0-9a-fA-F]{32})(?:/\d{1,20})?(?:;o=\d{1,3})?\Z")
_NO_TRACE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16

# Raised by frameworks and servers when the client went away; told by name, since the ground floor
# imports none of them.
_CLIENT_LEFT: Final = frozenset({"ClientDisconnect", "ClientDisconnected", "WebSocketDisconnect"})


class RequestContext:
    """Give every request an id, a record and exactly one access event, and every failure an answer.

    The client's own request and trace ids are only logged. Nothing that the app raises gets past,
    except cancellation. A request body over `max_body_bytes` is answered with 413, whether its
    length was announced or not.
    """

    def __init__(
        self, app: App, *, max_body_bytes: int = MAX_BODY_BYTES, clock: Clock | None = None
    ) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._clock = clock or SystemClock()
        self._log = event_logger("request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] not in {_HTTP, _WEBSOCKET}:
            await self._app(scope, receive, send)
            return
        record = begin_record(scope)
        trace = trace_id(scope)
        context = {"request_id": record.request_id} | ({TRACE_FIELD: trace} if trace else {})
        with bound_contextvars(**context), work_for(scope):
            exchange = _Exchange(
                scope, record, receive, send, self._max_body_bytes, self._clock, self._log
            )
            await exchange.serve(self._app)


def _header_bytes(scope: Scope) -> int:
    return sum(len(name) + len(value) for name, value in scope.get("headers") or ())


@dataclass(slots=True)
class _Exchange:
    """One request and its answer, or one socket from handshake to close."""

    scope: Scope
    record: RequestRecord
    receive_next: Receive
    send_next: Send
    max_body_bytes: int
    clock: Clock
    log: EventLogger
    began_at: float = field(init=False)
    status: int | None = None
    received_bytes: int = 0
    sent_bytes: int = 0
    answer_complete: bool = False
    accepted: bool = False
    close_code: int | None = None
    close_reason: str | None = None
    client_left: bool = False
    socket_over: bool = False
    refused_body: bool = False
    access_logged: bool = False

    def __post_init__(self) -> None:
        self.began_at = self.clock.monotonic()

    async def serve(self, app: App) -> None:
        try:
            if _header_bytes(self.scope) > MAX_HEADER_BYTES:
                await self._send_error(HeadersTooLarge())
            elif self._announces_too_much():
                await self._refuse_body()
            else:
                await app(self.scope, self._receive, self._send)
                await self._close_what_is_open()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost frame: whatever it is, it is booked here
            await self._answer_failure(error)
        finally:
            self._log_access()
            self._log_socket_end()

    # What comes in.

    def _announces_too_much(self) -> bool:
        if self.scope["type"] != _HTTP:
            return False
        announced = header(self.scope, b"content-length")
        if announced is None or not announced.isascii() or not announced.isdigit():
            return False
        digits = announced.lstrip("0")
        return len(digits) > len(str(self.max_body_bytes)) or int(digits or "0") > (
            self.max_body_bytes
        )

    async def _receive(self) -> Message:
        if self.refused_body:
            return {"type": "http.disconnect"}
        message = await self.receive_next()
        kind = message["type"]
        if kind == "http.request":
            self.received_bytes += len(message.get("body") or b"")
            if self.received_bytes > self.max_body_bytes:
                await self._refuse_body()
                return {"type": "http.disconnect"}
        elif kind == "http.disconnect":
            self.client_left = not self.answer_complete
        elif kind == "websocket.disconnect":
            self.socket_over = True
            self.client_left = self.close_code is None and message.get("code") not in _OF_THE_SERVER
            self.close_code = self.close_code or message.get("code")
        return message

    async def _refuse_body(self) -> None:
        """Answer 413; whatever the app still sends is dropped, and it is told the client left."""
        self.refused_body = True
        if self.status is None:
            await self._send_problem(ContentTooLarge())

    # What goes out.

    async def _send(self, message: Message) -> None:
        if self.refused_body:
            return
        await self._pass_on(message)

    async def _pass_on(self, message: Message) -> None:
        kind = message["type"]
        if kind in {"http.response.start", "websocket.http.response.start"}:
            self.status = int(message["status"])
            message = self._with_request_id(message)
        elif kind in {"http.response.body", "websocket.http.response.body"}:
            self.sent_bytes += len(message.get("body") or b"")
            self.answer_complete = not message.get("more_body", False)
        elif kind == "http.response.pathsend":
            self.answer_complete = True
        elif kind == "websocket.accept":
            self.status, self.accepted = _SWITCHING_PROTOCOLS, True
            message = self._with_request_id(message)
        elif kind == "websocket.close":
            self._note_close(message)
        try:
            await self.send_next(message)
        except OSError:
            # The ASGI way of a server to say that nobody listens any more.
            self.client_left = True
            raise
        if self.accepted and not self.access_logged:
            self._log_access()

    def _note_close(self, message: Message) -> None:
        if self.accepted:
            self.close_code = message.get("code") or _NORMAL_CLOSURE
            self.close_reason = message.get("reason") or None
        else:
            self.status, self.answer_complete = _FORBIDDEN, True

    def _with_request_id(self, message: Message) -> Message:
        headers = [
            (name, value)
            for name, value in message.get("headers") or ()
            if bytes(name).lower() != _REQUEST_ID_HEADER
        ]
        headers.append((_REQUEST_ID_HEADER, self.record.request_id.encode()))
        return {**message, "headers": headers}

    async def _send_problem(self, error: NetraError) -> None:
        problem = problem_response(error, self.record.request_id)
        headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers]
        headers += [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(problem.body)).encode()),
            (b"connection", b"close"),
        ]
        prefix = "" if self.scope["type"] == _HTTP else "websocket."
        await self._pass_on(
            {
                "type": f"{prefix}http.response.start",
                "status": problem.status,
                "headers": headers,
            }
        )
        await self._pass_on({"type": f"{prefix}http.response.body", "body": problem.body})

    # How it ends.

    async def _close_what_is_open(self) -> None:
        """Report an app that returned without an answer, and give the answer it owed."""
        if self.client_left or self.refused_body or self.accepted or self.answer_complete:
            return
        self.log.error("response_incomplete", **self._booked(), status=self.status)
        if self.status is None:
            await self._send_error(InternalError())

    async def _answer_failure(self, error: Exception) -> None:
        if self.refused_body:
            return
        if (self.client_left or self.socket_over) and type(error).__name__ in _CLIENT_LEFT:
            self.log.info("client_disconnected", **self._booked())
            return
        self.log.error("unhandled_exception", exc_info=error, **self._booked())
        # An answer that has begun cannot be taken back; the server cuts the connection, which tells
        # the client that it is not whole.
        await self._send_error(error if isinstance(error, NetraError) else InternalError())

    async def _send_error(self, error: NetraError) -> None:
        with contextlib.suppress(Exception):  # The client may be gone, and the failure is logged.
            if self.status is None and self._can_answer():
                await self._send_problem(error)
            elif self.scope["type"] == _WEBSOCKET and self.close_code is None:
                await self._pass_on({"type": "websocket.close", "code": error.close_code})

    def _can_answer(self) -> bool:
        if self.scope["type"] == _HTTP:
            return True
        return "websocket.http.response" in (self.scope.get("extensions") or {})

    # What is written down.

    def _booked(self) -> dict[str, Any]:
        """Give the identity and the stage that whatever happens now is booked on (SPEC R5)."""
        return {
            "principal": str(self.record.principal),
            "principal_kind": self.record.principal.kind.value,
            "stage": self.record.stage.value,
        }

    def _log_access(self) -> None:
        if self.access_logged:
            return
        self.access_logged = True
        status = self.status
        answer = {"status": status} if status is not None else {}
        method = self.scope.get("method") or "GET"
        path = str(self.scope.get("path", ""))[:_MAX_PATH]
        client = self.scope.get("client")
        request = {
            "requestMethod": method,
            "requestUrl": path,
            **answer,
            "latency": self._elapsed(),
            **({"remoteIp": str(client[0])} if client else {}),
            "userAgent": (header(self.scope, b"user-agent") or "")[:_MAX_USER_AGENT],
            "responseSize": str(self.sent_bytes),
        }
        write = self.log.warning if status and status >= _SERVER_ERROR else self.log.info
        write(
            "http_request",
            message=f"{method} {path} {'no answer' if status is None else status}",
            httpRequest=request,
            client_request_id=client_request_id(self.scope),
            credential_method=self.record.method,
            **self._booked(),
        )

    def _log_socket_end(self) -> None:
        if self.accepted:
            self.log.info(
                "websocket_closed",
                close_code=self.close_code,
                close_reason=self.close_reason,
                closed_by="client" if self.client_left else "server",
                duration=self._elapsed(),
                **self._booked(),
            )

    def _elapsed(self) -> str:
        return f"{self.clock.monotonic() - self.began_at:.6f}s"


def header(scope: Scope, name: bytes) -> str | None:
    """Give a request header that was sent exactly once, else None."""
    length = len(name)
    values = [
        value
        for key, value in scope.get("headers") or ()
        if len(key) == length and bytes(key).lower() == name
    ]
    return bytes(values[0]).decode("latin-1") if len(values) == 1 else None


def client_request_id(scope: Scope) -> str | None:
    """Give the client's own request id if it has a harmless shape; it is only logged."""
    given = header(scope, _REQUEST_ID_HEADER)
    return given if given is not None and _CLIENT_ID.match(given) else None


def trace_id(scope: Scope) -> str | None:
    """Give the 32 hex digits of the trace a request belongs to, if it names one validly.

    Reads `traceparent` (W3C Trace Context section 3.2), else `X-Cloud-Trace-Context`.
    """
    found = _TRACEPARENT.match(header(scope, b"traceparent") or "")
    if found:
        trace, span = found[1] or found[3], found[2] or found[4]
        if trace != _NO_TRACE and span != _NO_SPAN:
            return trace
    found = _CLOUD_TRACE.match(header(scope, b"x-cloud-trace-context") or "")
    if found and found[1] != _NO_TRACE:
        return found[1].lower()
    return None
