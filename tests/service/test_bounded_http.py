"""What no application sees of HTTP, held on real connections to both services.

Requests are written by hand here, because no library of clients sends such.
"""

import asyncio
import inspect
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final, TypeAlias

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from fakes.clock import ManualClock
from fakes.log_lines import LogLines, log_lines
from fakes.raw_http import WITHIN, RawConnection, answer_to, raw_connection
from fakes.running_auth import running_auth_service
from fakes.running_backend import running_backend
from fakes.timing import UNIT, eventually
from netra.serving import HttpPatience, Refusals, ServerBounds
from netra.serving.exchange import HEADERS
from netra_backend.app.http_server import BoundedHttp

Service: TypeAlias = Callable[[ServerBounds | None], AbstractAsyncContextManager[str]]

LIVE: Final = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
POST: Final = b"POST /health/live HTTP/1.1\r\nHost: x\r\n"
LAST: Final = b"Connection: close\r\n\r\n"
CHUNKED: Final = POST + b"Transfer-Encoding: chunked\r\n\r\n"
MEGABYTES: Final = 5_000_000

HASTY: Final = HttpPatience(
    head=0.3 * UNIT, body=0.3 * UNIT, answer=0.3 * UNIT, idle=0.3 * UNIT, flush=0.3 * UNIT
)
"""Long enough for a request that is written at once, and for none that is not."""


def hasty(connections: int = 1000) -> ServerBounds:
    """Give bounds that a test need not wait for."""
    return ServerBounds(connections, HASTY, Refusals(ManualClock()))


@pytest.fixture(params=["auth", "backend"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Service:
    """Give each service in turn, to be run with the bounds that a test needs."""

    @asynccontextmanager
    async def run(bounds: ServerBounds | None = None) -> AsyncIterator[str]:
        if request.param == "auth":
            async with running_auth_service(tmp_path, bounds=bounds) as auth:
                yield auth.url
        else:
            async with running_backend(tmp_path / "netra.db", bounds=bounds) as backend:
                yield backend.url

    return run


@pytest.fixture
async def url(service: Service) -> AsyncIterator[str]:
    """Run each service with the bounds it has in earnest."""
    async with service(None) as address:
        yield address


@pytest.fixture
async def hasty_url(service: Service) -> AsyncIterator[str]:
    """Run each service with bounds that a test need not wait for."""
    async with service(hasty()) as address:
        yield address


@pytest.fixture
def logged() -> Iterator[LogLines]:
    """Catch every line that is logged during the test."""
    with log_lines() as lines:
        yield lines


async def served(url: str) -> bool:
    """Tell whether somebody else is served meanwhile."""
    heard = await answer_to(url, LIVE + LAST)
    return heard.statuses == [200]


@pytest.mark.parametrize(
    "request_bytes",
    [
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        POST + b"Content-Length: 2, 2\r\n\r\n{}",
        POST + b"Content-Length: +2\r\n\r\n{}",
        POST + b"Content-Length: -2\r\n\r\n{}",
        POST + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
        POST + b"Content-Length : 2\r\n\r\n{}",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        LIVE + b"X-A: b\r\n c\r\n\r\n",
        LIVE + b"X-A: b\x00c\r\n\r\n",
        LIVE + b"X-A: b\x01c\r\n\r\n",
        LIVE + b"X-A: b\rX-B: c\r\n\r\n",
        LIVE + b"X-\xe9: a\r\n\r\n",
        LIVE + b"nonsense\r\n\r\n",
        LIVE + b": v\r\n\r\n",
        LIVE + b"Host: y\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: a@b\r\n\r\n",
        b"GET /health/live HTTP/1.1\nHost: x\n\n",
        b"GET /a\x00b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"get /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /health/live HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /health/live\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(190),
    ],
    ids=range(36),
)
async def test_what_could_be_read_in_two_ways_is_refused(url: str, request_bytes: bytes) -> None:
    """A request two parsers could disagree about is one 400, and the connection ends.

    Two lengths, a length beside chunks, folded, split or nameless headers, no host or two, other
    protocols: nothing after such a request is taken for another request.
    """
    heard = await answer_to(url, request_bytes + LIVE + b"\r\n")

    assert (heard.statuses, heard.ended, heard.reset) == ([400], True, False)
    head, _, body = heard.content.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert json.loads(body)["code"] == "request_invalid"


async def test_an_address_may_be_written_with_its_host(url: str) -> None:
    """The form that proxies are sent is taken, and its host makes no difference."""
    absolute = b"GET http://elsewhere.example/health/live HTTP/1.1\r\nHost: x\r\n" + LAST

    assert (await answer_to(url, absolute)).statuses == [200]


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([b"GET /" + MEGABYTES * b"a"], 414),
        ([LIVE + b"X: " + MEGABYTES * b"a"], 431),
        ([LIVE + MEGABYTES * b"X"], 431),
        ([LIVE, *(9_000 * [100 * b"X: a\r\n"])], 431),
        ([1000 * 1000 * b"\r\n"], 431),
        ([CHUNKED + b"2;" + MEGABYTES * b"a"], 400),
        ([CHUNKED + MEGABYTES * b"0"], 400),
        ([CHUNKED + b"fffffffffffffffff\r\n"], 400),
        ([CHUNKED + b"zz\r\n"], 400),
        ([CHUNKED + b"0\r\n" + 300_000 * b"X: aaaaaaa\r\n"], 400),
        ([CHUNKED + 400_000 * b"1\r\na\r\n"], 400),
        ([POST + b"Content-Length: 5000000\r\n\r\n" + MEGABYTES * b"a"], 413),
    ],
    ids=[
        "address",
        "one header",
        "one name",
        "many headers",
        "blank lines",
        "extension of a chunk",
        "size with zeros",
        "size beyond all",
        "size that is none",
        "trailers",
        "tiny chunks",
        "body",
    ],
)
async def test_what_is_too_large_is_refused_before_it_came(
    url: str, pieces: list[bytes], status: int
) -> None:
    """It is answered while it is still being sent, and the client can read why.

    A client that sends megabytes before it looks is not cut off: what it sends is dropped.
    """
    async with raw_connection(url) as connection:
        await connection.write(*pieces)
        heard = await connection.rest()

    assert (heard.statuses[-1], heard.ended, heard.reset) == (status, True, False)
    assert len(heard.statuses) == 1 or status == 400


