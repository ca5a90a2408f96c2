"""The real backend under a real server on a free port, with a real store in a file."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Connection, event

from fakes.auth_service import BACKEND_SECRET, FakeAuthService
from fakes.environments import backend_environment
from fakes.issuer import BACKEND_SCOPES, Issuer
from fakes.postgres import SESSIONS
from fakes.serving import listening_socket, running
from fakes.stores import owner_url, store_url
from fakes.timing import UNIT
from netra.clock import Clock, SystemClock
from netra.contract.configuration import Configuration
from netra.contract.declared.netra_backend import CONTRACT
from netra.contract.loader import load
from netra.isolated_environment import IsolatedEnvironment
from netra.secret import Secret
from netra.serving import ServerBounds
from netra.tokens import FixedKeySource, KeySet
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.app_state import AppState
from netra_backend.app.bootstrap import create_app
from netra_backend.app.db.engine import Use, open_engine
from netra_backend.app.db.isolation.admission import ADMISSION, Admission
from netra_backend.app.db.migrate import migrate_to_head
from netra_backend.app.main import server_config
from netra_backend.app.settings import Settings

NOBODY: Final = "http://127.0.0.1:1"
"""An address at which no auth service answers."""

_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading the system's certificates costs a tenth of a second for every client."""


def backend_settings(store: Path, **variables: str | None) -> Settings:
    """Give settings as the process would take them from its environment."""
    given = {"DATABASE_URL": store_url(store), "AUTH_SERVICE_URL": NOBODY, "PORT": "0"}
    environment = IsolatedEnvironment.of(backend_environment(**{**given, **variables}))
    loaded = load(CONTRACT, environment)
    assert isinstance(loaded, Configuration), loaded
    return Settings.from_configuration(loaded)


async def migrated(store: Path) -> Path:
    """Bring a store to the schema the code needs, making the file if need be."""
    owner = owner_url(store)
    engine = open_engine(Secret(owner or store_url(store)), creates=True, use=Use.OWNERSHIP)
    await migrate_to_head(engine, None if owner is None else SESSIONS)
    await engine.dispose()
    return store


@dataclass(frozen=True)
class RunningBackend:
    """A backend that answers at `url` until its context ends, and who issues its tokens."""

    url: str
    app: FastAPI
    state: AppState
    store: Path
    issuer: Issuer

    def statements(self) -> list[str]:
        """Give a list that fills with what the sessions of principals ask from now on."""
        asked: list[str] = []

        def note(connection: Connection, _cursor: object, sql: str, *_more: object) -> None:
            # What the process does by itself at the same time is nobody's.
            if connection.get_execution_options().get(ADMISSION, Admission()).principal:
                asked.append(sql)

        event.listen(self.state.database._engine.sync_engine, "before_cursor_execute", note)
        return asked

    def client(self, token: str | None = None) -> httpx2.AsyncClient:
        """Give an HTTP client for one caller; without a token, an anonymous one."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx2.AsyncClient(
            base_url=self.url, headers=headers, verify=_NO_TLS, trust_env=False, timeout=10 * UNIT
        )

    def as_user(self, user_id: str) -> httpx2.AsyncClient:
        """Give an HTTP client with a user's token."""
        session_id = f"ses_{user_id.removeprefix('usr_')}"
        return self.client(self.issuer.user_token(user_id, session_id=session_id))

    def as_service(self, *scopes: str, service_id: str = "netra-backend") -> httpx2.AsyncClient:
        """Give an HTTP client with a service's token; by default with the seeded scopes."""
        granted = frozenset(scopes) or BACKEND_SCOPES
        return self.client(self.issuer.service_token(service_id, scopes=granted))


@asynccontextmanager
async def running_backend(
    store: Path,
    *,
    auth: FakeAuthService | None = None,
    settings: Settings | None = None,
    clock: Clock | None = None,
    catalogue: AgentCatalogue | None = None,
    prepare: Callable[[FastAPI], None] | None = None,
    port: int = 0,
    fetches_keys: bool = False,
    bounds: ServerBounds | None = None,
) -> AsyncIterator[RunningBackend]:
    """Run the backend for the length of the context, in this event loop.

    Args:
        store: Its SQLite file; brought to the needed schema first.
        auth: A running auth service, whose published keys and feed it then uses; without one its
            auth service does not answer and it is handed the keys of an issuer.
        settings: What it is told; by default what fits the auth service.
        clock: Its clock; by default the machine's.
        catalogue: Its agents; by default the installed ones.
        prepare: Adds a test's own routes to the app.
        port: Its port; 0 for any free one.
        fetches_keys: Whether the auth service of its settings is there and publishes its keys.
        bounds: What its clients may take; by default what a process of its own allows.
    """
    await migrated(store)
    if settings is None:
        variables = {}
        if auth is not None:
            variables = {
                "AUTH_SERVICE_URL": auth.issuer.url,
                "SERVICE_SECRET": BACKEND_SECRET.reveal(),
            }
        settings = backend_settings(store, **variables)
    issuer = auth.issuer if auth else Issuer(clock or SystemClock(), settings.token_issuer)
    own_source = fetches_keys or auth is not None or bool(settings.shared_keys)
    source = None if own_source else FixedKeySource(KeySet.of(issuer.key))
    app = create_app(settings, clock=clock, key_source=source, catalogue=catalogue)
    if prepare is not None:
        prepare(app)
    with listening_socket(port) as listener:
        host, port = listener.getsockname()
        scheme = "https" if settings.tls_certificate_path else "http"
        async with running(uvicorn.Server(server_config(app, settings, bounds)), listener):
            yield RunningBackend(f"{scheme}://{host}:{port}", app, app.state.netra, store, issuer)
