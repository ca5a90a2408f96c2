"""The real auth service as a process of its own, which a test may kill and start again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from fakes.running_auth import AuthOverHttp, auth_variables
from fakes.service_process import ServiceProcess, free_port
from fakes.timing import UNIT


class AuthProcess(ServiceProcess):
    """An auth service with its store.

    Args:
        folder: Where its log is, and its store unless `running_auth.stores` has another.
        variables: What differs in its configuration.
    """

    def __init__(self, folder: Path, **variables: str | None) -> None:
        port = free_port()
        environment = auth_variables(folder, port, **variables)
        super().__init__("netra_auth.main", port, folder / "netra-auth.jsonl", environment)

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[AuthOverHttp]:
        """Talk to it until the block ends, whatever becomes of it meanwhile."""
        async with httpx2.AsyncClient(base_url=self.url, timeout=30 * UNIT) as http:
            yield AuthOverHttp(self.url, http)
