"""What is known about one request while it is served: its id, its principal and how far it came.

Whoever establishes a fact writes it here, so that a failure is booked on the identity and the
stage that caused it (SPEC R5). Writing it to the log is `netra.telemetry.request_context`.
"""

from collections.abc import MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from netra import ids
from netra.policy import CredentialMethod
from netra.principal import ANONYMOUS, Principal

_STATE: Final = "state"
_KEY: Final = "request_record"


class Stage(StrEnum):
    """How far a request came, in order."""

    ROUTING = "routing"
    AUTHENTICATION = "authentication"
    AUTHORIZATION = "authorization"
    SESSION_OPEN = "session_open"
    HANDLER = "handler"
    COMMIT = "commit"


@dataclass(slots=True)
class RequestRecord:
    """One request's facts.

    Attributes:
        request_id: Ours, `req_…`, never the client's.
        principal: Who was verified so far; anonymous until then.
        stage: The stage the request is in.
        method: How the credential came, once there was one.
    """

    request_id: str
    principal: Principal = ANONYMOUS
    stage: Stage = Stage.ROUTING
    method: CredentialMethod | None = None


def request_record(scope: MutableMapping[str, Any]) -> RequestRecord:
    """Give the record of the request an ASGI scope belongs to, made on first use."""
    state = scope.setdefault(_STATE, {})
    record = state.get(_KEY)
    if not isinstance(record, RequestRecord):
        record = state[_KEY] = RequestRecord(ids.request_id())
    return record


def begin_record(scope: MutableMapping[str, Any]) -> RequestRecord:
    """Start a fresh record, in a state that no other request shares."""
    scope[_STATE] = dict(scope.get(_STATE) or {})
    scope[_STATE].pop(_KEY, None)
    return request_record(scope)
