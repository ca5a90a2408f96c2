"""What the caller's runs used of language models."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from netra.policy import Permission
from netra_backend.app.app_state import state_of
from netra_backend.app.auth_integration.auth import ProtectedRoute, permitted
from netra_backend.app.dependencies import SessionDep
from netra_backend.app.routes.problems import problems
from netra_backend.app.runs.usage.service import Usage, UsageService

router = APIRouter(prefix="/api", route_class=ProtectedRoute)

Days = Annotated[int, Query(ge=1, le=366)]


@router.get(
    "/usage",
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY),
    dependencies=[Depends(permitted(Permission.THREADS_READ))],
)
async def read_usage(request: Request, session: SessionDep, days: Days = 30) -> Usage:
    """Add up the calling user's usage by model and by day (UTC)."""
    return await UsageService(session, state_of(request).clock).usage(days)
