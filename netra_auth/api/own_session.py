"""`DELETE /sessions/current`: logging out with an access token, as the chat page does."""

from typing import Annotated

from fastapi import APIRouter, Request, Security

from netra.errors import PermissionDenied
from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal, UserPrincipal
from netra.wire.auth_api import OWN_SESSION_PATH
from netra_auth.api.bearer import ProtectedRoute, permitted
from netra_auth.api.documentation import problems
from netra_auth.api.state import origin_of, state_of

router = APIRouter(
    tags=["sessions"],
    route_class=ProtectedRoute,
)


@router.delete(OWN_SESSION_PATH, status_code=204, responses=problems(400, 401, 403, 503))
async def end_own_session(
    request: Request,
    principal: Annotated[AuthenticatedPrincipal, Security(permitted(Permission.SESSION_END))],
) -> None:
    """End the login session the token came from, with every token and cookie of it."""
    if not isinstance(principal, UserPrincipal):
        raise PermissionDenied("only a person has a login session")
    await state_of(request).logins.end_session(
        principal.user_id, principal.session_id, origin_of(request)
    )
