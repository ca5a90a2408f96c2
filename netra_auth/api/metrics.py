"""`GET /metrics`: what Prometheus reads. Never public: it names services and their secrets' ids."""

from typing import Final

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from netra.policy import Permission
from netra.wire.auth_admin import METRICS_PATH
from netra_auth.api.bearer import ProtectedRoute, permitted
from netra_auth.api.documentation import Responses, problems
from netra_auth.api.state import state_of
from netra_auth.metrics.secret_uses import secret_uses
from netra_auth.store.repositories import service_secrets

router = APIRouter(tags=["metrics"], route_class=ProtectedRoute)

_EXPOSITION: Final[Responses] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "The metrics."}
}


@router.get(
    METRICS_PATH,
    response_class=Response,
    dependencies=[Depends(permitted(Permission.METRICS_READ))],
    responses=_EXPOSITION | problems(400, 401, 403, 503),
)
async def metrics(request: Request) -> Response:
    """Give this process's counters, and the use of every service's secrets from the store."""
    state = state_of(request)
    now = state.clock.timestamp()
    async with state.database.reading() as connection:
        held = await service_secrets.valid(connection, now)
    return Response(
        state.metrics.exposition() + secret_uses(held, now),
        headers={"Cache-Control": "no-store"},
        media_type=CONTENT_TYPE_LATEST,
    )
