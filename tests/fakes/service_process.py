"""A service as a process of its own, which a test may kill, freeze and start again.

It comes back at the same address, with the same store.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2

from fakes.serving import listening_socket
from fakes.timing import UNIT, eventually

_TESTS = Path(__file__).parents[1]


def free_port() -> int:
    """Give a port that nobody listens at."""
    with listening_socket() as listener:
        port: int = listener.getsockname()[1]
    return port


class ServiceProcess:
    """A service and its log.

    Args:
        module: What is started.
        port: Where it is told to listen.
        log: The file that its lines go to; a later process adds to it.
        environment: All that it is told.
        packages: Folders with installed packages besides, such as a test's agents.
    """

    def __init__(
        self,
        module: str,
        port: int,
        log: Path,
        environment: Mapping[str, str],
        packages: Sequence[Path] = (),
    ) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self._module = module
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, (_TESTS, *packages))),
            **environment,
        }
        self._child: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Give the number of the running process."""
        assert self._child is not None
        return self._child.pid

    async def start(self, arguments: Sequence[str] = ("--migrate",)) -> None:
        """Start it, and wait until it serves users."""
        with self.log.open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self._module, *arguments),
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await self.serves()

    async def serves(self) -> None:
        """Wait until it serves users."""
        async with httpx2.AsyncClient(
            base_url=self.url, trust_env=False, timeout=10 * UNIT
        ) as http:
            await eventually(lambda: self._is_ready(http), within=60 * UNIT)

    async def kill(self) -> None:
        """End it at once, as a power failure does: it hears nothing of it (signal 9)."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to end, and give its exit code."""
        return await self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Let it stand still, as a machine does that has been put to sleep."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on, knowing nothing of the time between."""
        os.kill(self.pid, signal.SIGCONT)

    def events(self, name: str) -> list[str]:
        """Give the lines of its log that tell of an event."""
        return [line for line in self.log.read_text().splitlines() if f'"{name}"' in line]

    async def _end(self, number: signal.Signals) -> int:
        child, self._child = self._child, None
        if child is None:
            return 0
        with suppress(ProcessLookupError):
            child.send_signal(number)
        return await asyncio.wait_for(child.wait(), 30 * UNIT)

    async def _is_ready(self, http: httpx2.AsyncClient) -> bool:
        assert self._child is not None
        assert self._child.returncode is None, self.log.read_text()[-4000:]
        try:
            answer: Any = await http.get("/health/ready")
        except httpx2.TransportError:
            return False
        return bool(answer.status_code == 200)
