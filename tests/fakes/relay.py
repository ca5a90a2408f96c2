"""A wire between a client and a server that a test cuts, silences and slows down.

It passes bytes on and knows nothing of what they mean. It is a TCP port of this machine, or a Unix
socket, as PostgreSQL's clients look for it in a folder.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_CHUNK = 65_536


class Relay:
    """The wire itself; whole when it is made.

    Args:
        connect: Opens a connection to the server.
    """

    def __init__(self, connect: Callable[[], Awaitable[Opened]]) -> None:
        self._connect = connect
        self._is_cut = False
        self._delay = 0.0
        self._passes = asyncio.Event()
        self._passes.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.passed = 0
        """How many bytes went through, in either direction."""

    def cut(self) -> None:
        """Break every connection, and each new one at once."""
        self._is_cut = True
        for writer in list(self._writers):
            writer.transport.abort()

    def silence(self) -> None:
        """Take everything and pass nothing on, as a firewall does that drops packets."""
        self._passes.clear()

    def slow(self, seconds: float) -> None:
        """Let whatever passes wait so long."""
        self._delay = seconds

    def mend(self) -> None:
        """Be whole again; what was held passes."""
        self._is_cut = False
        self._delay = 0.0
        self._passes.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end closes it."""
        if self._is_cut:
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            far_reader, far_writer = await self._connect()
        except OSError:
            writer.transport.abort()
            self._writers.discard(writer)
            return
        self._writers.add(far_writer)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, far_writer))
                pumps.create_task(self._pump(far_reader, writer))
        finally:
            for end in (writer, far_writer):
                end.transport.abort()
                self._writers.discard(end)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                await asyncio.sleep(self._delay)
                await self._passes.wait()
                writer.write(chunk)
                await writer.drain()
                self.passed += len(chunk)
        if not writer.is_closing():
            with suppress(OSError):
                writer.write_eof()


@asynccontextmanager
async def relay_to_port(port: int) -> AsyncIterator[tuple[Relay, int]]:
    """Put a wire before a port of this machine; give it and its own port."""
    relay = Relay(lambda: asyncio.open_connection("127.0.0.1", port))
    async with _served(relay, await asyncio.start_server(relay.serve, "127.0.0.1", 0)) as server:
        yield relay, server.sockets[0].getsockname()[1]


@asynccontextmanager
async def relay_to_socket(path: Path, target: Path) -> AsyncIterator[Relay]:
    """Put a wire at one path before the Unix socket at another."""
    relay = Relay(lambda: asyncio.open_unix_connection(target))
    async with _served(relay, await asyncio.start_unix_server(relay.serve, path)):
        yield relay


@asynccontextmanager
async def _served(relay: Relay, server: asyncio.Server) -> AsyncIterator[asyncio.Server]:
    try:
        yield server
    finally:
        server.close()
        relay.cut()
        relay.mend()
        await server.wait_closed()
