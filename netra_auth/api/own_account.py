"""`/users/me`: one's own sessions, password and data, with an access token."""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path, Request, Response, Security

from netra.errors import PermissionDenied
from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal, UserPrincipal
from netra.secret import Secret
from netra.wire.auth_admin import (
    OWN_EXPORT_PATH,
    OWN_PASSWORD_PATH,
    OWN_SESSION_BY_ID_PATH,
    OWN_SESSIONS_PATH,
    AccountExport,
    Ended,
    PasswordChange,
    SessionList,
)
from netra_auth.api.bearer import ProtectedRoute, permitted
from netra_auth.api.documentation import problems
from netra_auth.api.state import origin_of, state_of

router = APIRouter(
    tags=["users"],
    route_class=ProtectedRoute,
)


async def _person(
    principal: Annotated[AuthenticatedPrincipal, Security(permitted(Permission.ACCOUNT_MANAGE))],
) -> UserPrincipal:
    if not isinstance(principal, UserPrincipal):
        raise PermissionDenied("only a person has an account")
    return principal


Person: TypeAlias = Annotated[UserPrincipal, Security(_person)]


@router.get(OWN_SESSIONS_PATH, responses=problems(400, 401, 403, 404, 503))
async def sessions(request: Request, response: Response, person: Person) -> SessionList:
    """List one's login sessions, the latest used first."""
    response.headers["Cache-Control"] = "no-store"
    items = await state_of(request).person_sessions.of(person.user_id, person.session_id)
    return SessionList(items=items)


@router.delete(OWN_SESSIONS_PATH, responses=problems(400, 401, 403, 404, 503))
async def end_other_sessions(request: Request, person: Person) -> Ended:
    """End every login session but the one the token came from."""
    ended = await state_of(request).person_sessions.end_all(
        person.user_id, person.user_id, origin_of(request), but=person.session_id
    )
    return Ended(ended=ended)


@router.delete(
    OWN_SESSION_BY_ID_PATH, status_code=204, responses=problems(400, 401, 403, 404, 422, 503)
)
async def end_session(
    request: Request, person: Person, session_id: Annotated[str, Path(max_length=64)]
) -> None:
    """End one of one's login sessions, with every token that came from it."""
    await state_of(request).person_sessions.end(
        session_id, person.user_id, person.user_id, origin_of(request)
    )


@router.post(
    OWN_PASSWORD_PATH,
    status_code=204,
    responses=problems(400, 401, 403, 404, 413, 422, 503),
)
async def change_password(request: Request, person: Person, change: PasswordChange) -> None:
    """Change one's password against the present one; it ends every other session."""
    await state_of(request).password_changes.change(
        person.user_id,
        person.session_id,
        Secret(change.current_password),
        Secret(change.new_password),
        origin_of(request),
    )


@router.get(OWN_EXPORT_PATH, responses=problems(400, 401, 403, 404, 503))
async def export(request: Request, response: Response, person: Person) -> AccountExport:
    """Give everything this service holds of oneself, secrets left out."""
    response.headers["Cache-Control"] = "no-store"
    return await state_of(request).account_exports.of(
        person.user_id, person.user_id, origin_of(request)
    )
