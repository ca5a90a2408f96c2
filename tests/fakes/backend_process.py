"""The real backend as a process of its own, which a test may kill and start again.

It comes back at the same address, with the same store.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

from fakes.environments import backend_environment
from fakes.running_auth import SERVICE_SECRETS, RunningAuth, running_auth_service
from fakes.serving import listening_socket
from fakes.stores import owner_url, store_url
from fakes.timing import UNIT, eventually

_TESTS = Path(__file__).parents[1]


class BackendProcess:
    """A backend with its store in a folder.

    Args:
        folder: Where its store (or what stands for it, see `fakes.stores`) and its log are; a
            later process finds them again.
        auth_url: Its auth service, which must know the secret of `running_auth`.
        packages: Folders with installed packages besides, such as a test's agents.
        variables: What differs in its configuration.
    """

    def __init__(
        self, folder: Path, auth_url: str, packages: Sequence[Path] = (), **variables: str
    ) -> None:
        with listening_socket() as listener:
            self.port: int = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.store = folder / "netra-backend.db"
        self.log = folder / "netra-backend.jsonl"
        owner = owner_url(self.store)
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, (_TESTS, *packages))),
            **backend_environment(
                AUTH_SERVICE_URL=auth_url,
                SERVICE_SECRET=SERVICE_SECRETS["netra-backend"],
                DATABASE_URL=store_url(self.store),
                **({} if owner is None else {"DATABASE_OWNER_URL": owner}),
                PORT=str(self.port),
                ALLOWED_ORIGINS=self.url,
                **variables,
            ),
        }
        self._child: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Give the number of the running process."""
        assert self._child is not None
        return self._child.pid

    async def start(self) -> None:
        """Start it, and wait until it serves users."""
        with self.log.open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "netra_backend.app.main",
                "--migrate",
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False) as http:
            await eventually(lambda: self._is_ready(http), within=60 * UNIT)

    async def kill(self) -> None:
        """End it at once, as a power failure does: it hears nothing of it (signal 9)."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to end, and give its exit code."""
        return await self._end(signal.SIGTERM)

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


@asynccontextmanager
async def both_services(
    folder: Path, packages: Sequence[Path] = (), **variables: str
) -> AsyncIterator[tuple[RunningAuth, BackendProcess]]:
    """Run the real auth service in this process and the real backend beside it."""
    async with running_auth_service(folder) as auth:
        backend = BackendProcess(folder, auth.url, packages, **variables)
        try:
            await backend.start()
            yield auth, backend
        finally:
            await backend.kill()
