"""`GET /revocations`: what was ended, for every verifier that follows."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from netra.policy import Permission
from netra.wire.auth_api import MAX_FEED_WAIT_SECONDS, REVOCATIONS_PATH, RevocationPage
from netra_auth.api.bearer import ProtectedRoute, permitted
from netra_auth.api.documentation import problems
from netra_auth.api.state import state_of

router = APIRouter(
    tags=["revocations"],
    route_class=ProtectedRoute,
)

_MAX_CURSOR: Final = 2**53 - 1
_MAX_PAGE: Final = 1000


@router.get(
    REVOCATIONS_PATH,
    dependencies=[Depends(permitted(Permission.REVOCATIONS_READ))],
    responses=problems(400, 401, 403, 422, 503),
)
async def revocations(
    request: Request,
    response: Response,
    after: Annotated[int, Query(ge=0, le=_MAX_CURSOR)] = 0,
    limit: Annotated[int, Query(ge=1, le=_MAX_PAGE)] = 500,
    wait: Annotated[float, Query(ge=0, le=MAX_FEED_WAIT_SECONDS, allow_inf_nan=False)] = 0,
) -> RevocationPage:
    """List what was ended after a cursor; hold the request up to `wait` seconds for news."""
    response.headers["Cache-Control"] = "no-store"
    return await state_of(request).revocations.next_page(
        after, limit, wait, request.is_disconnected
    )
