"""`GET /subjects/{user_id}`: how a person stands, for a service that resumes work of theirs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from netra.policy import Permission
from netra.wire.auth_api import SUBJECTS_PATH, SubjectReport
from netra_auth.api.bearer import ProtectedRoute, permitted
from netra_auth.api.documentation import problems
from netra_auth.api.state import state_of

router = APIRouter(
    tags=["subjects"],
    route_class=ProtectedRoute,
)


@router.get(
    f"{SUBJECTS_PATH}/{{user_id}}",
    dependencies=[Depends(permitted(Permission.TOKENS_INTROSPECT))],
    responses=problems(400, 401, 403, 422, 503),
)
async def standing(
    request: Request, response: Response, user_id: Annotated[str, Path(max_length=64)]
) -> SubjectReport:
    """Say whether a person is active, disabled or gone; an unknown id is gone."""
    response.headers["Cache-Control"] = "no-store"
    return SubjectReport(user_id=user_id, standing=await state_of(request).users.standing(user_id))
