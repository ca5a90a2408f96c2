"""Tests of `netra.telemetry.request_context`, on tiny ASGI apps and behind a real server."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import websockets

from fakes.clock import ManualClock
from fakes.log_lines import LogLines, log_lines
from fakes.serving import Served, serving
from fakes.timing import UNIT, eventually
from netra import errors
from netra.policy import CredentialMethod
from netra.principal import ServicePrincipal, UserPrincipal
from netra.telemetry import RequestContext, Stage, event_logger, request_record
from netra.telemetry.log_events import TRACE_FIELD
from netra.telemetry.request_context import App, Message, Receive, Scope, Send, trace_id

USER = UserPrincipal("usr_1", "ses_1", "netra-cli", frozenset(), frozenset(), "tok_1", 0.0)
SERVICE = ServicePrincipal("netra-backend", frozenset(), "tok_2", 0.0)
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def lines() -> Iterator[LogLines]:
    """Record what is logged."""
    with log_lines("DEBUG") as recorded:
        yield recorded


@dataclass
class Exchange:
    """What was sent to one ASGI scope, and what came back."""

    scope: Scope
    sent: list[Message]
    incoming: list[Message] = field(default_factory=list)

    @property
    def status(self) -> int | None:
        """The status of the answer, if it began."""
        return next((message["status"] for message in self.sent if "status" in message), None)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer."""
        start = next(message for message in self.sent if "headers" in message)
        return {bytes(name).decode(): bytes(value).decode() for name, value in start["headers"]}

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def problem(self) -> dict[str, Any]:
        """The problem document that was answered."""
        assert self.headers["content-type"] == "application/problem+json"
        document = json.loads(self.body)
        assert isinstance(document, dict)
        return document


