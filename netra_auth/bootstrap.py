"""Settings in, a running service's parts out; and the application put together from them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, TypeAlias

from fastapi import FastAPI, Request, Response

from netra.clock import Clock, SystemClock
from netra.errors import NetraError
from netra.schema_fit import SchemaFit
from netra.serving import Standby, TrafficWatch
from netra.telemetry import RequestContext, event_logger, request_record
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
    mailed_links,
    metadata,
    metrics,
    own_account,
    own_session,
    registration,
    revocation,
    revocation_feed,
    second_factor,
    subjects,
    token,
    userinfo,
    users,
)
from netra_auth.api.cross_origin import CrossOrigin
from netra_auth.api.state import AuthState
from netra_auth.composition import composed
from netra_auth.error_handlers import add_error_handlers
from netra_auth.identities.services.seeding import seed
from netra_auth.settings import Settings
from netra_auth.store.engine import Database
from netra_auth.store.janitor import sweep
from netra_auth.store.schema_version import require_fit
from netra_auth.upkeep import Pause, Upkeep, UpkeepTask

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
    registration.router,
    login_second_factor.router,
    mailed_links.router,
    account.router,
    second_factor.router,
    cross_origin.router,
)

_MAX_BODY_BYTES: Final = 65_536
"""No form or document this service takes is larger."""

_KEYS_SECONDS: Final = 5
_MAILS_SECONDS: Final = 5
"""How soon a mail that was put off is noticed to be due; new ones ring."""
_SWEEP_SECONDS: Final = 600
_SUCCESSORS_SECONDS: Final = 60
_SEEDING_SECONDS: Final = 60

Work: TypeAlias = Callable[[], Awaitable[None]]


@asynccontextmanager
async def opened_state(
    settings: Settings,
    clock: Clock,
    *,
    pause: Pause = asyncio.sleep,
    standby: Standby | None = None,
) -> AsyncIterator[AuthState]:
    """Build the service's parts, and close what was opened.

    Args:
        settings: Its configuration.
        clock: Its clock.
        pause: What upkeep waits with between two looks at that clock.
        standby: Whether others' work is left alone; by default as the configuration says.

    Raises:
        StoreNotAtHead: The store has a version that this code does not work with.
        KeyringUnusable: The store's signing key cannot be used with this configuration, or on
            standby there is none.
        DatabaseUnavailable: The store cannot be reached.
    """
    standby = standby or Standby(begins=settings.standby_until_traffic)
    database = Database(settings.database_url)
    try:
        schema = await require_fit(database)
        if schema.fit is SchemaFit.NEWER:
            _log.info(
                "schema_newer_than_code",
                version=schema.version,
                code=schema.head,
                oldest=schema.oldest,
            )
        state = await composed(settings, database, clock, standby)
        _log.info(
            "auth_service_opened",
            trust_mode=settings.trust_mode.value,
            issuer=settings.issuer_url,
            kid=state.keyring.signing_key.kid,
        )
        try:
            async with Upkeep(_upkeep_of(state), clock, pause=pause).running():
                yield state
        finally:
            state.revocations.close()
            await state.limits.close()
    finally:
        await database.close()


def _upkeep_of(state: AuthState) -> tuple[UpkeepTask, ...]:
    """List what is done at intervals; on standby nothing of it writes."""

    async def sweep_store() -> None:
        await sweep(state.database, state.clock)

    async def see_keys() -> None:
        await state.keyring.current()

    by_mail, standby = state.by_mail, state.standby
    mails = (
        ()
        if by_mail is None
        else (
            UpkeepTask(
                "mails", _MAILS_SECONDS, _on_duty(standby, by_mail.sender.send_due), by_mail.bell
            ),
        )
    )
    advance = state.key_administration.advance
    forget = state.refresh_tokens.forget_old_successors
    return (
        *mails,
        UpkeepTask("signing_keys", _KEYS_SECONDS, _on_duty(standby, advance, see_keys)),
        UpkeepTask("janitor", _SWEEP_SECONDS, _on_duty(standby, sweep_store)),
        UpkeepTask("successors", _SUCCESSORS_SECONDS, _on_duty(standby, forget)),
        *_put_off_seeding(state),
    )


def _on_duty(standby: Standby, work: Work, instead: Work | None = None) -> Work:
    """Have work done only by a process that has its duties; meanwhile something else, if any."""

    async def done() -> None:
        chosen = instead if standby.is_on else work
        if chosen is not None:
            await chosen()

    return done


def _put_off_seeding(state: AuthState) -> tuple[UpkeepTask, ...]:
    """Give the one task of a process that began on standby: to put services into the store once."""
    if not state.standby.is_on:
        return ()
    is_done = False

    async def seed_once() -> None:
        nonlocal is_done
        if not is_done:
            await seed(state.settings.services, state.database, state.audit, state.clock)
            is_done = True

    bell = asyncio.Event()
    state.standby.when_over(bell.set)
    work = _on_duty(state.standby, seed_once)
    return (UpkeepTask("service_registry", _SEEDING_SECONDS, work, bell),)


def create_app(
    settings: Settings, *, state: AuthState | None = None, clock: Clock | None = None
) -> FastAPI:
    """Put the application together.

    With a `state` it serves from that, whose owner closes it; without one it opens its own at its
    start and closes it at its end.
    """
    used_clock = state.clock if state else clock or SystemClock()
    standby = state.standby if state else Standby(begins=settings.standby_until_traffic)

    def lifespan(app: FastAPI) -> AbstractAsyncContextManager[None]:
        return _lifespan(app, settings, used_clock, standby)

    app = FastAPI(
        title="Netra Auth",
        version=settings.revision,
        openapi_url=None if settings.is_production else "/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # What the framework would tell others has been through no redaction of ours.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        lifespan=lifespan if state is None else None,
    )
    if state is not None:
        app.state.netra = state
    app.add_middleware(RequestContext, clock=used_clock, max_body_bytes=_MAX_BODY_BYTES)
    # Added last, so outermost: a page reads what `RequestContext` answers too.
    app.add_middleware(CrossOrigin, origins=frozenset(settings.chat_origins))
    if standby.is_on:
        app.add_middleware(TrafficWatch, standby=standby)
    routes = [route for router in ROUTERS for route in router.routes]
    add_error_handlers(app, _problem_page, routes)
    for router in ROUTERS:
        # As `include_router`, which would have each request look through every router first.
        app.router.routes.extend(router.routes)
    return app


@asynccontextmanager
async def _lifespan(
    app: FastAPI, settings: Settings, clock: Clock, standby: Standby
) -> AsyncIterator[None]:
    async with opened_state(settings, clock, standby=standby) as state:
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
