"""Taking a run up: under which principal, and whether its person may still act.

Who takes which run, and when, is decided in `engine`.
"""

from dataclasses import dataclass
from typing import TypeAlias

from netra.clock import Clock
from netra.errors import CouldNotDecide
from netra.policy import CredentialMethod
from netra.principal import UserPrincipal
from netra.telemetry.log_events import event_logger
from netra.wire.auth_api import SubjectStanding
from netra_backend.app.db.leases import Lease, RunLeases
from netra_backend.app.runs.engine import RunLimits, Standing
from netra_backend.app.runs.principals import PrincipalUnreadable, restored

log = event_logger("runs")


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom a run is done."""

    principal: UserPrincipal
    method: CredentialMethod


@dataclass(frozen=True, slots=True)
class Later:
    """The run is not to be done now."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Never:
    """The run is not to be done at all: there is nobody to do it for."""


Taking: TypeAlias = Asker | Later | Never


async def taking(
    lease: Lease, *, leases: RunLeases, standing: Standing, clock: Clock, limits: RunLimits
) -> Taking:
    """Say for whom a run is done, or that it is not.

    A run that is taken for the first time, while the token that asked for it holds and nothing of
    it was revoked, needs no question: it was just verified. For any other, such as one that waited
    for its turn while its person's account ended, the auth service is asked.

    Raises:
        DatabaseUnavailable: The database did not answer.
    """
    now = clock.timestamp()
    text = await leases.recorded_principal(lease.run_id, lease.owner_id)
    if text is None:
        return Never()
    try:
        principal, method = restored(text, owner_id=lease.owner_id, now=now)
    except PrincipalUnreadable as error:
        log.error(  # noqa: TRY400 - the traceback says nothing more
            "run_dropped", run_id=lease.run_id, user_id=lease.owner_id, reason=error.reason
        )
        return Never()
    is_fresh = lease.epoch == 1 and now < principal.expires_at
    if is_fresh and not standing.is_in_doubt(principal):
        return Asker(principal, method)
    return await _asked(Asker(principal, method), lease, standing, limits)


async def _asked(asker: Asker, lease: Lease, standing: Standing, limits: RunLimits) -> Taking:
    """Ask whether a person may still act."""
    try:
        found = await standing(asker.principal)
    except CouldNotDecide as error:
        pause = min(2.0 ** min(lease.epoch - 1, 10), limits.longest_pause_seconds)
        _log_postponed(lease, error.reason, pause)
        return Later(pause)
    if found is SubjectStanding.ACTIVE:
        return asker
    if found is SubjectStanding.DISABLED:
        _log_postponed(lease, "the person is disabled", limits.disabled_seconds)
        return Later(limits.disabled_seconds)
    log.warning("run_dropped", run_id=lease.run_id, user_id=lease.owner_id, reason="gone")
    return Never()


def _log_postponed(lease: Lease, reason: str, seconds: float) -> None:
    log.info(
        "run_postponed",
        run_id=lease.run_id,
        user_id=lease.owner_id,
        reason=reason,
        seconds=seconds,
    )
