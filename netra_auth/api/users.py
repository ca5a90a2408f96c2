"""`/users`: registering oneself, and erasing oneself."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Security

from netra.errors import PermissionDenied
from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal, UserPrincipal
from netra.secret import Secret
from netra.wire.auth_api import OWN_USER_PATH, USERS_PATH, NewUser, UserView
from netra_auth.api.bearer import permitted
from netra_auth.api.documentation import problems
from netra_auth.api.request_rates import page_rate
from netra_auth.api.state import origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.identities.users import Registrant, view_of
from netra_auth.settings import SelfRegistration

router = APIRouter(tags=["users"], dependencies=[Depends(secure_transport)])


@router.post(USERS_PATH, status_code=201, responses=problems(400, 403, 409, 413, 422, 503))
async def register(request: Request, new_user: NewUser) -> UserView:
    """Make an account for oneself."""
    state, origin = state_of(request), origin_of(request)
    await page_rate(request)
    await state.limits.attempts.registration(origin)
    how = state.settings.self_registration
    if how is not SelfRegistration.ALLOWED:
        by_mail = how is SelfRegistration.BY_MAIL
        await state.users.refuse_registration(origin, by_mail=by_mail)
    registrant = Registrant(new_user.email, Secret(new_user.password))
    return view_of(await state.users.register(registrant, origin))


@router.delete(OWN_USER_PATH, status_code=204, responses=problems(400, 401, 403, 404, 503))
async def erase_oneself(
    request: Request,
    principal: Annotated[AuthenticatedPrincipal, Security(permitted(Permission.ACCOUNT_DELETE))],
) -> None:
    """Erase one's account, sessions and refresh tokens, and end every access token."""
    if not isinstance(principal, UserPrincipal):
        raise PermissionDenied("only a person has an account to erase")
    user_id = principal.user_id
    await state_of(request).users.erase(user_id, user_id, origin_of(request))