async def _drive(
    app: App,
    *incoming: Message,
    kind: str = "http",
    headers: dict[str, str] | None = None,
    client: tuple[str, int] | None = ("203.0.113.9", 4711),
    extensions: dict[str, Any] | None = None,
    **options: Any,
) -> Exchange:
    scope: Scope = {
        "type": kind,
        "path": "/api/threads",
        "query_string": b"token=abc123",
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        "client": client,
        "extensions": extensions or {},
    }
    if kind == "http":
        scope["method"] = "POST"
    default: tuple[Message, ...] = (
        ({"type": "http.request", "body": b""},)
        if kind == "http"
        else ({"type": f"{kind}.connect"},)
    )
    queue = list(incoming or default)
    sent: list[Message] = []

    async def receive() -> Message:
        return queue.pop(0) if queue else {"type": f"{kind}.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await RequestContext(app, **options)(scope, receive, send)
    return Exchange(scope, sent)


async def _answer(send: Send, status: int = 200, body: bytes = b"ok", **headers: str) -> None:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def _ok(_scope: Scope, _receive: Receive, send: Send) -> None:
    await _answer(send)


# Ids and the access event.


async def test_every_answer_carries_our_own_request_id(lines: LogLines) -> None:
    """The client's id is never taken over, only logged."""
    done = await _drive(_ok, headers={"x-request-id": "client-1"})
    event = lines.only("http_request")

    assert done.headers["x-request-id"].startswith("req_")
    assert event["request_id"] == done.headers["x-request-id"]
    assert event["client_request_id"] == "client-1"


async def test_an_app_cannot_answer_with_another_request_id(lines: LogLines) -> None:
    """There is exactly one X-Request-Id, and it is ours."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await _answer(send, X_Request_Id="forged")

    done = await _drive(app)
    start = done.sent[0]

    assert [name.lower() for name, _ in start["headers"]] == [b"x-request-id"]
    assert done.headers["x-request-id"] == lines.only("http_request")["request_id"]


@pytest.mark.parametrize(
    "given", ["", "a b", "a\r\nSet-Cookie: x=1", "x" * 65, "grüße", '"', "a;b", "${jndi}", "a\x00"]
)
async def test_a_strange_client_id_is_dropped(lines: LogLines, given: str) -> None:
    """Only 1 to 64 letters, digits, dots, hyphens and underscores are repeated (16.4.1)."""
    await _drive(_ok, headers={"x-request-id": given})

    assert lines.only("http_request")["client_request_id"] is None


@pytest.mark.usefixtures("lines")
async def test_two_requests_never_share_an_id() -> None:
    """Also with the same client id."""
    first = await _drive(_ok, headers={"x-request-id": "same"})
    second = await _drive(_ok, headers={"x-request-id": "same"})

    assert first.headers["x-request-id"] != second.headers["x-request-id"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
        ({"traceparent": f"01-{TRACE}-00f067aa0ba902b7-01-future"}, TRACE),
        ({"traceparent": f"ff-{TRACE}-00f067aa0ba902b7-01"}, None),
        ({"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}, None),
        ({"traceparent": f"00-{TRACE}-{'0' * 16}-01"}, None),
        ({"traceparent": f"00-{TRACE.upper()}-00f067aa0ba902b7-01"}, None),
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01\n"}, None),
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01-more"}, None),
        ({"traceparent": "password=abc"}, None),
        ({"x-cloud-trace-context": f"{TRACE}/123;o=1"}, TRACE),
        ({"x-cloud-trace-context": TRACE.upper()}, TRACE),
        ({"x-cloud-trace-context": f"{TRACE}/x"}, None),
        ({"x-cloud-trace-context": "0" * 32}, None),
        ({"traceparent": "broken", "x-cloud-trace-context": f"{TRACE}/1"}, TRACE),
        ({}, None),
    ],
)
async def test_a_trace_is_32_hex_digits_or_nothing(
    lines: LogLines, headers: dict[str, str], expected: str | None
) -> None:
    """W3C Trace Context first, the cloud's own header second; anything else is no trace."""
    await _drive(_ok, headers=headers)

    assert lines.only("http_request").get(TRACE_FIELD) == expected


def test_a_trace_sent_twice_is_no_trace() -> None:
    """A repeated header has no defined meaning."""
    header = (b"traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())

    assert trace_id({"headers": [header, header]}) is None


async def test_the_access_event_has_the_cloud_logging_form(lines: LogLines) -> None:
    """Method, path without query, status, latency, address, agent and size (SPEC R15)."""
    clock = ManualClock()

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        record = request_record(scope)
        record.principal, record.method = USER, CredentialMethod.BEARER
        record.stage = Stage.HANDLER
        clock.advance(0.25)
        await _answer(send, 201, b"12345")

    await _drive(app, headers={"user-agent": "netra/1"}, clock=clock)
    event = lines.only("http_request")

    assert event["severity"] == "INFO"
    assert event["message"] == "POST /api/threads 201"
    assert event["httpRequest"] == {
        "requestMethod": "POST",
        "requestUrl": "/api/threads",
        "status": 201,
        "latency": "0.250000s",
        "remoteIp": "203.0.113.9",
        "userAgent": "netra/1",
        "responseSize": "5",
    }
    assert event["principal"] == "usr_1"
    assert event["principal_kind"] == "user"
    assert event["stage"] == "handler"
    assert event["credential_method"] == "bearer"
    assert "abc123" not in lines.text


async def test_long_paths_and_agents_are_cut(lines: LogLines) -> None:
    """What a client may make long does not make the log long."""
    await _drive(_ok, headers={"user-agent": "a" * 5000})

    assert len(lines.only("http_request")["httpRequest"]["userAgent"]) == 256


async def test_without_an_address_none_is_invented(lines: LogLines) -> None:
    """A Unix socket has no remote address; forwarding headers are the server's business."""
    await _drive(_ok, headers={"x-forwarded-for": "198.51.100.1"}, client=None)

    assert "remoteIp" not in lines.only("http_request")["httpRequest"]
    assert "198.51.100.1" not in lines.text


async def test_lines_written_while_serving_carry_the_request_id(lines: LogLines) -> None:
    """Also those of libraries and of tasks that the handler starts."""

    async def child() -> None:
        event_logger("child").info("in_a_task")

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        event_logger("handler").info("in_the_handler")
        logging.getLogger("library").warning("in a library")
        await asyncio.create_task(child())
        await _answer(send)

    done = await _drive(app)

    assert len(lines.all()) == 4
    assert {line["request_id"] for line in lines.all()} == {done.headers["x-request-id"]}


async def test_after_the_request_its_id_is_gone(lines: LogLines) -> None:
    """What is written later belongs to no request."""
    await _drive(_ok)
    event_logger("later").info("later")

    assert "request_id" not in lines.only("later")


async def test_concurrent_requests_do_not_mix(lines: LogLines) -> None:
    """Each has its own record and its own id, also when the server shares its state."""
    shared: dict[str, Any] = {"app": "state"}
    both = asyncio.Barrier(2)

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        request_record(scope).principal = USER if scope["path"] == "/user" else SERVICE
        await both.wait()
        event_logger("handler").info("seen", who=str(request_record(scope).principal))
        await _answer(send)

    async def one(path: str) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b""}

        async def send(_message: Message) -> None:
            await asyncio.sleep(0)

        scope: Scope = {"type": "http", "path": path, "method": "GET", "state": shared}
        await RequestContext(app)(scope, receive, send)

    await asyncio.gather(one("/user"), one("/service"))

    by_request = {line["request_id"]: line["principal"] for line in lines.of("http_request")}
    assert len(by_request) == 2
    for line in lines.of("seen"):
        assert by_request[line["request_id"]] == line["who"]
    assert shared == {"app": "state"}


async def test_a_record_is_made_where_there_is_none() -> None:
    """Code under test without the middleware still has a record, the same one each time."""
    scope: Scope = {"type": "http"}

    assert request_record(scope) is request_record(scope)
    assert request_record(scope).stage is Stage.ROUTING


async def test_a_lifespan_passes_through_untouched(lines: LogLines) -> None:
    """Start and stop are no requests."""
    seen: list[str] = []

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((await receive())["type"])
        await send({"type": "lifespan.startup.complete"})

    done = await _drive(app, {"type": "lifespan.startup"}, kind="lifespan")

    assert seen == ["lifespan.startup"]
    assert done.sent == [{"type": "lifespan.startup.complete"}]
    assert lines.all() == []


# Failures.


@pytest.mark.parametrize("stage", list(Stage))
async def test_an_escaping_exception_is_booked_on_its_stage_and_principal(
    lines: LogLines, stage: Stage
) -> None:
    """An error is reported as what it is, never as authentication or session trouble (SPEC R5)."""

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        record = request_record(scope)
        record.principal, record.stage = SERVICE, stage
        raise KeyError("403: Not authenticated, says a library; password=abc1")

    done = await _drive(app)
    event = lines.only("unhandled_exception")

    assert done.status == 500
    assert done.problem["code"] == "internal_error"
    assert done.problem["request_id"] == event["request_id"]
    assert event["severity"] == "ERROR"
    assert event["error_type"] == "KeyError"
    assert event["stage"] == stage.value
    assert event["principal"] == "service:netra-backend"
    assert event["principal_kind"] == "service"
    assert {line["event"] for line in lines.all()} == {"unhandled_exception", "http_request"}
    assert "abc1" not in lines.text
    assert b"library" not in done.body


async def test_an_anonymous_failure_names_no_service(lines: LogLines) -> None:
    """Before anybody was verified a failure is the anonymous caller's (SPEC R5)."""

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        request_record(scope).stage = Stage.AUTHENTICATION
        raise RuntimeError

    await _drive(app, headers={"x-service-id": "netra-backend"})

    assert lines.only("unhandled_exception")["principal"] == "anonymous"
    assert "service:" not in lines.text


@pytest.mark.parametrize(
    "error",
    [errors.CredentialMissing(), errors.PermissionDenied("x"), errors.AuthServiceUnreachable("x")],
    ids=lambda given: type(given).__name__,
)
async def test_an_error_of_ours_keeps_its_status(lines: LogLines, error: errors.NetraError) -> None:
    """One that nobody turned into an answer is reported, and still never a 500 (SPEC R6)."""

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    done = await _drive(app)

    assert done.status == error.status
    assert done.problem["code"] == error.code
    assert lines.only("unhandled_exception")["error_type"] == type(error).__name__


async def test_an_answer_that_began_is_not_answered_again(lines: LogLines) -> None:
    """The exception is reported; what was sent stays cut, which tells the client."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError

    done = await _drive(app)

    assert [message["type"] for message in done.sent] == [
        "http.response.start",
        "http.response.body",
    ]
    assert len(lines.of("unhandled_exception")) == 1
    assert lines.only("http_request")["httpRequest"]["status"] == 200


async def test_a_cancelled_request_stays_cancelled(lines: LogLines) -> None:
    """Cancellation is passed on, and the request still has its one access event."""
    began = asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        began.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(_drive(app))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    event = lines.only("http_request")

    assert "status" not in event["httpRequest"]
    assert event["message"] == "POST /api/threads no answer"
    assert lines.of("unhandled_exception") == []


async def test_an_app_that_answers_nothing_is_reported_and_answered(lines: LogLines) -> None:
    """Returning without an answer is a fault of ours."""

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()

    done = await _drive(app)

    assert done.status == 500
    assert lines.only("response_incomplete")["severity"] == "ERROR"


class ClientDisconnect(Exception):
    """What a framework raises when the client left."""


async def test_a_client_that_left_is_no_fault(lines: LogLines) -> None:
    """Nobody must act when somebody closes a browser."""

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        assert (await receive())["type"] == "http.disconnect"
        raise ClientDisconnect

    await _drive(app, {"type": "http.disconnect"})

    assert lines.only("client_disconnected")["severity"] == "INFO"
    assert lines.of("unhandled_exception") == []


async def test_the_name_alone_does_not_excuse_an_exception(lines: LogLines) -> None:
    """Unless the client really left it is a fault."""

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ClientDisconnect

    await _drive(app)

    assert len(lines.of("unhandled_exception")) == 1


@pytest.mark.parametrize("status", [500, 503])
async def test_an_answer_of_ours_that_failed_is_a_warning(lines: LogLines, status: int) -> None:
    """The fault itself is reported where it happened; the access event only stands out."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await _answer(send, status)

    await _drive(app)

    assert lines.only("http_request")["severity"] == "WARNING"


# Bodies.


async def _read_all(_scope: Scope, receive: Receive, send: Send) -> None:
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        size += len(message.get("body", b""))
        if not message.get("more_body", False):
            break
    await _answer(send, 200, str(size).encode())


async def test_a_body_within_the_cap_passes() -> None:
    """Exactly the cap is allowed."""
    done = await _drive(_read_all, {"type": "http.request", "body": b"x" * 100}, max_body_bytes=100)

    assert (done.status, done.body) == (200, b"100")


@pytest.mark.parametrize("announced", ["101", "00101", "9" * 5000])
async def test_an_announced_body_over_the_cap_is_refused_unread(
    lines: LogLines, announced: str
) -> None:
    """413 before the app sees anything."""
    called = False

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        nonlocal called
        called = True

    done = await _drive(app, headers={"content-length": announced}, max_body_bytes=100)

    assert (done.status, done.problem["code"]) == (413, "content_too_large")
    assert not called
    assert lines.only("http_request")["httpRequest"]["status"] == 413


@pytest.mark.parametrize("announced", [None, "1", "-5", "ten", "10", "٣"])
async def test_a_streamed_body_over_the_cap_is_refused(
    lines: LogLines, announced: str | None
) -> None:
    """What is counted is what comes, not what a header says."""
    parts: list[Message] = [
        {"type": "http.request", "body": b"x" * 40, "more_body": True} for _ in range(5)
    ]
    headers = {"content-length": announced} if announced else None

    done = await _drive(_read_all, *parts, headers=headers, max_body_bytes=100)

    assert done.status == 413
    assert done.headers["connection"] == "close"
    assert [message["type"] for message in done.sent].count("http.response.start") == 1
    assert lines.of("unhandled_exception") == []


async def test_an_app_that_answers_anyway_is_not_heard() -> None:
    """After a 413 nothing else of the app's goes out."""

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        await _answer(send, 200, b"all fine")

    done = await _drive(
        app, {"type": "http.request", "body": b"x" * 101, "more_body": True}, max_body_bytes=100
    )

    assert done.status == 413
    assert b"all fine" not in done.body


# Sockets.


async def _accepting(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept", "subprotocol": None})
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def test_an_accepted_socket_has_its_access_event_at_the_handshake(lines: LogLines) -> None:
    """Status 101 with the id in the handshake's answer; its end is an event of its own."""
    done = await _drive(
        _accepting,
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "x"},
        {"type": "websocket.disconnect", "code": 1001},
        kind="websocket",
    )
    access, closed = lines.only("http_request"), lines.only("websocket_closed")

    assert done.headers["x-request-id"] == access["request_id"] == closed["request_id"]
    assert access["httpRequest"]["status"] == 101
    assert access["httpRequest"]["requestMethod"] == "GET"
    assert (closed["close_code"], closed["closed_by"]) == (1001, "client")


async def test_a_socket_that_the_server_closes_says_so(lines: LogLines) -> None:
    """The close code of whoever closed first is logged, and the reason if it was ours."""

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4401, "reason": "token expired"})

    await _drive(app, kind="websocket")
    closed = lines.only("websocket_closed")

    assert (closed["close_code"], closed["closed_by"]) == (4401, "server")
    assert closed["close_reason"] == "token expired"


