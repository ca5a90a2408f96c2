"""Tests of `netra.telemetry.auth_events`."""

import re
from typing import Any

import pytest

from fakes.log_lines import log_lines
from netra import errors
from netra.errors import NetraError
from netra.policy import CredentialMethod
from netra.principal import ANONYMOUS, Principal, ServicePrincipal, UserPrincipal
from netra.telemetry import (
    LikelyCause,
    RequestRecord,
    Stage,
    authentication_refused,
    critical_auth_failure,
    event_logger,
    hints_for,
)

SERVICE = ServicePrincipal("netra-backend", frozenset(), "tok_1", 0.0)
USER = UserPrincipal("usr_1", "ses_1", "netra-cli", frozenset(), frozenset(), "tok_2", 0.0)


def _refused(
    error: NetraError, principal: Principal = ANONYMOUS, stage: Stage = Stage.AUTHENTICATION
) -> dict[str, Any]:
    record = RequestRecord("req_1", principal, stage, CredentialMethod.BEARER)
    with log_lines() as lines:
        authentication_refused(event_logger("auth"), record, error)
    return lines.only("authentication_refused")


def _critical(error: BaseException, **given: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "principal_name": "service:netra-backend",
        "user_type": "service",
        "is_service_call": True,
        "function_location": "netra_backend.app.clients.auth_client_core.AuthServiceClient.prove",
        "stage": Stage.AUTHENTICATION,
        "likely_cause": LikelyCause.OWN_CREDENTIAL_REJECTED,
    }
    with log_lines() as lines:
        critical_auth_failure(event_logger("auth"), error=error, **(facts | given))
    return lines.only("critical_auth_failure")


