"""`/admin`: what operators and the operations toolkit may do to accounts."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Security

from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal
from netra.secret import Secret
from netra.wire.auth_api import ADMIN_USERS_PATH, NewUserByAdmin, PasswordReset, UserView
from netra_auth.api.bearer import ProtectedRoute, permitted
from netra_auth.api.documentation import problems
from netra_auth.api.state import origin_of, state_of
from netra_auth.identities.users import Registrant, view_of

router = APIRouter(
    tags=["admin"],
    route_class=ProtectedRoute,
)

Administrator = Annotated[AuthenticatedPrincipal, Security(permitted(Permission.USERS_ADMIN))]


@router.post(
    ADMIN_USERS_PATH, status_code=201, responses=problems(400, 401, 403, 409, 413, 422, 503)
)
async def add_user(
    request: Request, administrator: Administrator, new_user: NewUserByAdmin
) -> UserView:
    """Make an account for a person, with a role if wanted."""
    registrant = Registrant(
        new_user.email, Secret(new_user.password), new_user.role, str(administrator)
    )
    return view_of(await state_of(request).users.register(registrant, origin_of(request)))


@router.post(
    f"{ADMIN_USERS_PATH}/password",
    status_code=204,
    responses=problems(400, 401, 403, 404, 413, 422, 503),
)
async def reset_password(
    request: Request, administrator: Administrator, reset: PasswordReset
) -> None:
    """Set a person's password; it ends their sessions and every token that came from them."""
    await state_of(request).users.reset_password(
        reset.email, Secret(reset.password), str(administrator), origin_of(request)
    )


@router.delete(
    f"{ADMIN_USERS_PATH}/{{user_id}}",
    status_code=204,
    responses=problems(400, 401, 403, 404, 422, 503),
)
async def erase_user(
    request: Request,
    administrator: Administrator,
    user_id: Annotated[str, Path(max_length=64)],
) -> None:
    """Erase a person's account, sessions and refresh tokens, and end every access token."""
    await state_of(request).users.erase(user_id, str(administrator), origin_of(request))
