"""What no session sees of a socket, held on real connections: frames by the thousand, no end.

Frames are written by hand here, because no library of clients sends such.
"""

import asyncio
import errno
import inspect
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import pytest
import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidStatus

from fakes.chat_socket import chat_socket
from fakes.log_lines import LogLines
from fakes.running_backend import RunningBackend
from fakes.timing import UNIT, eventually
from netra.wire.chat_protocol import CHAT_SUBPROTOCOL, Ping, Pong
from netra_backend.app.socket_server import (
    FLUSH_SECONDS,
    FRAGMENTS,
    WIRE_BURST,
    BoundedSocket,
)

TEXT, FIRST_PART, PART, PING, PONG = 0x81, 0x01, 0x00, 0x89, 0x8A
LAST_PART: Final = 0x80


def frame(kind: int, payload: bytes = b"") -> bytes:
    """Write a short frame, masked with zeros."""
    assert len(payload) < 126
    return bytes([kind, 0x80 | len(payload)]) + bytes(4) + payload


RESUME: Final = frame(TEXT, b'{"type":"resume","after":0}')


@dataclass
class RawSocket:
    """An open socket whose frames are written, and perhaps not read, by a test."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def pump(self, frames: bytes, times: int) -> int:
        """Write the same again and again until the other side takes no more; give how often."""
        for done in range(times):
            try:
                self.writer.write(frames)
                async with asyncio.timeout(UNIT):
                    await self.writer.drain()
            except (OSError, TimeoutError):
                return done
        return times

    async def rest(self) -> bytes:
        """Read until the connection ends, however it does."""
        read = bytearray()
        try:
            async with asyncio.timeout(10 * UNIT):
                while piece := await self.reader.read(65_536):
                    read += piece
        except ConnectionError:
            pass
        return bytes(read)


@asynccontextmanager
async def raw_socket(
    backend: RunningBackend, token: str, *, receives: int | None = None
) -> AsyncIterator[RawSocket]:
    """Open a socket by hand; `receives` bounds what the kernel takes for who does not read."""
    host, port = backend.url.removeprefix("http://").split(":")
    sock = socket.socket()
    if receives is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=sock, limit=receives or 65_536)
    writer.write(
        f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {CHAT_SUBPROTOCOL}\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 101 ")
    try:
        yield RawSocket(reader, writer)
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"", frame(PING)),
        (b"", frame(PONG)),
        (frame(FIRST_PART, b"{"), frame(PART)),
        (b"", frame(TEXT, b'{"type":"ping"}')),
    ],
    ids=["pings", "pongs", "empty parts", "texts"],
)
async def test_a_pump_of_frames_is_cut_off(
    backend: RunningBackend, logged: LogLines, first: bytes, again: bytes
) -> None:
    """Frames that no session sees count as well: 4429, and nothing more is read (checklist 56).

    What comes after the close is not read for long either, and others are served meanwhile.
    """
    token, bob = backend.issuer.user_token(), backend.issuer.user_token("usr_bob")
    async with raw_socket(backend, token) as chat, chat_socket(backend.url, bob) as other:
        await other.resume()
        chat.writer.write(RESUME + first)
        pumped = asyncio.create_task(chat.pump(again * 1000, 2000))
        await other.send(Ping())
        await other.hear(Pong)
        heard = await chat.rest()
        written = await pumped
        with pytest.raises(InvalidStatus, match="429"):
            async with chat_socket(backend.url, token):
                pass

    assert b"too many frames" in heard
    assert written < 2000
    ended = await eventually(lambda: logged.of("websocket_closed"), within=5 * UNIT)
    assert ended[0]["principal"] == "usr_alice"


async def test_a_message_has_so_many_parts(backend: RunningBackend) -> None:
    """Empty parts are no way to have the server remember without end (checklist 56)."""
    async with raw_socket(backend, backend.issuer.user_token()) as chat:
        chat.writer.write(RESUME + frame(FIRST_PART, b"{") + FRAGMENTS * frame(PART))
        heard = await chat.rest()

    assert b"too many frames" in heard
    assert FRAGMENTS < WIRE_BURST


async def test_a_message_in_parts_is_a_message(backend: RunningBackend) -> None:
    """Clients may write a frame in parts, with pings between them."""
    async with raw_socket(backend, backend.issuer.user_token()) as chat:
        chat.writer.write(RESUME + frame(FIRST_PART, b'{"type":') + frame(PING, b"between"))
        chat.writer.write(frame(PART, b'"ping"') + frame(LAST_PART, b',"nonce":"whole"}'))

        async with asyncio.timeout(5 * UNIT):
            await chat.reader.readuntil(b"between")
            await chat.reader.readuntil(b'"nonce":"whole"')


async def test_who_does_not_answer_a_close_is_cut_off(backend: RunningBackend) -> None:
    """The connection ends soon after the close, although the client says nothing."""
    async with raw_socket(backend, backend.issuer.user_token()) as chat:
        chat.writer.write(frame(TEXT, b"no frame"))
        began = asyncio.get_running_loop().time()
        heard = await chat.rest()
        took = asyncio.get_running_loop().time() - began

    assert b"bad frame" in heard
    assert took < FLUSH_SECONDS + 2 * UNIT


async def test_who_does_not_read_is_cut_off(backend: RunningBackend) -> None:
    """A close that cannot be sent ends the connection all the same, unread bytes and all.

    (checklist 56)
    """
    nonce = "n" * 64
    async with raw_socket(backend, backend.issuer.user_token(), receives=4096) as chat:
        transport = chat.writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        chat.writer.write(RESUME)
        await chat.pump(frame(TEXT, b'{"type":"ping","nonce":"' + nonce.encode() + b'"}'), 99)
        connection = chat.writer.get_extra_info("socket")
        chat.writer.write(frame(TEXT, b"no frame"))

        code = await eventually(
            lambda: connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR),
            within=FLUSH_SECONDS + 10 * UNIT,
        )

    assert code == errno.ECONNRESET


def test_the_servers_protocol_has_the_shape_that_is_relied_on() -> None:
    """Whoever brings another uvicorn reads its protocol anew: `BoundedSocket` has no public hooks.

    No frame is handed on but by a method that counts it, and what is overridden is still called.
    """
    base = WebSocketsSansIOProtocol
    handed_on = {name for name in vars(base) if name.startswith("handle_")}
    source = inspect.getsource(base)

    assert uvicorn.__version__.startswith("0.54.")
    assert handed_on == {
        "handle_connect",
        "handle_events",
        "handle_parser_exception",
        "handle_close",
        "handle_text",
        "handle_bytes",
        "handle_cont",
        "handle_ping",
        "handle_pong",
    }
    for name, ours in vars(BoundedSocket).items():
        if inspect.isfunction(ours) and hasattr(base, name):
            theirs = inspect.signature(getattr(base, name))
            assert list(inspect.signature(ours).parameters) == list(theirs.parameters), name
    for used in ("handshake_complete", "close_sent", "disconnected", "read_paused", "frames"):
        assert f"self.{used} = " in source or f"self.{used}: " in source, used
    for called in ("data_received", "run_asgi", "stop_keepalive", "keepalive_timeout", "shutdown"):
        assert f"def {called}(" in source, called