@pytest.mark.parametrize(
    ("error", "severity"),
    [
        (errors.CredentialMissing(), "INFO"),
        (errors.CredentialRejected("expired"), "WARNING"),
        (errors.PermissionDenied("no row"), "WARNING"),
        (errors.AuthServiceUnreachable(), "WARNING"),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_callers_own_credential_is_never_critical(error: NetraError, severity: str) -> None:
    """A bad or missing credential wakes nobody up (SPEC R15, checklist 59)."""
    event = _refused(error)

    assert event["severity"] == severity
    assert "CRITICAL" not in str(event)


def test_a_refusal_is_booked_on_who_and_where() -> None:
    """An anonymous caller without a credential is anonymous, at the stage it reached (SPEC R5)."""
    event = _refused(errors.CredentialMissing("no Authorization header"))

    assert event["user_id"] == "anonymous"
    assert event["user_type"] == "anonymous"
    assert event["is_service_call"] is False
    assert event["auth_failure_stage"] == "authentication"
    assert event["error_code"] == "credential_missing"
    assert event["error_type"] == "CredentialMissing"
    assert event["status"] == 401
    assert event["method"] == "bearer"
    assert event["reason"] == "no Authorization header"
    assert "service:" not in str(event)


@pytest.mark.parametrize(
    ("principal", "kind", "is_service"),
    [(USER, "user", False), (SERVICE, "service", True), (ANONYMOUS, "anonymous", False)],
)
def test_the_user_type_is_the_principals_type(
    principal: Principal, kind: str, *, is_service: bool
) -> None:
    """What is logged is what happened, not what a name looks like (SPEC R15)."""
    event = _refused(errors.PermissionDenied("x"), principal, Stage.AUTHORIZATION)

    assert event["user_type"] == kind
    assert event["is_service_call"] is is_service
    assert event["user_id"] == str(principal)


def test_a_critical_failure_has_every_field_of_the_form() -> None:
    """`error_context`, `auth_state` and `debug_hints` are complete (SPEC R15)."""
    event = _critical(errors.OwnCredentialUnproven("the auth service refused the credential"))

    assert event["severity"] == "CRITICAL"
    assert event["error_context"] == {
        "user_id": "service:netra-backend",
        "error_type": "OwnCredentialUnproven",
        "error_message": "503: the auth service refused the credential",
        "function_location": "netra_backend.app.clients.auth_client_core.AuthServiceClient.prove",
        "auth_failure_stage": "authentication",
        "likely_cause": "own_credential_rejected",
        "debugging_priority": "CRITICAL",
    }
    assert event["auth_state"] == {
        "current_state": "failed",
        "user_type": "service",
        "is_service_call": True,
        "auth_indicators": {
            "has_403_error": False,
            "has_not_authenticated": True,
            "error_suggests_auth_failure": True,
            "user_id_pattern": "service:netra-b...",
        },
    }
    assert event["debug_hints"] == list(hints_for(LikelyCause.OWN_CREDENTIAL_REJECTED))
    assert re.fullmatch(r"debug_corr_\d+_\d+_[0-9a-f]{8}", event["correlation_id"])


def test_the_message_says_what_who_and_where() -> None:
    """The sentence has the documented form, with the operation where it is known."""
    event = _critical(errors.PermissionDenied("no row"), operation="database_session_creation")

    assert event["message"] == (
        "CRITICAL_AUTH_FAILURE: 403 'You are not allowed to do this.'"
        " | User: 'service:netra-backend' | Operation: 'database_session_creation'"
    )


def test_without_an_operation_the_message_names_the_function() -> None:
    """`Operation` falls back to where it was found out."""
    event = _critical(errors.PermissionDenied("x"), function_location="a.b.c")

    assert event["message"].endswith("| Operation: 'a.b.c'")


@pytest.mark.parametrize(
    ("error", "indicators"),
    [
        (errors.CredentialRejected("x"), (False, True, True)),
        (errors.PermissionDenied("x"), (True, False, True)),
        (errors.AuthServiceUnreachable("x"), (False, False, False)),
        (errors.InternalError("x"), (False, False, False)),
        (ValueError("403 Not authenticated"), (False, False, False)),
    ],
    ids=lambda given: type(given).__name__,
)
def test_indicators_come_from_the_error_not_from_its_text(
    error: BaseException, indicators: tuple[bool, bool, bool]
) -> None:
    """An error whose text mentions 403 is not therefore an authentication failure."""
    found = _critical(error)["auth_state"]["auth_indicators"]

    assert indicators == (
        found["has_403_error"],
        found["has_not_authenticated"],
        found["error_suggests_auth_failure"],
    )


def test_what_could_not_be_decided_is_not_said_to_have_failed() -> None:
    """An unreachable auth service leaves the state undecided."""
    assert _critical(errors.AuthServiceUnreachable())["auth_state"]["current_state"] == "undecided"


def test_a_person_or_nobody_is_never_a_service_call() -> None:
    """`is_service_call` counts for services only, whatever the caller claims."""
    event = _critical(errors.InternalError(), user_type="user", principal_name="usr_1")

    assert event["auth_state"]["is_service_call"] is False
    assert event["auth_state"]["auth_indicators"]["user_id_pattern"] == "usr_1"


def test_given_hints_and_correlation_replace_the_derived_ones() -> None:
    """A caller that knows more says it."""
    event = _critical(
        errors.InternalError(), debug_hints=["look here"], correlation_id="debug_corr_1_1_aaaaaaaa"
    )

    assert event["debug_hints"] == ["look here"]
    assert event["correlation_id"] == "debug_corr_1_1_aaaaaaaa"


@pytest.mark.parametrize("cause", list(LikelyCause))
def test_every_cause_has_hints_that_name_something_to_look_at(cause: LikelyCause) -> None:
    """Hints are sentences, and none invites to switch a check off."""
    hints = hints_for(cause)

    assert hints
    assert all(hint.endswith(".") for hint in hints)
    assert not re.search(r"bypass|disable|skip|relax", " ".join(hints), re.IGNORECASE) or (
        "disabled" in " ".join(hints)
    )


def test_a_cause_outside_the_table_has_the_hints_of_the_unknown() -> None:
    """An unheard-of cause is not guessed at."""
    assert hints_for("something_new") == hints_for(LikelyCause.UNKNOWN)


def test_a_name_cannot_forge_a_line() -> None:
    """CR and LF in a name stay inside the one line (checklist 59, 16.4.1)."""
    event = _critical(errors.InternalError(), principal_name='usr_1\r\n{"severity":"INFO"}')

    assert event["error_context"]["user_id"] == 'usr_1\r\n{"severity":"INFO"}'