@pytest.mark.parametrize("code", [1009, 1012])
async def test_a_socket_closed_by_the_server_beneath_says_so(lines: LogLines, code: int) -> None:
    """A restart and too big a frame are no client's doing; a client's text is not logged."""
    gone = {"type": "websocket.disconnect", "code": code, "reason": "whatever"}

    await _drive(_accepting, {"type": "websocket.connect"}, gone, kind="websocket")
    closed = lines.only("websocket_closed")

    assert (closed["close_code"], closed["closed_by"]) == (code, "server")
    assert "whatever" not in lines.text


async def test_a_denied_handshake_is_one_access_event(lines: LogLines) -> None:
    """The denial's own status is logged, and its answer has the request id."""

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"no"})

    done = await _drive(app, kind="websocket", extensions={"websocket.http.response": {}})

    assert lines.only("http_request")["httpRequest"]["status"] == 401
    assert done.headers["x-request-id"].startswith("req_")
    assert lines.of("websocket_closed") == []


async def test_a_handshake_closed_before_accept_is_a_403(lines: LogLines) -> None:
    """So the server answers it (ASGI), and so it is logged."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close", "code": 4403})

    await _drive(app, kind="websocket")

    assert lines.only("http_request")["httpRequest"]["status"] == 403


async def test_an_exception_before_accept_denies_the_handshake(lines: LogLines) -> None:
    """A failing handshake is a 500 problem where the server can send one."""

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("password=abc1")

    done = await _drive(app, kind="websocket", extensions={"websocket.http.response": {}})

    assert done.status == 500
    assert done.problem["code"] == "internal_error"
    assert len(lines.of("unhandled_exception")) == 1


async def test_an_exception_before_accept_without_the_extension_closes(lines: LogLines) -> None:
    """Elsewhere the handshake is closed, which the server answers with 403."""

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError

    done = await _drive(app, kind="websocket")

    assert done.sent == [{"type": "websocket.close", "code": 1011}]
    assert len(lines.of("unhandled_exception")) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [(RuntimeError("x"), 1011), (errors.CredentialRejected("x"), 4401)],
    ids=["fault", "refusal"],
)
async def test_an_exception_on_an_open_socket_closes_it(
    lines: LogLines, error: Exception, code: int
) -> None:
    """With 1011 for a fault of ours, with its own code for an error of ours."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        raise error

    done = await _drive(app, kind="websocket")

    assert done.sent[-1] == {"type": "websocket.close", "code": code}
    assert lines.only("websocket_closed")["close_code"] == code


