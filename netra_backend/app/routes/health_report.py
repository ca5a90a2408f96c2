"""What the health of the backend is, judged from what is known already. Pure."""

from dataclasses import dataclass

from netra.wire.health import HealthCheck, HealthReport, HealthStatus
from netra_backend.app.clients.circuit_breaker import BreakerState
from netra_backend.app.clients.service_credential import CredentialState, CredentialStatus

_OK = HealthCheck(status=HealthStatus.OK)


@dataclass(frozen=True, slots=True)
class Observations:
    """What was seen of each dependency.

    Attributes:
        database_problem: Why the database does not answer, or None if it does.
        breaker: The state of the breaker in front of the auth service.
        credential: What is known of the service's own credential.
        feed_up: Whether revocations arrive.
        writer_problem: Why what agents say is not written, or None if it is.
        runs_problem: Why agents do not answer, or None if they do.
        standby: Whether nothing is done for others yet.
    """

    database_problem: str | None
    breaker: BreakerState
    credential: CredentialState
    feed_up: bool
    writer_problem: str | None = None
    runs_problem: str | None = None
    standby: bool = False


def health_report(service: str, revision: str, seen: Observations) -> HealthReport:
    """Judge: without the database users cannot be served; without anything else they still can."""
    checks = {
        "database": _database(seen.database_problem),
        "auth_service": _auth_service(seen.breaker, seen.credential),
        "own_credential": _own_credential(seen.credential),
        "revocation_feed": _revocation_feed(up=seen.feed_up),
        "event_writer": _working("Agents' events are not written", seen.writer_problem),
        "run_engine": _working("Agents' runs are not carried out", seen.runs_problem),
    }
    statuses = {check.status for check in checks.values()}
    status = HealthStatus.OK
    if HealthStatus.DOWN in statuses:
        status = HealthStatus.DOWN
    elif HealthStatus.DEGRADED in statuses:
        status = HealthStatus.DEGRADED
    return HealthReport(
        status=status,
        service=service,
        revision=revision,
        checks=checks,
        standby=seen.standby,
    )


def _database(problem: str | None) -> HealthCheck:
    return _OK if problem is None else HealthCheck(status=HealthStatus.DOWN, reason=problem)


def _auth_service(breaker: BreakerState, credential: CredentialState) -> HealthCheck:
    if breaker is not BreakerState.CLOSED:
        return _degraded("The auth service does not answer: the circuit breaker is not closed.")
    if credential.status is CredentialStatus.UNREACHABLE:
        return _degraded("The auth service does not answer.")
    return _OK


def _own_credential(credential: CredentialState) -> HealthCheck:
    if credential.failure is not None:
        failure = credential.failure
        return _degraded(f"{failure.problem.value}: {failure.details} {failure.fix}")
    if credential.status is not CredentialStatus.PROVEN:
        return _degraded("The service has not proven its own credential yet.")
    return _OK


def _revocation_feed(*, up: bool) -> HealthCheck:
    if up:
        return _OK
    return _degraded("Revocations do not arrive: revoked tokens work until they expire.")


def _working(what: str, problem: str | None) -> HealthCheck:
    return _OK if problem is None else _degraded(f"{what}: {problem}.")


def _degraded(reason: str) -> HealthCheck:
    return HealthCheck(status=HealthStatus.DEGRADED, reason=reason)
