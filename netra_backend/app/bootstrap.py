"""Puts the backend together: settings become an `AppState`, an app and its background work.

What is opened here is closed here, in reverse.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from fastapi import FastAPI
from starlette.types import Lifespan

from netra.clock import Clock, SystemClock
from netra.errors import ConfigurationInvalid
from netra.principal import UserPrincipal
from netra.serving import Standby
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
from netra.wire.auth_api import Revocation, RevocationKind, SubjectStanding
from netra_backend.app.agents.catalogue import AgentCatalogue, installed_agents
from netra_backend.app.agents.tools.own_tools import OWN_TOOLS
from netra_backend.app.app_state import AppState, ServiceSessions
from netra_backend.app.auth_integration.revocations import RevocationFollower
from netra_backend.app.chat.turn import ChatTurns
from netra_backend.app.chat_page.routes import MARKDOWN_REFUSALS, markdown_router, page_router
from netra_backend.app.clients.auth_client_core import (
    AuthClientCore,
    AuthServiceClient,
    fetch_jwks,
)
from netra_backend.app.clients.circuit_breaker import CircuitBreaker
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.presence.alone import alone_at
from netra_backend.app.db.presence.opening import presence_at
from netra_backend.app.db.presence.port import Presence
from netra_backend.app.db.readiness import StoreNotReady, make_store_ready
from netra_backend.app.db.recovery.restored import settle_restored
from netra_backend.app.db.session import Database
from netra_backend.app.db.sessions.metrics import metrics_of
from netra_backend.app.db.sessions.service_session import service_authentication_context
from netra_backend.app.db.sessions.watch import SessionWatch
from netra_backend.app.error_handlers import add_error_handlers
from netra_backend.app.events.bus import MemoryBus
from netra_backend.app.events.writer import EventWriter
from netra_backend.app.middleware import add_middleware
from netra_backend.app.retention.janitor import Janitor
from netra_backend.app.routes import health, me, messages, metrics, sessions, threads, usage
from netra_backend.app.routes.problems import problems
from netra_backend.app.runs.engine import RunEngine
from netra_backend.app.runs.journal.engine import JournalRunEngine
from netra_backend.app.settings import Settings
from netra_backend.app.websocket_core.connection_registry import ConnectionRegistry
from netra_backend.app.websocket_core.endpoint import chat_socket_routes
from netra_backend.app.websocket_core.unified_websocket_auth import UnifiedWebSocketAuth

__all__ = ["StoreNotReady", "create_app", "make_store_ready", "settle_restored"]

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
    core = _asked_of_auth(settings, clock, breaker)
    source = key_source or _key_source(settings, core, clock)
    revocations = RevocationSet()
    verifier = AccessTokenVerifier(source, _rules(settings), clock, revocations)
    client = _auth_client(core, settings, verifier, clock, revocations)
    catalogue, models = _agents(settings) if catalogue is None else (catalogue, [])
    database = Database(open_engine(settings.database_url), clock)
    bus = MemoryBus()
    writer = EventWriter(database, bus)
    standing = _AskedStanding(client, revocations)
    presence = presence_at(settings.database_url, database.origin, bus)
    standby = Standby(begins=settings.standby_until_traffic)
    engine = JournalRunEngine(database, presence, writer, catalogue, standing, clock, None, standby)
    sockets = ConnectionRegistry(revocations, clock)
    follower = RevocationFollower(
        client, revocations, clock, on_applied=partial(_end_what_was_revoked, engine, sockets)
    )
    state = AppState(
        settings=settings,
        clock=clock,
        database=database,
        verifier=verifier,
        revocations=revocations,
        revocation_feed=follower,
        auth_client=client,
        auth_breaker=breaker,
        catalogue=catalogue,
        service_authentication_context=_service_sessions(database, settings, client),
        bus=bus,
        writer=writer,
        runs=engine,
        chat=ChatTurns(database, engine, catalogue, clock),
        metrics=metrics_of(database.life),
        standby=standby,
    )
    keys = [source.aclose] if isinstance(source, RemoteKeySource) else []
    opened = [database.aclose, core.aclose, *keys, client.aclose, *models]
    work = _work(state, partial(_keep_proving, client, settings), follower.run, presence)
    return _app(state, sockets, _lifespan(work, opened, sockets))


@dataclass(frozen=True, slots=True)
class BackgroundWork:
    """Work that goes on from start to stop, and what is done once it was ended."""

    name: str
    run: Callable[[], Awaitable[None]]
    aclose: Callable[[], Awaitable[None]] | None = None


def _work(
    state: AppState,
    proving: Callable[[], Awaitable[None]],
    following: Callable[[], Awaitable[None]],
    presence: Presence,
) -> Sequence[BackgroundWork]:
    """List what the process does by itself; what it does for others waits for the standby's end."""
    watch = SessionWatch(state.database.life)
    return (
        # It ends last, so that it sees what nobody closed.
        BackgroundWork("session_watch", watch.run, watch.aclose),
        BackgroundWork("own_credential_proof", proving),
        BackgroundWork("revocation_follower", following),
        # What runs still say while they stop is written: the writer ends after the engine.
        BackgroundWork("event_writer", state.writer.run),
        BackgroundWork("presence", presence.listen),
        BackgroundWork("run_engine", state.runs.run, state.runs.aclose),
        *_retention(state),
    )