class ClientDisconnected(OSError):
    """What a server raises when nobody listens any more."""


async def test_sending_to_a_client_that_left_is_no_fault(lines: LogLines) -> None:
    """The server's own error while sending is told from a fault of the app."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "x"})

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        if message["type"] == "websocket.send":
            raise ClientDisconnected

    await RequestContext(app)({"type": "websocket", "path": "/ws"}, receive, send)

    assert len(lines.of("client_disconnected")) == 1
    assert lines.of("unhandled_exception") == []


# Behind a real server.


async def _probe(scope: Scope, receive: Receive, send: Send) -> None:
    record = request_record(scope)
    path = scope["path"]
    if scope["type"] == "websocket":
        await receive()
        if path == "/denied":
            await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
            await send({"type": "websocket.http.response.body", "body": b"no"})
            return
        await send({"type": "websocket.accept"})
        if path == "/breaks":
            raise RuntimeError("password=abc1")
        await send({"type": "websocket.send", "text": record.request_id})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    if path == "/raises":
        record.stage = Stage.HANDLER
        raise RuntimeError("password=abc1")
    if path == "/half":
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"100")],
            }
        )
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError
    await _read_all(scope, receive, send)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """Serve the probe on a real socket."""
    async with serving(RequestContext(_probe, max_body_bytes=1000)) as server:
        yield server


async def _access(lines: LogLines) -> dict[str, Any]:
    await eventually(lambda: lines.of("http_request"), within=5 * UNIT)
    return lines.only("http_request")


async def test_behind_a_server_an_exception_is_one_event_and_one_problem(
    served: Served, lines: LogLines
) -> None:
    """The server adds no second report, and the connection goes on."""
    async with httpx2.AsyncClient(base_url=served.url) as client:
        answer = await client.get("/raises?token=abc123")
    event = await _access(lines)

    assert answer.status_code == 500
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == event["request_id"]
    assert event["httpRequest"]["remoteIp"] == "127.0.0.1"
    assert [line["event"] for line in lines.all() if line["severity"] == "ERROR"] == [
        "unhandled_exception"
    ]
    assert "abc1" not in lines.text


async def test_behind_a_server_a_cut_answer_is_not_taken_for_whole(
    served: Served, lines: LogLines
) -> None:
    """The client sees the connection end early; the log has one error."""
    async with httpx2.AsyncClient(base_url=served.url) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("/half")
    await _access(lines)

    assert [line["event"] for line in lines.all() if line["severity"] == "ERROR"] == [
        "unhandled_exception"
    ]


async def test_behind_a_server_a_stream_over_the_cap_is_a_413(
    served: Served, lines: LogLines
) -> None:
    """Without a Content-Length, on a real connection."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 400

    async with httpx2.AsyncClient(base_url=served.url) as client:
        answer = await client.post("/upload", content=parts())

    assert answer.status_code == 413
    assert answer.json()["code"] == "content_too_large"
    assert (await _access(lines))["httpRequest"]["status"] == 413