async def test_a_request_has_so_many_headers(url: str) -> None:
    """The last that is allowed is taken, the next is 431."""
    fits = b"".join(b"X-%d: a\r\n" % number for number in range(HEADERS - 2))

    assert (await answer_to(url, LIVE + fits + LAST)).statuses == [200]
    assert (await answer_to(url, LIVE + fits + b"X-A: a\r\n" + LAST)).statuses == [431]


@pytest.mark.parametrize(
    ("first", "again", "statuses"),
    [
        (b"", b"", []),
        (LIVE, b"", [408]),
        (LIVE + b"X: ", b"a", [408]),
        (b"", b"\r\n", [408]),
        (b"GET /health/live\r\n", b"", [408]),
        (LIVE + b"\r\n", b"", [200]),
        (LIVE + b"\r\n", b"\r\n", [200, 408]),
    ],
    ids=[
        "nothing",
        "half a head",
        "a head by the byte",
        "blank lines",
        "the first HTTP",
        "no second request",
        "half a second request",
    ],
)
async def test_who_dribbles_a_head_is_timed_out(
    hasty_url: str, first: bytes, again: bytes, statuses: list[int]
) -> None:
    """A head that does not come in time is 408, and a connection nobody uses is closed."""
    async with raw_connection(hasty_url, first) as connection:
        dribbling = asyncio.create_task(dribbled(connection, again))
        assert await served(hasty_url)
        heard = await connection.rest()
        dribbling.cancel()

    assert (heard.statuses, heard.ended) == (statuses, True)


async def dribbled(connection: RawConnection, again: bytes) -> None:
    """Write the same, little by little, for as long as it is taken."""
    for _ in range(100):
        if not (again and await connection.write(again)):
            return
        await asyncio.sleep(HASTY.head / 10)


@pytest.mark.parametrize("again", [b"", b" "], ids=["withheld", "by the byte"])
async def test_who_dribbles_a_body_is_timed_out(
    tmp_path: Path, logged: LogLines, again: bytes
) -> None:
    """A body that does not come in time is 408, never 401 or 500, and its route is left alone."""
    async with running_auth_service(tmp_path, bounds=hasty()) as auth:
        head = b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n"
        form = b"Content-Type: application/x-www-form-urlencoded\r\n\r\na"
        async with raw_connection(auth.url, head + form) as connection:
            dribbling = asyncio.create_task(dribbled(connection, again))
            assert await served(auth.url)
            heard = await connection.rest()
            dribbling.cancel()

    assert (heard.statuses, heard.ended) == ([408], True)
    assert json.loads(heard.content.partition(b"\r\n\r\n")[2])["code"] == "request_timed_out"
    ended = logged.only("connection_ended")
    assert (ended["status"], ended["reason"]) == (408, "the body did not come in time")
    assert not logged.of("unhandled_exception")


@pytest.mark.parametrize("again", [b"", b" "], ids=["withheld", "by the byte"])
async def test_a_body_answered_early_is_no_way_to_stay(hasty_url: str, again: bytes) -> None:
    """Whoever was answered before the body came has one answer, and is closed all the same."""
    async with raw_connection(hasty_url, POST + b"Content-Length: 99\r\n\r\n") as connection:
        dribbling = asyncio.create_task(dribbled(connection, again))
        heard = await connection.rest()
        dribbling.cancel()

    assert (heard.statuses, heard.ended) == ([405], True)


async def test_an_answer_that_is_not_read_ends_the_connection(service: Service) -> None:
    """Requests whose answers nobody takes are not served without end: the connection is cut."""
    async with service(hasty()) as url, raw_connection(url, receives=4096) as connection:
        transport = connection.writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        connection.writer.write(500 * b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        peer = connection.writer.get_extra_info("socket")

        await eventually(lambda: peer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), within=WITHIN)
        assert await served(url)


