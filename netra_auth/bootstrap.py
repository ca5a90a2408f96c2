"""Settings in, a running service's parts out; and the application put together from them."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from fastapi import FastAPI, Request, Response

from netra.clock import Clock, SystemClock
from netra.errors import NetraError
from netra.telemetry import RequestContext, event_logger, request_record
from netra_auth.api import (
    admin,
    admin_audit,
    authorize,
    cross_origin,
    health,
    introspection,
    login,
    metadata,
    own_session,
    revocation,
    revocation_feed,
    subjects,
    token,
    users,
)
from netra_auth.api.cross_origin import CrossOrigin
from netra_auth.api.pages import Pages
from netra_auth.api.state import AuthState
from netra_auth.audit import AuditTrail
from netra_auth.audit.records import AuditRecords
from netra_auth.error_handlers import add_error_handlers
from netra_auth.grants.access_tokens import AccessTokens
from netra_auth.grants.authorization_code import AuthorizationCodes
from netra_auth.grants.client_credentials import ClientCredentials
from netra_auth.grants.clients import Clients
from netra_auth.grants.introspection import Introspection
from netra_auth.grants.own_tokens import OwnTokens
from netra_auth.grants.public_clients import public_clients
from netra_auth.grants.refresh_token import RefreshTokens
from netra_auth.grants.revocation import TokenRevocation
from netra_auth.identities.logins import Logins
from netra_auth.identities.passwords import PasswordHasher
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.service_accounts import ServiceAccounts
from netra_auth.identities.sessions import Sessions
from netra_auth.identities.users import Users
from netra_auth.keyring.keyring import open_keyring
from netra_auth.settings import Settings
from netra_auth.store.engine import Database
from netra_auth.store.schema_version import require_head

_log = event_logger("netra_auth.bootstrap")

# A request is compared with one router after the other: what is asked most comes first.
ROUTERS: Final = (
    token.router,
    introspection.router,
    revocation_feed.router,
    metadata.router,
    health.router,
    authorize.router,
    revocation.router,
    subjects.router,
    users.router,
    admin.router,
    admin_audit.router,
    own_session.router,
    login.router,
    cross_origin.router,
)

_MAX_BODY_BYTES: Final = 65_536
"""No form or document this service takes is larger."""


@asynccontextmanager
async def opened_state(settings: Settings, clock: Clock) -> AsyncIterator[AuthState]:
    """Build the service's parts, and close what was opened.

    Raises:
        StoreNotAtHead: The store has another version than this code works with.
        KeyringUnusable: The store's signing key cannot be used with this configuration.
        DatabaseUnavailable: The store cannot be reached.
    """
    database = Database(settings.database_url)
    try:
        await require_head(database)
        state = await _state(settings, database, clock)
        _log.info(
            "auth_service_opened",
            trust_mode=settings.trust_mode.value,
            issuer=settings.issuer_url,
            kid=state.keyring.signing_key.kid,
        )
        yield state
        state.revocations.close()
    finally:
        await database.close()


async def _state(settings: Settings, database: Database, clock: Clock) -> AuthState:
    audit = AuditTrail(database, clock)
    keyring = await open_keyring(settings, database, audit, clock)
    accounts = ServiceAccounts(database, audit, clock)
    await accounts.seed(settings.services)
    hasher = PasswordHasher()
    await hasher.prepare()
    revocations = Revocations(database, clock)
    sessions = Sessions(database, revocations, clock)
    known_clients = public_clients(settings.chat_origins)
    own_tokens = OwnTokens(settings, keyring, accounts, sessions, revocations, clock)
    access_tokens = AccessTokens(settings, keyring, clock)
    refresh_tokens = RefreshTokens(database, sessions, access_tokens, audit, clock)
    return AuthState(
        settings=settings,
        clock=clock,
        database=database,
        keyring=keyring,
        audit=audit,
        audit_records=AuditRecords(database),
        revocations=revocations,
        sessions=sessions,
        users=Users(database, hasher, sessions, revocations, audit, clock),
        logins=Logins(database, hasher, sessions, audit),
        public_clients=known_clients,
        clients=Clients(known_clients, accounts, audit),
        own_tokens=own_tokens,
        authorization_codes=AuthorizationCodes(
            database, sessions, access_tokens, refresh_tokens, audit, clock
        ),
        refresh_tokens=refresh_tokens,
        client_credentials=ClientCredentials(database, access_tokens, audit),
        introspection=Introspection(settings, database, own_tokens, audit, clock),
        token_revocation=TokenRevocation(
            settings, database, own_tokens, sessions, revocations, audit, clock
        ),
        pages=Pages(settings.issuer_url, secure=settings.secure_cookies),
    )


def create_app(
    settings: Settings, *, state: AuthState | None = None, clock: Clock | None = None
) -> FastAPI:
    """Put the application together.

    With a `state` it serves from that, whose owner closes it; without one it opens its own at its
    start and closes it at its end.
    """
    used_clock = state.clock if state else clock or SystemClock()

    def lifespan(app: FastAPI) -> AbstractAsyncContextManager[None]:
        return _lifespan(app, settings, used_clock)

    app = FastAPI(
        title="Netra Auth",
        version=settings.revision,
        openapi_url=None if settings.is_production else "/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan if state is None else None,
    )
    if state is not None:
        app.state.netra = state
    app.add_middleware(RequestContext, clock=used_clock, max_body_bytes=_MAX_BODY_BYTES)
    # Added last, so outermost: a page reads what `RequestContext` answers too.
    app.add_middleware(CrossOrigin, origins=frozenset(settings.chat_origins))
    add_error_handlers(app, _problem_page)
    for router in ROUTERS:
        # As `include_router`, which would have each request look through every router first.
        app.router.routes.extend(router.routes)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI, settings: Settings, clock: Clock) -> AsyncIterator[None]:
    async with opened_state(settings, clock) as state:
        app.state.netra = state
        yield


def _problem_page(request: Request, error: NetraError) -> Response:
    state: AuthState = request.app.state.netra
    return state.pages.render(
        request,
        "problem.html",
        status=error.status,
        problem=error.public_text,
        detail=error.detail,
        request_id=request_record(request.scope).request_id,
    )
