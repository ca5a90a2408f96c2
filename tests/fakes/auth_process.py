"""The real auth service as a process of its own, which a test may kill and start again."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx2

from fakes.environments import auth_environment, service_registry
from fakes.running_auth import ENCRYPTION_KEY, SERVICE_SECRETS, AuthOverHttp, auth_variables
from fakes.service_process import ServiceProcess, free_port
from fakes.timing import UNIT, eventually_blocking


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


def variables(folder: Path, **overrides: str | None) -> dict[str, str]:
    """Write a valid configuration with the store in a folder."""
    values: dict[str, str | None] = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'netra-auth.db'}",
        "KEYRING_ENCRYPTION_KEY": ENCRYPTION_KEY,
        "SERVICE_REGISTRY": service_registry(SERVICE_SECRETS),
        **overrides,
    }
    return auth_environment(**values)


@contextmanager
def served(
    folder: Path,
    arguments: Sequence[str] = ("--migrate",),
    first_lines: list[str] | None = None,
    **overrides: str | None,
) -> Iterator[tuple["subprocess.Popen[str]", httpx2.Client]]:
    """Run the service as a process of its own until the block ends.

    Args:
        folder: Where its store is, unless `DATABASE_URL` says otherwise.
        arguments: Of its command line.
        first_lines: Gets the lines of its log until it listens; the rest is the process's output.
        overrides: Variables of its configuration that differ.
    """
    values = variables(folder, PORT="0", **overrides)
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-m", "netra_auth.main", *arguments],
        env=values,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = ""
        while not url:
            text = process.stdout.readline()
            (first_lines if first_lines is not None else []).append(text)
            line = json.loads(text)
            if line["event"] == "listening":
                url = line["url"]
        with httpx2.Client(base_url=url, timeout=30) as http:
            eventually_blocking(
                lambda: http.get("/health/ready").status_code == 200, within=10 * UNIT
            )
            yield process, http
    finally:
        process.terminate()
        process.communicate(timeout=20 * UNIT)
