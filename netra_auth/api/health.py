"""`/health*`: whether the process lives, and whether people can be served (SPEC R14)."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from netra.errors import DatabaseUnavailable
from netra.wire.health import HealthCheck, HealthReport, HealthStatus
from netra_auth.api.state import AuthState, state_of
from netra_auth.keyring.keyring import KeysUnreadable

router = APIRouter(tags=["health"])

_UNAVAILABLE: Final = 503
_DOWN: Final[dict[int | str, dict[str, Any]]] = {
    _UNAVAILABLE: {"model": HealthReport, "description": "Not well; see the checks."}
}
_OK: Final = HealthCheck(status=HealthStatus.OK)


@router.get("/health/live")
async def live(request: Request, response: Response) -> HealthReport:
    """Say that the process lives; nothing else is looked at."""
    response.headers["Cache-Control"] = "no-store"
    state = state_of(request)
    return HealthReport(
        status=HealthStatus.OK,
        service=state.settings.service_id,
        revision=state.settings.revision,
        checks={},
        standby=state.standby.is_on,
    )


@router.get("/health/ready", responses=_DOWN)
@router.get("/health", responses=_DOWN, operation_id="health")
async def ready(request: Request, response: Response) -> HealthReport:
    """Say whether people can be served: the store answers and holds a key that signs.

    This service depends on nothing else, so being ready and being well are one.
    """
    report = await _report(state_of(request))
    response.headers["Cache-Control"] = "no-store"
    if report.status is not HealthStatus.OK:
        response.status_code = _UNAVAILABLE
    return report


async def _report(state: AuthState) -> HealthReport:
    checks = {"store": _OK, "signing_key": _OK}
    try:
        await state.database.answer()
        await state.keyring.current()
    except KeysUnreadable:
        checks["signing_key"] = HealthCheck(
            status=HealthStatus.DOWN, reason="The keys in the store cannot be used."
        )
    except DatabaseUnavailable:
        unreachable = HealthCheck(status=HealthStatus.DOWN, reason="The store cannot be reached.")
        checks = {"store": unreachable, "signing_key": unreachable}
    is_well = all(check.status is HealthStatus.OK for check in checks.values())
    return HealthReport(
        status=HealthStatus.OK if is_well else HealthStatus.DOWN,
        service=state.settings.service_id,
        revision=state.settings.revision,
        checks=checks,
        standby=state.standby.is_on,
    )