async def test_behind_a_server_a_socket_knows_its_request_id(
    served: Served, lines: LogLines
) -> None:
    """The handshake's answer has it, and no query string is logged."""
    async with websockets.connect(f"{served.websocket_url}/ws?ticket=abc123") as socket:
        told = await asyncio.wait_for(socket.recv(), 5 * UNIT)
        assert socket.response is not None
        assert socket.response.headers["x-request-id"] == told
    await eventually(lambda: lines.of("websocket_closed"), within=5 * UNIT)

    assert lines.only("http_request")["httpRequest"]["status"] == 101
    assert lines.only("websocket_closed")["close_code"] == 1000
    assert "abc123" not in lines.text


async def test_behind_a_server_a_denied_handshake_is_no_error(
    served: Served, lines: LogLines
) -> None:
    """A real 401 before accept; nothing in the log at ERROR."""
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"{served.websocket_url}/denied")
    event = await _access(lines)

    assert refused.value.response.status_code == 401
    assert refused.value.response.headers["x-request-id"] == event["request_id"]
    await eventually(lambda: lines.of("library_log"), within=5 * UNIT)
    assert {line["severity"] for line in lines.all()} <= {"DEBUG", "INFO"}


async def test_behind_a_server_a_breaking_socket_is_closed_with_1011(
    served: Served, lines: LogLines
) -> None:
    """The client gets a close code, the log one error."""
    async with websockets.connect(f"{served.websocket_url}/breaks") as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 5 * UNIT)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
    assert [line["event"] for line in lines.all() if line["severity"] == "ERROR"] == [
        "unhandled_exception"
    ]


async def test_headers_without_end_are_refused_unread(lines: LogLines) -> None:
    """431 before the app, which may read them letter by letter, sees anything."""
    called = False

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        nonlocal called
        called = True

    done = await _drive(app, headers={"cookie": "a=b;" * 20_000})

    assert (done.status, done.problem["code"]) == (431, "headers_too_large")
    assert not called
    assert lines.only("http_request")["httpRequest"]["status"] == 431
