"""What health is made of: what takes users down, what merely degrades, and what is said of it."""

from typing import Any

import pytest

from netra.telemetry.auth_events import LikelyCause
from netra.wire.health import HealthStatus
from netra_backend.app.clients.circuit_breaker import BreakerState
from netra_backend.app.clients.service_credential import CredentialState, CredentialStatus
from netra_backend.app.clients.service_validation import CredentialFailure, CredentialProblem
from netra_backend.app.routes.health_report import Observations, health_report

FAILURE = CredentialFailure(
    CredentialProblem.REFUSED,
    "It was refused.",
    "Set SERVICE_SECRET.",
    LikelyCause.OWN_CREDENTIAL_REJECTED,
)


def seen(**changes: Any) -> Observations:
    """Give observations of a backend that is well, changed where asked."""
    well: dict[str, Any] = {
        "database_problem": None,
        "breaker": BreakerState.CLOSED,
        "credential": CredentialState(CredentialStatus.PROVEN, 0),
        "feed_up": True,
    }
    return Observations(**{**well, **changes})


def test_all_well_is_ok() -> None:
    """With nothing wrong every check and the whole are ok, without reasons."""
    report = health_report("netra-backend", "r1", seen())

    assert report.status is HealthStatus.OK
    assert {check.status for check in report.checks.values()} == {HealthStatus.OK}
    assert {check.reason for check in report.checks.values()} == {None}
    assert (report.service, report.revision) == ("netra-backend", "r1")


def state(status: CredentialStatus, failure: CredentialFailure | None = None) -> CredentialState:
    """Give what is known of the service's own credential."""
    return CredentialState(status, 0, failure)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"breaker": BreakerState.OPEN}, {"auth_service"}),
        ({"breaker": BreakerState.HALF_OPEN}, {"auth_service"}),
        ({"feed_up": False}, {"revocation_feed"}),
        ({"credential": state(CredentialStatus.UNPROVEN)}, {"own_credential"}),
        ({"credential": state(CredentialStatus.REFUSED, FAILURE)}, {"own_credential"}),
        ({"credential": state(CredentialStatus.MISSING, FAILURE)}, {"own_credential"}),
        ({"credential": state(CredentialStatus.PROVEN, FAILURE)}, {"own_credential"}),
        (
            {"credential": state(CredentialStatus.UNREACHABLE)},
            {"auth_service", "own_credential"},
        ),
    ],
)
def test_what_users_can_do_without_merely_degrades(
    changes: dict[str, Any], named: set[str]
) -> None:
    """Auth service, own credential and feed degrade, each under its own name and with a reason."""
    report = health_report("netra-backend", "r1", seen(**changes))

    assert report.status is HealthStatus.DEGRADED
    wrong = {name for name, check in report.checks.items() if check.status is not HealthStatus.OK}
    assert wrong == named
    assert all(report.checks[name].reason for name in wrong)


def test_a_refused_credential_is_told_with_what_to_do() -> None:
    """The reason names the problem, what happened and the fix."""
    credential = state(CredentialStatus.REFUSED, FAILURE)
    report = health_report("netra-backend", "r1", seen(credential=credential))
    reason = report.checks["own_credential"].reason or ""

    assert reason == "service_credential_refused: It was refused. Set SERVICE_SECRET."


def test_a_database_that_is_away_is_down_whatever_else_is_wrong() -> None:
    """Without the database nobody can be served, so the whole is down and not degraded."""
    report = health_report("netra-backend", "r1", seen(database_problem="Away.", feed_up=False))

    assert report.status is HealthStatus.DOWN
    assert report.checks["database"].status is HealthStatus.DOWN
    assert report.checks["database"].reason == "Away."
    assert report.checks["revocation_feed"].status is HealthStatus.DEGRADED
