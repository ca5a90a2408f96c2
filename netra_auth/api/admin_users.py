"""`/admin/users` and `/admin/sessions`: people and their sessions, for administrators."""

from typing import Annotated, Final, TypeAlias

from fastapi import APIRouter, Path, Query, Request, Response, Security

from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal
from netra.wire.auth_admin import (
    ADMIN_SESSION_PATH,
    ADMIN_USER_DISABLE_PATH,
    ADMIN_USER_ENABLE_PATH,
    ADMIN_USER_EXPORT_PATH,
    ADMIN_USER_PATH,
    ADMIN_USER_SECOND_FACTOR_PATH,
    ADMIN_USER_SESSIONS_PATH,
    MAX_PAGE,
    AccountExport,
    Ended,
    SessionList,
    UserPage,
    UserRecord,
)
from netra.wire.auth_api import ADMIN_USERS_PATH
from netra_auth.api.bearer import ProtectedRoute, permitted
from netra_auth.api.documentation import problems
from netra_auth.api.state import origin_of, state_of

router = APIRouter(
    tags=["admin"],
    route_class=ProtectedRoute,
)

UsersAdmin: TypeAlias = Annotated[
    AuthenticatedPrincipal, Security(permitted(Permission.USERS_ADMIN))
]
SessionsAdmin: TypeAlias = Annotated[
    AuthenticatedPrincipal, Security(permitted(Permission.SESSIONS_ADMIN))
]
UserId: TypeAlias = Annotated[str, Path(max_length=64)]

_ERRORS: Final = problems(400, 401, 403, 404, 422, 503)


@router.get(ADMIN_USERS_PATH, responses=problems(400, 401, 403, 422, 503))
async def users(
    request: Request,
    response: Response,
    _administrator: UsersAdmin,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    email: Annotated[str | None, Query(max_length=254)] = None,
) -> UserPage:
    """List people by id, from the one after `after`; with `email`, only whom it names."""
    response.headers["Cache-Control"] = "no-store"
    return await state_of(request).accounts.page(after, limit, email)


@router.get(ADMIN_USER_PATH, responses=_ERRORS)
async def user(
    request: Request, response: Response, _administrator: UsersAdmin, user_id: UserId
) -> UserRecord:
    """Show a person."""
    response.headers["Cache-Control"] = "no-store"
    return await state_of(request).accounts.get(user_id)


@router.post(ADMIN_USER_DISABLE_PATH, status_code=204, responses=_ERRORS)
async def disable(request: Request, administrator: UsersAdmin, user_id: UserId) -> None:
    """Close a person's account; their sessions, tokens and sockets end."""
    await state_of(request).accounts.disable(user_id, str(administrator), origin_of(request))


@router.post(ADMIN_USER_ENABLE_PATH, status_code=204, responses=_ERRORS)
async def enable(request: Request, administrator: UsersAdmin, user_id: UserId) -> None:
    """Open a disabled account again."""
    await state_of(request).accounts.enable(user_id, str(administrator), origin_of(request))


@router.get(ADMIN_USER_EXPORT_PATH, responses=_ERRORS)
async def export(
    request: Request, response: Response, administrator: UsersAdmin, user_id: UserId
) -> AccountExport:
    """Give everything this service holds of a person, secrets left out."""
    response.headers["Cache-Control"] = "no-store"
    return await state_of(request).account_exports.of(
        user_id, str(administrator), origin_of(request)
    )


@router.delete(ADMIN_USER_SECOND_FACTOR_PATH, status_code=204, responses=_ERRORS)
async def remove_second_factor(
    request: Request, administrator: UsersAdmin, user_id: UserId
) -> None:
    """Take away the second factor of a person who lost it, with all recovery codes."""
    await state_of(request).second_factors.remove_by_admin(
        user_id, str(administrator), origin_of(request)
    )


@router.get(ADMIN_USER_SESSIONS_PATH, responses=_ERRORS)
async def sessions(
    request: Request, response: Response, _administrator: SessionsAdmin, user_id: UserId
) -> SessionList:
    """List a person's login sessions, the latest used first."""
    response.headers["Cache-Control"] = "no-store"
    return SessionList(items=await state_of(request).person_sessions.of(user_id))


@router.delete(ADMIN_USER_SESSIONS_PATH, responses=_ERRORS)
async def end_sessions(request: Request, administrator: SessionsAdmin, user_id: UserId) -> Ended:
    """End every login session of a person, with every token that came from them."""
    ended = await state_of(request).person_sessions.end_all(
        user_id, str(administrator), origin_of(request)
    )
    return Ended(ended=ended)


@router.delete(ADMIN_SESSION_PATH, status_code=204, responses=_ERRORS)
async def end_session(
    request: Request, administrator: SessionsAdmin, session_id: Annotated[str, Path(max_length=64)]
) -> None:
    """End one login session, whosever it is."""
    await state_of(request).person_sessions.end(
        session_id, None, str(administrator), origin_of(request)
    )
