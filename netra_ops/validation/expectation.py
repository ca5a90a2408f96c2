"""Judgements that several steps share: refusals (RFC 6750 section 3), health, tokens. Pure."""

from http import HTTPStatus
from typing import Final

from pydantic import ValidationError

from netra.wire.auth_api import TokenResponse
from netra.wire.health import HealthReport, HealthStatus
from netra_ops.validation.answer import Answer
from netra_ops.validation.step import Outcome, Walk, described, failed, passed

NO_CREDENTIAL: Final = "401 with WWW-Authenticate: Bearer and no error code"
BAD_TOKEN: Final = "401 with WWW-Authenticate: Bearer, error invalid_token"  # noqa: S105 - words
NOT_ALLOWED: Final = "403 with error insufficient_scope"
NOBODY: Final = "401 with WWW-Authenticate: Bearer"
WELL: Final = "200 with status ok"


def no_credential(answer: Answer, _walk: Walk) -> Outcome:
    """Want the answer to a caller who showed nothing: no error, because nothing was refused."""
    challenged = _is_bearer(answer) and "error=" not in answer.challenge
    return _verdict(answer, right=answer.status == HTTPStatus.UNAUTHORIZED and challenged)


def bad_token(answer: Answer, _walk: Walk) -> Outcome:
    """Want the answer to a token that was looked at and refused."""
    right = answer.status == HTTPStatus.UNAUTHORIZED and _says(answer, "invalid_token")
    return _verdict(answer, right=right)


def nobody(answer: Answer, _walk: Walk) -> Outcome:
    """Want the answer to a caller who did not prove to be anybody."""
    right = answer.status == HTTPStatus.UNAUTHORIZED and _is_bearer(answer)
    return _verdict(answer, right=right)


def ambiguous(answer: Answer, _walk: Walk) -> Outcome:
    """Want the answer to a request that shows more than one credential."""
    challenged = answer.status == HTTPStatus.UNAUTHORIZED and _is_bearer(answer)
    return _verdict(answer, right=challenged or answer.status == HTTPStatus.BAD_REQUEST)


def not_allowed(answer: Answer, _walk: Walk) -> Outcome:
    """Want the answer to a caller who is known and may not."""
    right = answer.status == HTTPStatus.FORBIDDEN and _says(answer, "insufficient_scope")
    return _verdict(answer, right=right)


def unknown_client(answer: Answer, _walk: Walk) -> Outcome:
    """Want the token endpoint's answer to a client that did not prove itself."""
    right = answer.status == HTTPStatus.UNAUTHORIZED and answer.member("error") == "invalid_client"
    return _verdict(answer, right=right)


def well(answer: Answer, _walk: Walk) -> Outcome:
    """Want a health report without a fault; degraded is not a pass (SPEC R14)."""
    try:
        report = HealthReport.model_validate_json(answer.body)
    except ValidationError:
        return failed(f"{described(answer)}, not a health report")
    amiss = [
        f"{name} {check.status.value} ({check.reason or 'no reason given'})"
        for name, check in report.checks.items()
        if check.status is not HealthStatus.OK
    ]
    right = answer.status == HTTPStatus.OK and report.status is HealthStatus.OK and not amiss
    got = "; ".join((f"{answer.status}, {report.status.value}", *amiss))
    return (passed if right else failed)(got)


def tokens_of(answer: Answer) -> TokenResponse | None:
    """Read a successful answer of a token endpoint, or None if it is none."""
    if answer.status != HTTPStatus.OK:
        return None
    try:
        return TokenResponse.model_validate_json(answer.body)
    except ValidationError:
        return None


def _verdict(answer: Answer, *, right: bool) -> Outcome:
    return (passed if right else failed)(described(answer))


def _says(answer: Answer, error: str) -> bool:
    return _is_bearer(answer) and f'error="{error}"' in answer.challenge


def _is_bearer(answer: Answer) -> bool:
    return answer.challenge.lower().startswith("bearer")
