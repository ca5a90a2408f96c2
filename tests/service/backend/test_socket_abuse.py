"""Handshakes and frames that are none, peers that are gone, and crowds with bad tokens.

How many frames a socket may send is held in `test_bounded_socket`.
"""

import asyncio
import json
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest

from fakes.chat_socket import chat_socket
from fakes.clock import ManualClock
from fakes.log_lines import LogLines
from fakes.raw_http import Heard, answer_to, raw_connection
from fakes.running_backend import RunningBackend, running_backend
from fakes.timing import UNIT, eventually
from netra.serving import HttpPatience, Refusals, ServerBounds
from netra.wire.chat_protocol import CHAT_SUBPROTOCOL, MAX_FRAME_BYTES, Ping, Pong
from netra_backend.app.socket_server import FLUSH_SECONDS

CONTINUED, TEXT, CLOSE, PING = 0x0, 0x1, 0x8, 0x9
LAST: Final = 0x80
HANDSHAKE: Final = {
    "Host": "x",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": CHAT_SUBPROTOCOL,
}


def frame(first: int, payload: bytes = b"", *, size: int | None = None, mask: int = 0x80) -> bytes:
    """Write a frame, masked with zeros; `size` is what it says of its payload."""
    said = len(payload) if size is None else size
    if said < 126:
        head = bytes([first, mask | said])
    elif said < 65_536:
        head = bytes([first, mask | 126]) + struct.pack("!H", said)
    else:
        head = bytes([first, mask | 127]) + struct.pack("!Q", said)
    return head + (bytes(4) if mask else b"") + payload


