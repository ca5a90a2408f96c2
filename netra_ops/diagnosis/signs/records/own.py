"""Our own services' events, which say by their names and fields exactly what they mean. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from netra_ops.diagnosis.signs.meaning import Meaning
from netra_ops.diagnosis.signs.sign import Sign

_BY_EVENT: Final = MappingProxyType(
    {
        "circuit_breaker_open": (Sign.BREAKER_OPEN, "breaker"),
        "circuit_breaker_closed": (Sign.BREAKER_CLOSED, "breaker"),
        "origin_refused": (Sign.ORIGIN_REFUSED, "origin"),
        "upgrade_missing": (Sign.UPGRADE_MISSING, None),
        "service_session_created": (Sign.SESSION_CREATED, "operation"),
        "keyring_changed": (Sign.KEY_ROTATED, "kid"),
        "signing_key_unusable": (Sign.KEY_UNREADABLE, "kid"),
        "service_secret_loaded": (Sign.CONFIGURED, "variable"),
        "listening": (Sign.STARTED, None),
        "websocket_closed": (Sign.SOCKET_CLOSED, None),
        "permission_denied": (Sign.NOT_PERMITTED, "permission"),
        "start_refused": (Sign.START_FAILED, "error_code"),
        "store_not_ready": (Sign.START_FAILED, "error_code"),
    }
)
_BY_PROBLEM: Final = MappingProxyType(
    {
        "missing": Sign.NOT_CONFIGURED,
        "unset": Sign.NOT_CONFIGURED,
        "empty": Sign.VALUE_EMPTY,
        "placeholder": Sign.DEFAULT_KEY,
        "weak": Sign.DEFAULT_KEY,
        "unresolved": Sign.REFERENCE_TEXT,
        "whitespace": Sign.VALUE_WITH_BLANKS,
        "quoted": Sign.VALUE_IN_QUOTES,
    }
)
_AUDIT: Final = "audit_recorded"
_BY_ACT: Final = MappingProxyType(
    {
        "login": Sign.LOGGED_IN,
        "token_issued": Sign.TOKEN_ISSUED,
        "token_refreshed": Sign.TOKEN_ISSUED,
        "client_authentication": Sign.AUTHENTICATED,
        "signing_key_activated": Sign.KEY_ROTATED,
        "service_secret_rotated": Sign.SECRET_CHANGED,
        "service_secret_deleted": Sign.SECRET_CHANGED,
    }
)
_BY_ACT_REFUSED: Final = MappingProxyType(
    {
        "login": Sign.PASSWORD_WRONG,
        "password_proof": Sign.PASSWORD_WRONG,
        "client_authentication": Sign.CLIENT_REFUSED,
        "refresh_token_reused": Sign.REFRESH_REUSED,
    }
)
_CONFIGURATION: Final = frozenset({"configuration_invalid", "configuration_violation"})
_BY_CODE: Final = MappingProxyType(
    {
        "database_unavailable": Sign.DATABASE_SILENT,
        "database_busy": Sign.POOL_EXHAUSTED,
    }
)
_UNDECIDED: Final = frozenset(
    {
        "authentication_undecided",
        "request_not_decided",
        "dependency_unavailable",
        "revocation_feed_down",
    }
)
_SILENT: Final = frozenset(
    {
        "circuit_breaker_initialized",
        "circuit_breaker_half_open",
        "service_session_requested",
        "http_request",
        "origin_allowed",
        "auth_service_client_initialized",
        "auth_client_core_initialized",
        "sockets_ended_by_revocation",
        "slow_query",
    }
)
"""Events whose words could be taken for more than they say."""


def own_meanings(fields: Mapping[str, Any]) -> list[Meaning] | None:
    """Give what one of our own events means; None for what is none, or speaks by its text.

    Args:
        fields: Of a record that has an `event`.
    """
    event = fields.get("event")
    if not isinstance(event, str) or "room" not in fields:
        return None
    if event in _SILENT:
        return []
    if event == _AUDIT:
        return _of_audit(fields)
    if event in _CONFIGURATION:
        return _of_configuration(fields)
    sign, subject = _of_event(event, fields)
    return None if sign is None else [Meaning(sign, subject)]


def _of_event(event: str, fields: Mapping[str, Any]) -> tuple[Sign | None, str | None]:
    """Give what an event means by its name, or by the code of the error that it tells of."""
    if event in _UNDECIDED:
        code = fields.get("error_code")
        return _BY_CODE.get(code) if isinstance(code, str) else None, None
    sign, named = _BY_EVENT.get(event, (None, None))
    subject = fields.get(named) if named else None
    return sign, subject if isinstance(subject, str) else None


def is_undecided(fields: Mapping[str, Any]) -> bool:
    """Tell whether one of our own events says that a dependency gave no decision."""
    return "room" in fields and fields.get("event") in _UNDECIDED


def ends_process(fields: Mapping[str, Any]) -> bool:
    """Tell whether one of our own events says that an exception ended its process."""
    is_uncaught = "room" in fields and fields.get("event") == "uncaught_exception"
    return is_uncaught and fields.get("where") == "main thread"


def _of_audit(fields: Mapping[str, Any]) -> list[Meaning] | None:
    """Give what a line of the audit record means; other refusals speak by their reasons."""
    act, client = fields.get("act"), fields.get("client_id")
    if not isinstance(act, str):
        return []
    subject = client if isinstance(client, str) else None
    is_success = fields.get("outcome") == "success"
    sign = (_BY_ACT if is_success else _BY_ACT_REFUSED).get(act)
    if act == "refresh_token_reused":
        sign = Sign.REFRESH_REUSED
    if sign is not None:
        return [Meaning(sign, subject)]
    return [] if is_success else None


def _of_configuration(fields: Mapping[str, Any]) -> list[Meaning]:
    variable, problem = fields.get("variable"), fields.get("problem")
    subject = variable if isinstance(variable, str) else None
    failed = Meaning(Sign.START_FAILED, "configuration")
    if not isinstance(problem, str):
        return [failed]
    sign = next(
        (sign for word, sign in _BY_PROBLEM.items() if word in problem), Sign.VALUE_MALFORMED
    )
    return [Meaning(sign, subject), failed]
