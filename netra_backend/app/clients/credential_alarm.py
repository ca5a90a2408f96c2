"""Who is told that this service cannot prove itself, and how often: the log, once a minute.

An auth service that cannot be reached raises no alarm here: the circuit breaker reports it, and
nobody's credential is at fault.
"""

from typing import Final

from netra.clock import Clock
from netra.errors import OwnCredentialUnproven
from netra.principal import ServiceIdentity
from netra.telemetry.auth_events import critical_auth_failure, hints_for
from netra.telemetry.log_events import event_logger
from netra.telemetry.once_per_interval import OncePerInterval
from netra.telemetry.request_record import Stage
from netra_backend.app.clients.service_credential import CredentialOutcome
from netra_backend.app.clients.service_validation import (
    CredentialFailure,
    CredentialProblem,
)

log: Final = event_logger("clients")

_ALARMING: Final = frozenset(
    {
        CredentialProblem.REFUSED,
        CredentialProblem.SECRET_MISSING,
        CredentialProblem.TOKEN_INVALID,
    }
)


class CredentialAlarm:
    """Log what becomes of the service's own credential, under the service's own name.

    It is never logged on behalf of a request: the caller of that request did nothing wrong.
    """

    def __init__(self, identity: ServiceIdentity, clock: Clock, *, seconds: float = 60) -> None:
        self._identity = identity
        self._permits = OncePerInterval(clock, seconds)
        self._failing: CredentialProblem | None = None

    def __call__(self, outcome: CredentialOutcome) -> None:
        """Take note of one attempt to prove the credential."""
        if isinstance(outcome, CredentialFailure):
            self._failed(outcome)
            return
        if self._failing is not None:
            log.info(
                "service_credential_recovered",
                message=f"{self._identity.service_id} can prove itself to the auth service again",
                principal=str(self._identity),
                was=self._failing.value,
            )
            self._failing = None

    def _failed(self, failure: CredentialFailure) -> None:
        self._failing = failure.problem
        if failure.problem not in _ALARMING:
            return
        suppressed = self._permits.permit(failure.problem)
        if suppressed is None:
            return
        hints = [failure.fix, *hints_for(failure.likely_cause)]
        if suppressed:
            hints.append(f"Failed attempts like this one that were not logged: {suppressed}.")
        critical_auth_failure(
            log,
            principal_name=str(self._identity),
            user_type="service",
            is_service_call=True,
            error=OwnCredentialUnproven(failure.details),
            function_location="netra_backend.app.clients.service_proof.ServiceProof",
            stage=Stage.AUTHENTICATION,
            likely_cause=failure.likely_cause,
            debug_hints=hints,
        )