def handshake(
    token: str, *more: str, line: str = "GET /ws HTTP/1.1", **changed: str | None
) -> bytes:
    """Write a handshake with some headers changed, left out or added."""
    headers = HANDSHAKE | {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([line, *lines, f"Authorization: Bearer {token}", *more, "", ""]).encode()


def close_code(heard: Heard) -> int | None:
    """Give the code of the close at the end of what was heard."""
    data, code = heard.content.partition(b"\r\n\r\n")[2], None
    while data:
        size, rest = data[1], data[2:]
        if size == 126:
            size, rest = struct.unpack("!H", rest[:2])[0], rest[2:]
        payload, data, kind = rest[:size], rest[size:], data[0] & 0xF
        if kind == CLOSE:
            (code,) = struct.unpack("!H", payload[:2])
    return code


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        ([frame(LAST | TEXT, (MAX_FRAME_BYTES + 1) * b"x")], 1009),
        ([frame(LAST | TEXT, size=2**62)], 1009),
        ([frame(LAST | TEXT, size=2**64 - 1)], 1009),
        ([frame(TEXT, 200_000 * b"x"), frame(LAST | CONTINUED, 70_000 * b"x")], 1009),
        ([frame(TEXT, b"x"), *(300 * [frame(CONTINUED, 1500 * b"x")])], 1009),
        ([frame(LAST | TEXT, b"\xff\xfe")], 1007),
        ([frame(TEXT, b"\xc3"), frame(LAST | CONTINUED, b"\x28")], 1007),
        ([frame(LAST | TEXT, b"{}", mask=0)], 1002),
        ([frame(LAST | 0x40 | TEXT, b"{}")], 1002),
        ([frame(LAST | 0x20 | TEXT, b"{}")], 1002),
        ([frame(LAST | 0x10 | TEXT, b"{}")], 1002),
        ([frame(LAST | 0x3, b"{}")], 1002),
        ([frame(LAST | 0xB, b"{}")], 1002),
        ([frame(LAST | PING, 126 * b"x")], 1002),
        ([frame(PING, b"x")], 1002),
        ([frame(LAST | CONTINUED, b"x")], 1002),
        ([frame(TEXT, b"x"), frame(LAST | TEXT, b"y")], 1002),
        ([frame(LAST | CLOSE, b"\x03")], 1002),
        ([frame(LAST | CLOSE, struct.pack("!H", 1005))], 1002),
        ([b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"], 1002),
        ([frame(LAST | CLOSE, struct.pack("!H", 1000))], 1000),
    ],
    ids=[
        "large frame",
        "frame said to be huge",
        "frame said to be beyond all",
        "large message in parts",
        "parts without end",
        "not UTF-8",
        "not UTF-8 in parts",
        "unmasked",
        "first reserved bit",
        "second reserved bit",
        "third reserved bit",
        "reserved opcode",
        "reserved control opcode",
        "long ping",
        "ping in parts",
        "part of nothing",
        "message within another",
        "close too short",
        "close with no code of the wire",
        "HTTP",
        "a close",
    ],
)
async def test_what_is_no_frame_ends_the_socket(
    backend: RunningBackend, logged: LogLines, pieces: list[bytes], code: int
) -> None:
    """Each is closed with the code RFC 6455 has for it, which the client can read.

    Others go on, and nobody's log has an error of ours in it.
    """
    alice, bob = backend.issuer.user_token(), backend.issuer.user_token("usr_bob")
    async with (
        chat_socket(backend.url, bob) as other,
        raw_connection(backend.url, handshake(alice)) as connection,
    ):
        await other.resume()
        connection.pieces += await connection.until(b"\r\n\r\n")
        await connection.write(frame(LAST | TEXT, b'{"type":"resume"}'), *pieces)
        heard = await connection.rest()
        await other.send(Ping())
        await other.hear(Pong)

    assert (close_code(heard), heard.ended, heard.reset) == (code, True, False)

    def ended() -> list[object]:
        lines = logged.of("websocket_closed")
        return [line["close_code"] for line in lines if line["principal"] == "usr_alice"]

    assert await eventually(ended, within=5 * UNIT) == [code]
    assert not [line for line in logged.all() if line["severity"] == "ERROR"]


TOO_MANY: Final = [f"X-{number}: a" for number in range(150)]


@pytest.mark.parametrize(
    ("make", "status"),
    [
        (lambda token: handshake(token, Sec_WebSocket_Version="12"), 426),
        (lambda token: handshake(token, Sec_WebSocket_Version=None), 426),
        (lambda token: handshake(token, "Sec-WebSocket-Version: 13"), 426),
        (lambda token: handshake(token, Sec_WebSocket_Key=None), 400),
        (lambda token: handshake(token, Sec_WebSocket_Key="AAAA"), 400),
        (lambda token: handshake(token, Sec_WebSocket_Key="!"), 400),
        (lambda token: handshake(token, f"Sec-WebSocket-Key: {22 * 'A'}=="), 400),
        (lambda token: handshake(token, Sec_WebSocket_Protocol=f"a b, bearer.{token}"), 400),
        (lambda token: handshake(token, Sec_WebSocket_Protocol=20_000 * "a,"), 400),
        (lambda token: handshake(token, Sec_WebSocket_Protocol=2_000_000 * "a,"), 431),
        (lambda token: handshake(token, *TOO_MANY), 431),
        (lambda token: handshake(token, f"X: {9000 * 'a'}"), 400),
        (lambda token: handshake(token, line=f"GET /{9000 * 'a'} HTTP/1.1"), 400),
        (lambda token: handshake(token, "Content-Length: 3") + b"abc", 400),
        (lambda token: handshake(token, "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
        (lambda token: handshake(token, line="POST /ws HTTP/1.1"), 400),
        (lambda token: handshake(token, line="GET /ws HTTP/1.0"), 400),
        (lambda token: handshake(token, Host=None), 400),
        (lambda token: handshake(token, Upgrade="h2c, websocket"), 400),
    ],
    ids=[
        "old version",
        "no version",
        "two versions",
        "no key",
        "short key",
        "key that is none",
        "two keys",
        "subprotocols that are none",
        "thousands of subprotocols",
        "millions of subprotocols",
        "many headers",
        "long header",
        "long address",
        "a body",
        "a body in chunks",
        "another method",
        "older HTTP",
        "no host",
        "a choice of protocols",
    ],
)
async def test_what_is_no_handshake_is_answered(
    backend: RunningBackend, logged: LogLines, make: Callable[[str], bytes], status: int
) -> None:
    """It is a problem document and the end of the connection, and its token is told nowhere."""
    token = backend.issuer.user_token()
    heard = await answer_to(backend.url, make(token))

    assert (heard.statuses, heard.ended, heard.reset) == ([status], True, False)
    head, _, body = heard.content.partition(b"\r\n\r\n")
    assert json.loads(body)["status"] == status
    assert (status == 426) == (b"Sec-WebSocket-Version: 13" in head)
    assert token.encode() not in heard.content
    assert token not in logged.text


async def test_a_handshake_may_be_written_with_its_host(backend: RunningBackend) -> None:
    """The form that proxies are sent leads to the same socket."""
    line = "GET http://elsewhere.example/ws HTTP/1.1"
    token = backend.issuer.user_token()
    async with raw_connection(backend.url, handshake(token, line=line)) as connection:
        assert b" 101 " in await connection.until(b"\r\n\r\n")


async def test_a_handshake_behind_an_unanswered_request_is_none(tmp_path: Path) -> None:
    """Frames must not come where an answer is due: the request has its answer, and that is all."""
    async with running_backend(tmp_path / "netra.db") as backend:
        plain = b"GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n"
        heard = await answer_to(backend.url, plain + handshake(backend.issuer.user_token()))

    assert len(heard.statuses) == 1
    assert 101 not in heard.statuses


@pytest.fixture
async def hasty(store: Path) -> AsyncIterator[RunningBackend]:
    """Run the backend with bounds that a test need not wait for."""
    times = HttpPatience(head=0.3 * UNIT, flush=0.3 * UNIT)
    bounds = ServerBounds(1000, times, Refusals(ManualClock()), silence=0.3 * UNIT)
    async with running_backend(store, bounds=bounds) as backend:
        yield backend


async def test_a_handshake_that_is_not_finished_is_timed_out(hasty: RunningBackend) -> None:
    """A handshake is a request until it is whole, and has the same time."""
    heard = await answer_to(hasty.url, handshake(hasty.issuer.user_token())[:-2])

    assert (heard.statuses, heard.ended) == ([408], True)


async def test_a_peer_that_is_gone_is_noticed(hasty: RunningBackend, logged: LogLines) -> None:
    """Who answers no ping is taken for gone after as long again, and its socket ends.

    Nothing says so when a machine vanishes: in earnest it is noticed within 40 seconds, and cut
    off at most 5 later.
    """
    token = hasty.issuer.user_token()
    async with raw_connection(hasty.url, handshake(token)) as connection:
        connection.pieces += await connection.until(b"\r\n\r\n")
        heard = await connection.rest()
        ended = await eventually(
            lambda: logged.of("websocket_closed"), within=FLUSH_SECONDS + 5 * UNIT
        )

    assert close_code(heard) == 1011
    assert ended[0]["closed_by"] == "client"
    assert ServerBounds(1).silence == 20


async def test_half_a_socket_is_none(backend: RunningBackend, logged: LogLines) -> None:
    """A client that says it will send no more has left, with or without a close."""
    async with raw_connection(backend.url, handshake(backend.issuer.user_token())) as connection:
        connection.pieces += await connection.until(b"\r\n\r\n")
        connection.writer.write_eof()
        heard = await connection.rest()

    assert heard.ended
    await eventually(lambda: logged.of("websocket_closed"), within=5 * UNIT)


@pytest.mark.long
async def test_a_crowd_with_bad_tokens_is_refused(
    backend: RunningBackend, logged: LogLines
) -> None:
    """Thousands of handshakes are each 401 before `accept`, and nobody else is shut out.

    (checklist 54) A user talks all the while from the same address, and comes in anew. Each
    attempt is one line of the log, its reason one a minute, and no token is in any.
    """
    bad = [backend.issuer.user_token(session_id=f"ses_{n}")[:-8] + "AAAAAAAA" for n in range(40)]
    statuses: Counter[int] = Counter()
    over = asyncio.Event()

    async def crowd(token: str) -> None:
        while not over.is_set():
            statuses.update((await answer_to(backend.url, handshake(token))).statuses)

    crowding = [asyncio.create_task(crowd(token)) for token in bad]
    alice = backend.issuer.user_token()
    async with chat_socket(backend.url, alice) as chat:
        await chat.resume()
        while statuses.total() < 2000:
            accepted = await chat.say("who am I")
            await chat.hear_end(accepted.run_id)
            async with chat_socket(backend.url, alice) as another:
                await another.resume()
    over.set()
    await asyncio.gather(*crowding)

    assert set(statuses) == {401}
    attempts = [
        line for line in logged.of("http_request") if line["httpRequest"].get("status") == 401
    ]
    assert len(attempts) == statuses[401]
    assert len(logged.of("authentication_refused")) == 1
    assert not [token for token in bad if token in logged.text]