def _retention(state: AppState) -> Sequence[BackgroundWork]:
    """Give the work of deleting, where there is any."""
    settings = state.settings
    if not settings.retention.has_work:
        return ()
    janitor = Janitor(
        settings.retention,
        state.service_authentication_context,
        partial(alone_at, settings.database_url, "retention"),
        state.auth_client.subject_standing,
        state.clock,
    )

    async def sweep_on_duty() -> None:
        await state.standby.over()
        await janitor.run()

    return (BackgroundWork("retention_janitor", sweep_on_duty),)


def _asked_of_auth(settings: Settings, clock: Clock, breaker: CircuitBreaker) -> AuthClientCore:
    return AuthClientCore(
        settings.auth_service_url, clock=clock, breaker=breaker, ca_path=settings.auth_ca_path
    )


def _auth_client(
    core: AuthClientCore,
    settings: Settings,
    verifier: AccessTokenVerifier,
    clock: Clock,
    revocations: RevocationSet,
) -> AuthServiceClient:
    return AuthServiceClient(
        core,
        settings.identity,
        settings.service_secret,
        verifier,
        clock,
        audience=settings.token_audience,
        revocations=revocations,
    )


def _lifespan(
    work: Sequence[BackgroundWork],
    closing: Sequence[Callable[[], Awaitable[None]]],
    sockets: ConnectionRegistry,
) -> Lifespan[FastAPI]:
    """Make the time between start and stop: sockets and work are ended, then all is closed."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for close in closing:
                stack.push_async_callback(close)
            for one in work:
                if one.aclose is not None:
                    stack.push_async_callback(one.aclose)
                task = asyncio.create_task(_supervised(one.name, one.run), name=one.name)
                stack.push_async_callback(_ended, task)
            stack.push_async_callback(sockets.aclose)
            yield

    return lifespan


def _app(state: AppState, sockets: ConnectionRegistry, lifespan: Lifespan[FastAPI]) -> FastAPI:
    app = FastAPI(
        title="Netra API",
        version="1",
        lifespan=lifespan,
        openapi_url="/openapi.json" if state.settings.publishes_openapi else None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # What the framework would tell others has been through no redaction of ours.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.netra = state
    routers = [room.router for room in (health, me, sessions, threads, messages, usage, metrics)]
    routers += [page_router(state.settings), markdown_router(problems(*MARKDOWN_REFUSALS))]
    auth = UnifiedWebSocketAuth(state.verifier, state.settings.allowed_origins, state.clock)
    routers.append(chat_socket_routes(auth, sockets))
    for router in routers:
        app.include_router(router)
    add_error_handlers(app, [route for router in routers for route in router.routes])
    add_middleware(app, state.clock, state.standby)
    return app


def _agents(
    settings: Settings,
) -> tuple[AgentCatalogue, Sequence[Callable[[], Awaitable[None]]]]:
    """Load the installed agents and that of the language model, and say what closes the latter."""
    installed = installed_agents(settings.surroundings)
    if settings.model is None:
        return installed, []
    try:
        # It takes a second to import, and what it needs is installed only where it is wanted.
        from netra_backend.app.agents.models.package import (  # noqa: PLC0415 - as said above
            ModelAgentPackage,
        )
    except ImportError as error:
        raise ConfigurationInvalid(
            f"NETRA_MODEL is set, but {error.name} is not installed: run `make llm`, or remove the"
            " variable."
        ) from error
    model = ModelAgentPackage(settings.model, (*OWN_TOOLS, *installed.tools))
    return installed.having("model", model), [model.aclose]


@dataclass(frozen=True, slots=True)
class _AskedStanding:
    """How a person stands, as the auth service says when there is doubt."""

    client: AuthServiceClient
    revocations: RevocationSet

    def is_in_doubt(self, principal: UserPrincipal) -> bool:
        return self.revocations.concerns(principal)

    async def __call__(self, principal: UserPrincipal) -> SubjectStanding:
        return await self.client.subject_standing(principal.user_id)


def _end_what_was_revoked(
    engine: RunEngine, sockets: ConnectionRegistry, items: tuple[Revocation, ...]
) -> None:
    sockets.end_revoked()
    engine.subjects_ended(
        {item.identifier for item in items if item.kind is RevocationKind.SUBJECT}
    )


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
