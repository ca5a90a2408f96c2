"""The public routes: a greeting, and three questions about health (SPEC R14)."""

from http import HTTPStatus
from typing import Any, Final, Literal

from fastapi import APIRouter, Request, Response

from netra.errors import DatabaseUnavailable
from netra.wire.auth_api import WireModel
from netra.wire.health import HealthReport, HealthStatus
from netra_backend.app.app_state import AppState, state_of
from netra_backend.app.routes.health_report import Observations, health_report

router = APIRouter()

_UNAVAILABLE: Final = HTTPStatus.SERVICE_UNAVAILABLE
_NOT_WELL: Final[dict[int | str, dict[str, Any]]] = {
    int(_UNAVAILABLE): {"description": "Not so; the report says why.", "model": HealthReport}
}


class Greeting(WireModel):
    """The answer at the root."""

    message: Literal["Welcome to Netra API"] = "Welcome to Netra API"


class Liveness(WireModel):
    """The process lives; nothing else was looked at."""

    status: Literal["ok"] = "ok"


@router.get("/")
async def greet() -> Greeting:
    """Greet."""
    return Greeting()


@router.get("/health/live")
async def live() -> Liveness:
    """Say that the process lives."""
    return Liveness()


@router.get("/health/ready", responses=_NOT_WELL)
async def ready(request: Request, response: Response) -> HealthReport:
    """Say whether users can be served; what is merely degraded is named."""
    report = await _report(state_of(request))
    if report.status is HealthStatus.DOWN:
        response.status_code = _UNAVAILABLE
    return report


@router.get("/health", responses=_NOT_WELL)
async def health(request: Request, response: Response) -> HealthReport:
    """Say whether everything is well."""
    report = await _report(state_of(request))
    if report.status is not HealthStatus.OK:
        response.status_code = _UNAVAILABLE
    return report


async def _report(state: AppState) -> HealthReport:
    problem = None
    try:
        await state.database.ping()
    except DatabaseUnavailable as error:
        problem = f"The database is unavailable: {error.reason}."
    seen = Observations(
        database_problem=problem,
        breaker=state.auth_breaker.state,
        credential=state.auth_client.credential_state,
        feed_up=state.revocation_feed.up,
        writer_problem=state.writer.problem,
        runs_problem=state.runs.problem(),
        standby=state.standby.is_on,
    )
    settings = state.settings
    return health_report(settings.identity.service_id, settings.revision, seen)
