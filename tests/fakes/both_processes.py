"""Both services as processes of their own, with a wire between them that a test may cut."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fakes.auth_process import AuthProcess
from fakes.backend_process import BackendProcess
from fakes.relay import Relay, relay_to_port
from fakes.running_auth import AuthOverHttp


@dataclass(frozen=True)
class BothProcesses:
    """The services, the wire from the backend to the auth service, and the way past it."""

    auth: AuthProcess
    backend: BackendProcess
    wire: Relay
    people: AuthOverHttp


@asynccontextmanager
async def both_processes(
    folder: Path, store: Path, packages: Sequence[Path] = (), **variables: str | None
) -> AsyncIterator[BothProcesses]:
    """Run both services until the block ends.

    Args:
        folder: Where their logs are, and the auth service's store unless it has another.
        store: The backend's store.
        packages: Folders with installed packages of the backend.
        variables: What differs in the backend's configuration.
    """
    auth = AuthProcess(folder)
    async with relay_to_port(auth.port) as (wire, port), auth.reached() as people:
        told = {"TOKEN_ISSUER": auth.url, **variables}
        backend = BackendProcess(folder, f"http://127.0.0.1:{port}", packages, store=store, **told)
        try:
            await auth.start()
            await backend.start()
            yield BothProcesses(auth, backend, wire, people)
        finally:
            await backend.kill()
            await auth.kill()
