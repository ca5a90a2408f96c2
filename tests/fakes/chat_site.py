"""Both services as a browser meets them: the chat page on the backend, log-in on the auth service.

The services are real, on sockets of this machine. The backend can be stopped and comes back on its
own port, where the page looks for it.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fakes.running_auth import SERVICE_SECRETS, Person, RunningAuth, running_auth_service
from fakes.running_backend import RunningBackend, backend_settings, running_backend
from fakes.serving import listening_socket
from netra_backend.app.agents.catalogue import AgentCatalogue


@dataclass
class ChatSite:
    """Where the page is, and the two services behind it."""

    folder: Path
    port: int
    auth: RunningAuth
    catalogue: AgentCatalogue | None
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)
    _backend: RunningBackend | None = None

    @property
    def origin(self) -> str:
        """The page's origin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The page."""
        return f"{self.origin}/chat"

    @property
    def backend(self) -> RunningBackend:
        """The backend that runs now."""
        assert self._backend is not None
        return self._backend

    async def start_backend(self, **variables: str) -> None:
        """Run the backend, again on its port and with its store; some variables may differ."""
        usual = {
            "AUTH_SERVICE_URL": self.auth.url,
            "SERVICE_SECRET": SERVICE_SECRETS["netra-backend"],
            "ALLOWED_ORIGINS": self.origin,
        }
        settings = backend_settings(self.folder / "netra-backend.db", **{**usual, **variables})
        self._backend = await self._running.enter_async_context(
            running_backend(
                self.folder / "netra-backend.db",
                settings=settings,
                catalogue=self.catalogue,
                port=self.port,
                fetches_keys=True,
            )
        )

    async def stop_backend(self) -> None:
        """Stop the backend as a deployment does."""
        self._backend = None
        await self._running.aclose()

    async def person(self) -> Person:
        """Register somebody."""
        return await self.auth.registered_person()


@asynccontextmanager
async def chat_site(
    folder: Path,
    *,
    catalogue: AgentCatalogue | None = None,
    auth_variables: dict[str, str] | None = None,
) -> AsyncIterator[ChatSite]:
    """Run both services until the block ends.

    Args:
        folder: Where their stores live.
        catalogue: The backend's agents; by default the installed ones.
        auth_variables: Variables of the auth service that differ.
    """
    with listening_socket() as taken:
        port = int(taken.getsockname()[1])
    overrides = {"CHAT_ORIGINS": f"http://127.0.0.1:{port}", **(auth_variables or {})}
    async with running_auth_service(folder, overrides=overrides) as auth:
        site = ChatSite(folder, port, auth, catalogue)
        await site.start_backend()
        try:
            yield site
        finally:
            await site.stop_backend()
