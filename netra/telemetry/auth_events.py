"""The authentication events of SPEC R15: what is logged is what happened.

A caller's own bad or missing credential is never critical; `critical_auth_failure` is for what
someone must act on. Who may do what is decided elsewhere.
"""

from collections.abc import Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from netra import ids
from netra.errors import (
    CouldNotDecide,
    CredentialError,
    CredentialMissing,
    InternalError,
    NetraError,
    OwnCredentialUnproven,
    PermissionDenied,
)
from netra.principal import PrincipalKind, ServicePrincipal
from netra.telemetry.log_events import EventLogger
from netra.telemetry.request_record import RequestRecord, Stage

_PATTERN_LENGTH: Final = 15


class LikelyCause(StrEnum):
    """Why authentication failed, as far as the failure itself tells."""

    OWN_CREDENTIAL_REJECTED = "own_credential_rejected"
    OWN_CREDENTIAL_MISSING = "own_credential_missing"
    FOREIGN_SERVICE_ID = "foreign_service_id"
    AUTH_SERVICE_UNREACHABLE = "auth_service_unreachable"
    SIGNING_KEY_UNKNOWN = "signing_key_unknown"
    TOKEN_SETTINGS_DIFFER = "token_settings_differ"  # noqa: S105 - the name of a cause
    SERVICE_PERMISSION_MISSING = "service_permission_missing"
    STORE_UNAVAILABLE = "store_unavailable"
    UNKNOWN = "unknown"


_HINTS: Final = MappingProxyType(
    {
        LikelyCause.OWN_CREDENTIAL_REJECTED: (
            "Compare the fingerprint of SERVICE_SECRET with the one the auth service has.",
            "The auth service's audit record says whether it was unknown, disabled or wrong.",
            "Check whether SERVICE_ID or SERVICE_SECRET changed with this revision.",
        ),
        LikelyCause.OWN_CREDENTIAL_MISSING: (
            "SERVICE_SECRET is not in this revision's configuration: compare it with the contract.",
            "Compare this revision's variables with those of the revision that served before.",
        ),
        LikelyCause.FOREIGN_SERVICE_ID: (
            "The service id that was asked for is not this service's SERVICE_ID.",
        ),
        LikelyCause.AUTH_SERVICE_UNREACHABLE: (
            "Check AUTH_SERVICE_URL and the auth service's /health/ready.",
            "Check the state of the circuit breaker 'auth_service'.",
        ),
        LikelyCause.SIGNING_KEY_UNKNOWN: (
            "Compare the token's kid with the keys the issuer publishes.",
            "Check that AUTH_SERVICE_URL and TOKEN_ISSUER name the service that issued the token.",
        ),
        LikelyCause.TOKEN_SETTINGS_DIFFER: (
            "Compare TOKEN_ISSUER, TOKEN_AUDIENCE and TOKEN_TRUST_MODE with the auth service's.",
            "Compare the clocks of the two machines.",
        ),
        LikelyCause.SERVICE_PERMISSION_MISSING: (
            "Compare the service's registered scopes with the permission that was asked for.",
        ),
        LikelyCause.STORE_UNAVAILABLE: (
            "Check DATABASE_URL and that the store is at the version this revision needs.",
        ),
        LikelyCause.UNKNOWN: ("Nothing in the failure tells its cause: read the lines before it.",),
    }
)


def hints_for(likely_cause: str) -> tuple[str, ...]:
    """Say what to look at for a cause; a cause that is not in the table has the unknown's hints."""
    try:
        return _HINTS[LikelyCause(likely_cause)]
    except ValueError:
        return _HINTS[LikelyCause.UNKNOWN]


def authentication_refused(
    log: EventLogger, record: RequestRecord, error: NetraError, *, not_logged_since: int = 0
) -> None:
    """Log that a caller's own credential was missing, refused or not enough; never critical.

    Args:
        log: Where to.
        record: The request's.
        error: How it was refused.
        not_logged_since: How many refusals like it were not logged since the last that was.
    """
    write = log.info if isinstance(error, CredentialMissing) else log.warning
    write(
        "authentication_refused",
        message=f"Authentication refused: {error.public_text}",
        user_id=str(record.principal),
        user_type=record.principal.kind.value,
        is_service_call=isinstance(record.principal, ServicePrincipal),
        auth_failure_stage=record.stage.value,
        method=record.method,
        status=error.status,
        error_code=error.code,
        error_type=type(error).__name__,
        reason=error.reason,
        **({"not_logged_since": not_logged_since} if not_logged_since else {}),
    )


def critical_auth_failure(  # noqa: PLR0913 - the fields of R15, each a fact only the caller knows
    log: EventLogger,
    *,
    principal_name: str,
    user_type: str,
    is_service_call: bool,
    error: BaseException,
    function_location: str,
    stage: Stage | str,
    likely_cause: LikelyCause | str,
    debugging_priority: str = "CRITICAL",
    debug_hints: Sequence[str] | None = None,
    operation: str | None = None,
    correlation_id: str | None = None,
) -> None:
    """Log an authentication failure that someone must act on.

    Args:
        log: Where to.
        principal_name: Whose authentication failed, such as `service:netra-backend`.
        user_type: The principal's kind: `user`, `service` or `anonymous`.
        is_service_call: Whether a service's own credential failed; counts for services only.
        error: What was raised.
        function_location: The dotted path of the function that found out.
        stage: Where in the request, or in which step of the service's own work.
        likely_cause: One of `LikelyCause` where it fits.
        debugging_priority: How urgent it is.
        debug_hints: What to look at; those of the likely cause if None.
        operation: What was being done, shown instead of the location in the message.
        correlation_id: Ties lines of one failure together; a new one is made if None.
    """
    known = error if isinstance(error, NetraError) else InternalError(str(error))
    status = known.status
    log.critical(
        "critical_auth_failure",
        message=f"CRITICAL_AUTH_FAILURE: {status} '{known.public_text}' | User: '{principal_name}'"
        f" | Operation: '{operation or function_location}'",
        correlation_id=correlation_id or ids.correlation_id(),
        error_context={
            "user_id": principal_name,
            "error_type": type(error).__name__,
            "error_message": f"{status}: {known.reason}",
            "function_location": function_location,
            "auth_failure_stage": str(stage),
            "likely_cause": str(likely_cause),
            "debugging_priority": debugging_priority,
        },
        auth_state={
            "current_state": "undecided" if _is_undecided(known) else "failed",
            "user_type": user_type,
            "is_service_call": is_service_call and user_type == PrincipalKind.SERVICE,
            "auth_indicators": _indicators(known, principal_name),
        },
        debug_hints=list(hints_for(likely_cause) if debug_hints is None else debug_hints),
    )


def _is_undecided(error: NetraError) -> bool:
    return isinstance(error, CouldNotDecide) and not isinstance(error, OwnCredentialUnproven)


def _indicators(error: NetraError, principal_name: str) -> dict[str, Any]:
    not_established = isinstance(error, CredentialError | OwnCredentialUnproven)
    return {
        "has_403_error": error.status == PermissionDenied.status,
        "has_not_authenticated": not_established,
        "error_suggests_auth_failure": not_established or isinstance(error, PermissionDenied),
        "user_id_pattern": _pattern(principal_name),
    }


def _pattern(name: str) -> str:
    if len(name) <= _PATTERN_LENGTH:
        return name
    return f"{name[:_PATTERN_LENGTH]}..."
