"""`/admin/keys`: the signing keys as administrators see and change them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, Security

from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal
from netra.wire.auth_admin import (
    ADMIN_KEY_PATH,
    ADMIN_KEYS_PATH,
    ADMIN_KEYS_ROTATE_PATH,
    KeyList,
    KeyRecord,
)
from netra_auth.api.bearer import ProtectedRoute, permitted
from netra_auth.api.documentation import problems
from netra_auth.api.state import origin_of, state_of
from netra_auth.keyring.rotation import Actor

router = APIRouter(
    tags=["admin"],
    route_class=ProtectedRoute,
)

Administrator = Annotated[AuthenticatedPrincipal, Security(permitted(Permission.KEYS_ADMIN))]


@router.get(ADMIN_KEYS_PATH, responses=problems(400, 401, 403, 503))
async def list_keys(request: Request, response: Response, _administrator: Administrator) -> KeyList:
    """List the signing keys, the newest first, with the times of their states."""
    response.headers["Cache-Control"] = "no-store"
    return await _listing(request)


@router.post(ADMIN_KEYS_ROTATE_PATH, status_code=201, responses=problems(400, 401, 403, 409, 503))
async def rotate(request: Request, response: Response, administrator: Administrator) -> KeyRecord:
    """Make the next signing key; it takes over once every verifier can know it."""
    response.headers["Cache-Control"] = "no-store"
    actor = Actor(str(administrator), origin_of(request))
    return await state_of(request).key_administration.rotate(actor)


@router.delete(ADMIN_KEY_PATH, responses=problems(400, 401, 403, 404, 409, 422, 503))
async def remove(
    request: Request,
    response: Response,
    administrator: Administrator,
    kid: Annotated[str, Path(max_length=128)],
    reason: Annotated[str, Query(max_length=200, description="Why, for the audit record.")] = "",
) -> KeyList:
    """Take a compromised key out of use at once, with every token it signed.

    The answer lists the keys as they are now: if the key signed the caller's own token, that token
    can ask nothing more.
    """
    response.headers["Cache-Control"] = "no-store"
    actor = Actor(str(administrator), origin_of(request))
    await state_of(request).key_administration.remove(kid, reason, actor)
    return await _listing(request)


async def _listing(request: Request) -> KeyList:
    state = state_of(request)
    return KeyList(
        trust_mode=state.settings.trust_mode.value,
        items=await state.key_administration.records(),
    )
