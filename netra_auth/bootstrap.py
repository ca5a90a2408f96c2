"""Settings in, a running service's parts out; and the application put together from them."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from fastapi import FastAPI, Request, Response

from netra.clock import Clock, SystemClock
from netra.errors import NetraError
from netra.telemetry import RequestContext, event_logger, request_record
from netra.wire.auth_api import AUTH_AUDIENCE
from netra_auth.api import (
    account,
    admin,
    admin_audit,
    admin_keys,
    admin_services,
    admin_users,
    authorize,
    consent,
    cross_origin,
    health,
    introspection,
    login,
    login_second_factor,
    metadata,
    metrics,
    own_account,
    own_session,
    revocation,
    revocation_feed,
    second_factor,
    subjects,
    token,
    userinfo,
    users,
)
from netra_auth.api.cross_origin import CrossOrigin
from netra_auth.api.pages import Pages
from netra_auth.api.state import AuthState
from netra_auth.audit import AuditTrail
from netra_auth.audit.records import AuditRecords
from netra_auth.error_handlers import add_error_handlers
from netra_auth.grants.access_tokens import AccessTokens
from netra_auth.grants.authorization_code import AuthorizationCodes, TokenMakers
from netra_auth.grants.client_credentials import ClientCredentials
from netra_auth.grants.clients import Clients
from netra_auth.grants.consents import Consents
from netra_auth.grants.families import Families
from netra_auth.grants.id_tokens import IdTokens
from netra_auth.grants.introspection import Introspection
from netra_auth.grants.own_tokens import OwnTokens
from netra_auth.grants.public_clients import FIRST_PARTY_IDS, public_clients
from netra_auth.grants.refresh_token import RefreshTokens
from netra_auth.grants.relying_parties import RelyingParties
from netra_auth.grants.revocation import Endings, TokenRevocation
from netra_auth.grants.user_clients import UserClients
from netra_auth.grants.userinfo import UserInfos
from netra_auth.identities.logins import Logins
from netra_auth.identities.passwords import PasswordHasher
from netra_auth.identities.passwords.changes import PasswordChanges
from netra_auth.identities.passwords.proof import PasswordProof
from netra_auth.identities.people.account_export import AccountExports
from netra_auth.identities.people.accounts import Accounts
from netra_auth.identities.people.consents import PersonConsents
from netra_auth.identities.people.person_sessions import PersonSessions
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.second_factor.code_check import CodeCheck
from netra_auth.identities.second_factor.pending_logins import PendingLogins
from netra_auth.identities.second_factor.sealed_secrets import SealedSecrets
from netra_auth.identities.second_factor.second_factors import SecondFactors
from netra_auth.identities.services.accounts import ServiceAccounts
from netra_auth.identities.services.assertions import ServiceAssertions
from netra_auth.identities.services.registration.administration import ServiceAdministration
from netra_auth.identities.services.registration.rotation import SecretRotation
from netra_auth.identities.services.seeding import seed
from netra_auth.identities.sessions import Sessions
from netra_auth.identities.users import Users
from netra_auth.keyring.administration import key_administration
from netra_auth.keyring.keyring import open_keyring
from netra_auth.limits.opening import open_limits
from netra_auth.metrics.recorder import Metrics
from netra_auth.settings import Settings
from netra_auth.store.engine import Database
from netra_auth.store.schema_version import require_head
from netra_auth.upkeep import Upkeep, UpkeepTask

_log = event_logger("netra_auth.bootstrap")

# A request is compared with one router after the other: what is asked most comes first.
ROUTERS: Final = (
    token.router,
    introspection.router,
    revocation_feed.router,
    metadata.router,
    health.router,
    authorize.router,
    consent.router,
    userinfo.router,
    revocation.router,
    subjects.router,
    users.router,
    own_account.router,
    admin.router,
    admin_services.router,
    metrics.router,
    admin_keys.router,
    admin_users.router,
    admin_audit.router,
    own_session.router,
    login.router,
    login_second_factor.router,
    account.router,
    second_factor.router,
    cross_origin.router,
)

_MAX_BODY_BYTES: Final = 65_536
"""No form or document this service takes is larger."""

_KEYS_SECONDS: Final = 5


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
        try:
            async with Upkeep(_upkeep_of(state), clock).running():
                yield state
        finally:
            state.revocations.close()
            await state.limits.close()
    finally:
        await database.close()


def _upkeep_of(state: AuthState) -> tuple[UpkeepTask, ...]:
    return (UpkeepTask("signing_keys", _KEYS_SECONDS, state.key_administration.advance),)


async def _state(settings: Settings, database: Database, clock: Clock) -> AuthState:
    metrics = Metrics()
    audit = AuditTrail(database, clock, metrics.observe)
    limits = open_limits(settings, database, audit, clock)
    keyring = await open_keyring(settings, database, audit, clock)
    accounts = ServiceAccounts(database, limits.refused, clock)
    await seed(settings.services, database, audit, clock)
    hasher = PasswordHasher()
    await hasher.prepare()
    revocations = Revocations(database, clock)
    sessions = Sessions(database, revocations, limits.devices, clock)
    sealed_secrets = SealedSecrets(settings.keyring_encryption_key)
    codes = CodeCheck(sealed_secrets, clock)
    pending_logins = PendingLogins(database, sealed_secrets, codes, sessions, audit, clock)
    password_proof = PasswordProof(database, hasher, audit)
    known_clients = public_clients(settings.chat_origins)
    own_tokens = OwnTokens(settings, keyring, accounts, sessions, revocations, clock)
    access_tokens = AccessTokens(settings, keyring, clock)
    relying_parties = RelyingParties(settings, accounts)
    user_clients = UserClients(known_clients, relying_parties)
    families = Families(revocations, clock)
    consents = Consents(database, families, audit, clock)
    refresh_tokens = RefreshTokens(
        database, user_clients, sessions, access_tokens, families, limits.refused, audit, clock
    )
    makers = TokenMakers(
        access_tokens=access_tokens,
        refresh_tokens=refresh_tokens,
        id_tokens=IdTokens(settings, keyring, clock),
        families=families,
    )
    return AuthState(
        settings=settings,
        clock=clock,
        database=database,
        keyring=keyring,
        key_administration=key_administration(settings, keyring, database, audit, clock),
        audit=audit,
        metrics=metrics,
        limits=limits,
        audit_records=AuditRecords(database),
        revocations=revocations,
        sessions=sessions,
        users=Users(database, hasher, sessions, revocations, limits, audit, clock),
        logins=Logins(database, hasher, sessions, pending_logins, limits, audit),
        pending_logins=pending_logins,
        second_factors=SecondFactors(database, sealed_secrets, codes, password_proof, audit, clock),
        password_proof=password_proof,
        password_changes=PasswordChanges(database, hasher, password_proof, sessions, audit),
        accounts=Accounts(database, sessions, revocations, audit, clock),
        person_sessions=PersonSessions(database, sessions, audit, clock),
        person_consents=PersonConsents(database, audit),
        account_exports=AccountExports(database, audit, clock),
        public_clients=known_clients,
        user_clients=user_clients,
        consents=consents,
        clients=Clients(
            known_clients,
            accounts,
            ServiceAssertions(settings.issuer_url, database, limits.refused, clock),
            limits.refused,
            audit,
            metrics,
        ),
        service_administration=ServiceAdministration(
            database, revocations, audit, clock, frozenset({AUTH_AUDIENCE, *FIRST_PARTY_IDS})
        ),
        secret_rotation=SecretRotation(database, audit, clock),
        own_tokens=own_tokens,
        authorization_codes=AuthorizationCodes(
            database, user_clients, sessions, consents, makers, limits.refused, audit, clock
        ),
        refresh_tokens=refresh_tokens,
        client_credentials=ClientCredentials(access_tokens, audit),
        introspection=Introspection(settings, database, own_tokens, relying_parties, audit, clock),
        token_revocation=TokenRevocation(
            settings,
            database,
            own_tokens,
            relying_parties,
            Endings(sessions, families, revocations),
            audit,
            clock,
        ),
        userinfo=UserInfos(database),
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
    routes = [route for router in ROUTERS for route in router.routes]
    add_error_handlers(app, _problem_page, routes)
    for router in ROUTERS:
        app.include_router(router)
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
