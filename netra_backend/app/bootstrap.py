"""Puts the backend together: settings become an `AppState`, an app and its background work.

What is opened here is closed here, in reverse.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

from fastapi import FastAPI
from starlette.types import Lifespan

from netra.clock import Clock, SystemClock
from netra.errors import NetraError
from netra.telemetry.log_events import event_logger
from netra.tokens import (
    AccessTokenVerifier,
    Algorithm,
    FixedKeySource,
    KeySet,
    RemoteKeySource,
    RevocationSet,
    VerificationRules,
)
from netra.tokens.key_source import KeySource
from netra_backend.app.agents.catalogue import AgentCatalogue, installed_agents
from netra_backend.app.app_state import AppState, ServiceSessions
from netra_backend.app.auth_integration.revocations import RevocationFollower
from netra_backend.app.clients.auth_client_core import (
    AuthClientCore,
    AuthServiceClient,
    fetch_jwks,
)
from netra_backend.app.clients.circuit_breaker import CircuitBreaker
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.schema_version import HEAD, stored_version
from netra_backend.app.db.session import Database, service_authentication_context
from netra_backend.app.error_handlers import add_error_handlers
from netra_backend.app.middleware import add_middleware
from netra_backend.app.routes import health, me, messages, sessions, threads
from netra_backend.app.settings import Settings

_PROOF_PAUSE_SECONDS: Final = 1.0
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30.0

_log = event_logger("bootstrap")


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    key_source: KeySource | None = None,
    catalogue: AgentCatalogue | None = None,
) -> FastAPI:
    """Make the app; it connects to nothing before it is started.

    Args:
        settings: What the process was told.
        clock: Where the time comes from; the machine's clock by default.
        key_source: Where the keys of tokens come from; by default the shared keys of the settings
            if there are any, else the auth service's published set.
        catalogue: The agents; by default the installed ones.

    Raises:
        ConfigurationInvalid: A setting or an installed agent cannot be used.
    """
    clock = clock or SystemClock()
    breaker = CircuitBreaker("auth_service", clock)
    core = AuthClientCore(
        settings.auth_service_url, clock=clock, breaker=breaker, ca_path=settings.auth_ca_path
    )
    source = key_source or _key_source(settings, core, clock)
    revocations = RevocationSet()
    verifier = AccessTokenVerifier(source, _rules(settings), clock, revocations)
    client = AuthServiceClient(
        core,
        settings.identity,
        settings.service_secret,
        verifier,
        clock,
        audience=settings.token_audience,
        revocations=revocations,
    )
    follower = RevocationFollower(client, revocations, clock)
    database = Database(open_engine(settings.database_url))
    state = AppState(
        settings=settings,
        clock=clock,
        database=database,
        verifier=verifier,
        revocations=revocations,
        revocation_feed=follower,
        auth_client=client,
        auth_breaker=breaker,
        catalogue=installed_agents() if catalogue is None else catalogue,
        service_authentication_context=_service_sessions(database, settings, client),
    )
    work: dict[str, Callable[[], Awaitable[None]]] = {
        "own_credential_proof": partial(_keep_proving, client, settings),
        "revocation_follower": follower.run,
    }
    keys = [source.aclose] if isinstance(source, RemoteKeySource) else []
    return _app(state, _lifespan(work, [database.aclose, core.aclose, *keys, client.aclose]))


def _lifespan(
    work: Mapping[str, Callable[[], Awaitable[None]]],
    closing: Sequence[Callable[[], Awaitable[None]]],
) -> Lifespan[FastAPI]:
    """Make the time between start and stop: work is begun, then ended, then all is closed."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for close in closing:
                stack.push_async_callback(close)
            for name, run in work.items():
                task = asyncio.create_task(_supervised(name, run), name=name)
                stack.push_async_callback(_ended, task)
            yield

    return lifespan


def _app(state: AppState, lifespan: Lifespan[FastAPI]) -> FastAPI:
    app = FastAPI(
        title="Netra API",
        version="1",
        lifespan=lifespan,
        openapi_url="/openapi.json" if state.settings.publishes_openapi else None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.netra = state
    routers = [room.router for room in (health, me, sessions, threads, messages)]
    for router in routers:
        app.include_router(router)
    add_error_handlers(app, [route for router in routers for route in router.routes])
    add_middleware(app, state.clock)
    return app


def _service_sessions(
    database: Database, settings: Settings, client: AuthServiceClient
) -> ServiceSessions:
    return partial(
        service_authentication_context,
        database=database,
        identity=settings.identity,
        validate=client.service_principal,
    )


def _rules(settings: Settings) -> VerificationRules:
    algorithm = Algorithm.HS256 if settings.shared_keys else Algorithm.ES256
    return VerificationRules(
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        algorithms=frozenset({algorithm}),
    )


def _key_source(settings: Settings, core: AuthClientCore, clock: Clock) -> KeySource:
    if settings.shared_keys:
        return FixedKeySource(KeySet.from_shared_secrets(*settings.shared_keys))
    return RemoteKeySource(partial(fetch_jwks, core), clock)


async def _keep_proving(client: AuthServiceClient, settings: Settings) -> None:
    """Keep the service's own credential proven; the client remembers, renews and backs off."""
    while True:
        await client.validate_service_user_context(
            settings.identity.service_id, "own_credential_proof"
        )
        await asyncio.sleep(_PROOF_PAUSE_SECONDS)


async def _supervised(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Begin work again whenever it ends, after a pause that grows while it ends soon."""
    loop = asyncio.get_running_loop()
    pause = _FIRST_PAUSE_SECONDS
    while True:
        began_at = loop.time()
        try:
            await work()
        except Exception:  # noqa: BLE001 - whatever ends background work, it is told and begun again
            _log.exception("background_work_failed", work=name, pause_seconds=pause)
        await asyncio.sleep(pause)
        lasted = loop.time() - began_at > _LONGEST_PAUSE_SECONDS
        pause = _FIRST_PAUSE_SECONDS if lasted else min(2 * pause, _LONGEST_PAUSE_SECONDS)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait((task,))


class StoreNotReady(NetraError):
    """The store's schema is not the one this revision needs."""

    code = "store_not_ready"


async def make_store_ready(settings: Settings, *, migrates: bool) -> None:
    """Look whether the store has the schema this revision needs, and migrate it if told to.

    Raises:
        StoreNotReady: It has not, and migration was not asked for.
        DatabaseUnavailable: The store could not be opened.
    """
    engine = open_engine(settings.database_url, creates=migrates)
    try:
        version = await stored_version(engine)
        if version == HEAD:
            return
        if not migrates:
            raise StoreNotReady(
                f"The store's schema is at version {version or 'none'} and this revision needs "
                f"{HEAD}: start with --migrate."
            )
        # Alembic takes a fifth of a second to import, which a ready store need not wait for.
        from netra_backend.app.db.migrate import migrate_to_head  # noqa: PLC0415 - as said above

        await migrate_to_head(engine)
        _log.info("store_migrated", before=version, after=HEAD)
    finally:
        await engine.dispose()
