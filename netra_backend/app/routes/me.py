"""Who the caller is, and the erasure of what a user has here."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from netra.clock import as_datetime
from netra.policy import Permission, permissions_of
from netra.principal import AuthenticatedPrincipal, PrincipalKind, Role, UserPrincipal
from netra.telemetry.request_record import request_record
from netra.wire.auth_api import WireModel
from netra_backend.app.app_state import state_of
from netra_backend.app.auth_integration.auth import ProtectedRoute, permitted
from netra_backend.app.dependencies import SessionDep
from netra_backend.app.routes.problems import problems
from netra_backend.app.runs.usage.service import UsageService
from netra_backend.app.threads.service import ThreadService

router = APIRouter(prefix="/api", route_class=ProtectedRoute)


class Me(WireModel):
    """The caller as this service knows it from the credential."""

    principal: str
    kind: PrincipalKind
    permissions: tuple[Permission, ...]
    roles: tuple[Role, ...]
    expires_at: datetime
    session_id: str | None


@router.get("/me", responses=problems())
async def read_me(
    request: Request,
    principal: Annotated[AuthenticatedPrincipal, Depends(permitted(Permission.PROFILE_READ))],
) -> Me:
    """Say who the caller is, what it may do, and until when the credential holds."""
    method = request_record(request.scope).method
    user = principal if isinstance(principal, UserPrincipal) else None
    return Me(
        principal=str(principal),
        kind=principal.kind,
        permissions=() if method is None else permissions_of(principal, method),
        roles=() if user is None else tuple(sorted(user.roles)),
        expires_at=as_datetime(principal.expires_at),
        session_id=None if user is None else user.session_id,
    )


@router.delete(
    "/me",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(HTTPStatus.CONFLICT),
    dependencies=[Depends(permitted(Permission.ACCOUNT_DELETE))],
)
async def erase_me(request: Request, session: SessionDep) -> None:
    """Erase all that the calling user has here; the identity itself is the auth service's."""
    clock = state_of(request).clock
    await ThreadService(session, clock).erase_everything()
    await UsageService(session, clock).erase_everything()