async def test_requests_sent_at_once_are_answered_one_by_one(url: str) -> None:
    """However many are sent, all are answered in order, and others are served meanwhile."""
    async with raw_connection(url) as connection:
        writing = asyncio.create_task(connection.write(2000 * (LIVE + b"\r\n"), LIVE + LAST))
        assert await served(url)
        heard = await connection.rest()
        await writing

    assert heard.statuses == 2001 * [200]


async def test_what_follows_a_request_is_not_its_answer(url: str) -> None:
    """A sound request before nonsense is answered, the nonsense is not, and that is the end."""
    heard = await answer_to(url, LIVE + b"\r\n" + b"NONSENSE\r\n\r\n")

    assert (heard.statuses, heard.ended) == ([200], True)


async def test_another_protocol_is_not_begun(url: str) -> None:
    """Who asks for another is served in this one, and nothing more is read from it."""
    upgrade = b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"

    assert (await answer_to(url, LIVE + upgrade + LIVE + b"\r\n")).statuses == [200]


async def test_half_a_connection_is_enough_to_be_answered(url: str) -> None:
    """Who has sent all and says so is answered; who says so in the midst of it is closed."""
    for sent, statuses in ((LIVE + b"\r\n", [200]), (LIVE, [])):
        async with raw_connection(url, sent) as connection:
            connection.writer.write_eof()
            heard = await connection.rest()

        assert (heard.statuses, heard.ended) == (statuses, True)


async def test_a_crowd_that_waits_makes_room(service: Service, logged: LogLines) -> None:
    """Who has kept the server waiting for longest goes when there are too many.

    So a flood of connections on which nothing comes locks nobody out, and is told of in few lines.
    """
    bounds = ServerBounds(20, HttpPatience(), Refusals(ManualClock()))
    async with service(bounds) as url:
        crowd = [await asyncio.open_connection(*url.removeprefix("http://").split(":"))]
        for _ in range(100):
            crowd.append(await asyncio.open_connection(*url.removeprefix("http://").split(":")))
            assert await served(url)
        for _, writer in crowd:
            writer.transport.abort()

    ended = logged.only("connection_ended")
    assert (ended["status"], ended["reason"]) == (None, "others needed the place")


async def test_a_crowd_that_is_served_is_not_added_to(tmp_path: Path) -> None:
    """Where all are being served, one more is 503 with a time to come again, never 401."""
    bounds = ServerBounds(3, HttpPatience(), Refusals(ManualClock()))
    async with running_auth_service(tmp_path, bounds=bounds) as auth:
        token = await auth.service_token("netra-backend")
        poll = (
            f"GET /revocations?after=0&wait=20 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}"
        )
        await auth.http.aclose()
        polls = []
        for _ in range(3):
            host, port = auth.url.removeprefix("http://").split(":")
            _, writer = await asyncio.open_connection(host, port)
            writer.write(poll.encode() + b"\r\n\r\n")
            polls.append(writer)

        async def refused() -> bool:
            heard = await answer_to(auth.url, LIVE + LAST)
            return heard.statuses == [503] and b"Retry-After: 2" in heard.content

        await eventually(refused, within=WITHIN)
        polls[0].transport.abort()
        await eventually(lambda: served(auth.url), within=WITHIN)
        for writer in polls:
            writer.transport.abort()


async def test_refusals_do_not_flood_the_log(service: Service, logged: LogLines) -> None:
    """A thousand of one kind are one line a minute, without a word of what was sent."""
    clock = ManualClock()
    bounds = ServerBounds(1000, HttpPatience(), Refusals(clock))
    nonsense = b"GET /?token=eyJhbGciOi HTTP/1.1\r\nAuthorization: Bearer eyJhbGciOi\r\n\r\n"
    async with service(bounds) as url:
        for _ in range(50):
            await answer_to(url, nonsense)
        assert logged.only("connection_ended")["not_logged_since"] == 0
        clock.advance(60)
        await answer_to(url, nonsense)

    assert [line["not_logged_since"] for line in logged.of("connection_ended")] == [0, 49]
    assert "eyJhbGciOi" not in logged.text


def test_the_servers_protocol_has_the_shape_that_is_relied_on() -> None:
    """Whoever brings another uvicorn reads its protocol anew: `BoundedHttp` has no public hooks."""
    base = HttpToolsProtocol
    source = inspect.getsource(base)

    assert uvicorn.__version__.startswith("0.54.")
    for name, ours in vars(BoundedHttp).items():
        if inspect.isfunction(ours) and hasattr(base, name) and name != "__init__":
            theirs = inspect.signature(getattr(base, name))
            assert list(inspect.signature(ours).parameters) == list(theirs.parameters), name
    for used in ("cycle", "flow", "parser", "pipeline", "connections", "headers", "url"):
        assert f"self.{used} = " in source or f"self.{used}: " in source, used
    for called in ("self._start_asgi_task(", "self.on_response_complete", "self.flow.resume_"):
        assert called in source, called
    cycle = inspect.getsource(RequestResponseCycle)
    for used in ("response_started", "response_complete", "disconnected", "message_event"):
        assert f"self.{used}" in cycle, used
    assert "self.transport.close()" in cycle
