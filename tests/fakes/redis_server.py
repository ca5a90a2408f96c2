"""A real Redis of a test's own, on a port of its own, which can be stopped and started again."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fakes.requirements import require
from fakes.serving import listening_socket

PASSWORD = "kX4vTq9mZs2Rb7Nf0Wd5"


class RedisServer:
    """The server's process; `url` stays the same across a restart."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{port}/0"

    async def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        arguments = ("--port", str(self._port), "--bind", "127.0.0.1", "--save", "")
        self._process = await asyncio.create_subprocess_exec(
            "redis-server",
            *arguments,
            "--requirepass",
            PASSWORD,
            cwd=self._folder,
            stdout=asyncio.subprocess.DEVNULL,
        )
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                assert self._process.returncode is None
                await asyncio.sleep(0.01)
            else:
                writer.close()
                await writer.wait_closed()
                return

    async def stop(self) -> None:
        """Stop it; nothing it held is kept."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


@asynccontextmanager
async def redis_server(folder: Path) -> AsyncIterator[RedisServer]:
    """Run a Redis until the block ends; skip the test where there is none."""
    available = shutil.which("redis-server") is not None
    require("redis", available, "redis-server is not installed (Debian: redis-server)")
    with listening_socket(0) as listener:
        port = listener.getsockname()[1]
    server = RedisServer(folder, port)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
