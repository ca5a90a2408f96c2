"""The real backend as a process of its own, which a test may kill and start again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fakes.environments import backend_environment
from fakes.running_auth import SERVICE_SECRETS, RunningAuth, running_auth_service
from fakes.service_process import ServiceProcess, free_port
from fakes.stores import owner_url, store_url


class BackendProcess(ServiceProcess):
    """A backend with its store.

    Args:
        folder: Where its log is, and its store unless that is given.
        auth_url: Its auth service, which must know the secret of `running_auth`.
        packages: Folders with installed packages besides, such as a test's agents.
        store: Its store, as `stores` names it.
        variables: What differs in its configuration.
    """

    def __init__(
        self,
        folder: Path,
        auth_url: str,
        packages: Sequence[Path] = (),
        *,
        store: Path | None = None,
        **variables: str | None,
    ) -> None:
        self.store = store or folder / "netra-backend.db"
        port = free_port()
        told = {
            "AUTH_SERVICE_URL": auth_url,
            "SERVICE_SECRET": SERVICE_SECRETS["netra-backend"],
            "DATABASE_URL": store_url(self.store),
            "DATABASE_OWNER_URL": owner_url(self.store),
            "PORT": str(port),
            "ALLOWED_ORIGINS": f"http://127.0.0.1:{port}",
            **variables,
        }
        log = folder / f"netra-backend-{port}.jsonl"
        environment = backend_environment(**told)
        super().__init__("netra_backend.app.main", port, log, environment, packages)


@asynccontextmanager
async def both_services(
    folder: Path,
    packages: Sequence[Path] = (),
    *,
    store: Path | None = None,
    **variables: str | None,
) -> AsyncIterator[tuple[RunningAuth, BackendProcess]]:
    """Run the real auth service in this process and the real backend beside it."""
    async with running_auth_service(folder) as auth:
        backend = BackendProcess(folder, auth.url, packages, store=store, **variables)
        try:
            await backend.start()
            yield auth, backend
        finally:
            await backend.kill()
