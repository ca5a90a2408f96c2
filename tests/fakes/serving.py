"""An ASGI app on a real socket of this machine, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn

from fakes.timing import UNIT, eventually


@dataclass(frozen=True, slots=True)
class Served:
    """Where the app is to be found."""

    port: int

    @property
    def url(self) -> str:
        """The address for HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket_url(self) -> str:
        """The address for sockets."""
        return f"ws://127.0.0.1:{self.port}"


def listening_socket(port: int = 0) -> socket.socket:
    """Give a socket of this machine that sends every answer at once.

    The event loop switches Nagle's algorithm off only for sockets that say they are TCP; with it
    every answer waits 40 ms for the client's delayed acknowledgement.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(2048)
    return listener


@asynccontextmanager
async def serving(app: Any, port: int = 0) -> AsyncIterator[Served]:
    """Serve an app until the block ends; then every connection is cut.

    Args:
        app: The ASGI app.
        port: A port to come back on, or 0 for any.
    """
    listener = listening_socket(port)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=0,
    )
    async with running(uvicorn.Server(config), listener):
        yield Served(listener.getsockname()[1])


@asynccontextmanager
async def running(server: uvicorn.Server, listener: socket.socket) -> AsyncIterator[None]:
    """Let a server serve until the block ends.

    It starts and ends in the steps of its own `serve`, but for two things: it takes no signals, and
    it is not waited for by the tenth of a second, in which thousands of tests would spend minutes.
    How a whole process stops is held by the tests that start one.
    """
    config, state = server.config, server.server_state
    if not config.loaded:
        config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    assert server.started
    ticking = asyncio.create_task(server.main_loop())
    try:
        yield
    finally:
        ticking.cancel()
        await asyncio.wait((ticking,))
        for listening in server.servers:
            listening.close()
        listener.close()
        for connection in list(state.connections):
            connection.shutdown()
        patience = config.timeout_graceful_shutdown
        with suppress(AssertionError):
            within = 10 * UNIT if patience is None else patience
            await eventually(lambda: not (state.connections or state.tasks), within=within)
        for task in state.tasks:
            task.cancel()
        for listening in server.servers:
            await listening.wait_closed()
        await server.lifespan.shutdown()
