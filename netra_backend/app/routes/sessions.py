"""Routes that open a session and say for whom: one for users, one for services only."""

from typing import Literal

from fastapi import APIRouter, Depends, Request

from netra.policy import Permission, permissions_of
from netra.telemetry.request_record import request_record
from netra.wire.auth_api import WireModel
from netra_backend.app.app_state import state_of
from netra_backend.app.auth_integration.auth import ProtectedRoute, permitted
from netra_backend.app.dependencies import SessionDep
from netra_backend.app.routes.problems import problems
from netra_backend.app.threads.service import ThreadService

router = APIRouter(prefix="/api", route_class=ProtectedRoute)


class UserSession(WireModel):
    """A user's session was open when this was written."""

    principal: str
    kind: Literal["user"]
    threads: int


class ServiceSession(WireModel):
    """A service's session was open when this was written."""

    principal: str
    kind: Literal["service"]
    permissions: tuple[Permission, ...]


@router.get(
    "/session",
    responses=problems(),
    dependencies=[Depends(permitted(Permission.THREADS_READ))],
)
async def open_user_session(request: Request, session: SessionDep) -> UserSession:
    """Open the calling user's session and count the user's threads through it."""
    threads = await ThreadService(session, state_of(request).clock).count_threads()
    return UserSession(principal=str(session.principal), kind="user", threads=threads)


@router.get(
    "/service/session",
    responses=problems(),
    dependencies=[Depends(permitted(Permission.SERVICE_STATUS))],
)
async def open_service_session(request: Request, session: SessionDep) -> ServiceSession:
    """Open the calling service's session; for services with `service:status` only."""
    method = request_record(request.scope).method
    granted = () if method is None else permissions_of(session.principal, method)
    return ServiceSession(principal=str(session.principal), kind="service", permissions=granted)
