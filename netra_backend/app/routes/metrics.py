"""`GET /metrics`: what Prometheus reads. Never public: it tells how busy the service is."""

from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from netra.policy import Permission
from netra_backend.app.app_state import state_of
from netra_backend.app.auth_integration.auth import ProtectedRoute, permitted
from netra_backend.app.routes.problems import problems

router = APIRouter(route_class=ProtectedRoute)

_EXPOSITION: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "The metrics."}
}


@router.get(
    "/metrics",
    response_class=Response,
    dependencies=[Depends(permitted(Permission.METRICS_READ))],
    responses=_EXPOSITION | problems(),
)
async def metrics(request: Request) -> Response:
    """Give this process's counters."""
    return Response(generate_latest(state_of(request).metrics), media_type=CONTENT_TYPE_LATEST)
