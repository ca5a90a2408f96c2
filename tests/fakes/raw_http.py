"""Connections on which a test writes what no client library would, byte by byte, and may not read.

What a test expects of the answer is its own.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from fakes.timing import UNIT

WITHIN: Final = 10 * UNIT


@dataclass
class Heard:
    """What came back on a connection until it ended, and how that was."""

    content: bytes
    ended: bool
    reset: bool

    @property
    def statuses(self) -> list[int]:
        """Give the status of each answer, in order."""
        lines = self.content.split(b"HTTP/1.1 ")[1:]
        return [int(line[:3]) for line in lines]


@dataclass
class RawConnection:
    """An open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pieces: bytearray = field(default_factory=bytearray)

    async def write(self, *pieces: bytes) -> bool:
        """Write, and tell whether the other side took it all in time."""
        try:
            async with asyncio.timeout(WITHIN):
                for piece in pieces:
                    self.writer.write(piece)
                    await self.writer.drain()
        except (OSError, TimeoutError):
            return False
        return True

    async def rest(self, within: float = WITHIN) -> Heard:
        """Read until the other side ends the connection, or for as long as that may take."""
        ended, reset = True, False
        try:
            async with asyncio.timeout(within):
                while piece := await self.reader.read(65_536):
                    self.pieces += piece
        except TimeoutError:
            ended = False
        except ConnectionError:
            reset = True
        return Heard(bytes(self.pieces), ended, reset)

    async def until(self, mark: bytes) -> bytes:
        """Read up to a mark."""
        async with asyncio.timeout(WITHIN):
            return await self.reader.readuntil(mark)


@asynccontextmanager
async def raw_connection(
    url: str, *pieces: bytes, receives: int | None = None
) -> AsyncIterator[RawConnection]:
    """Open a connection and write on it; it is cut in the end.

    Args:
        url: Whose.
        pieces: What is written first.
        receives: What the kernel takes for who does not read.
    """
    host, port = url.removeprefix("http://").split(":")
    sock = socket.socket()
    if receives is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=sock, limit=receives or 65_536)
    connection = RawConnection(reader, writer)
    try:
        await connection.write(*pieces)
        yield connection
    finally:
        writer.transport.abort()


async def answer_to(url: str, *pieces: bytes) -> Heard:
    """Write on a connection of its own, and give all that came back until it ended."""
    async with raw_connection(url, *pieces) as connection:
        return await connection.rest()
