"""What can be done or tried, and how an act is put for the record.

No secret, token or password ever reaches this room; a token or key is named by the SHA-256 of its
id.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

ANONYMOUS_ACTOR: Final = "anonymous"


class Outcome(StrEnum):
    """How an act ended."""

    SUCCESS = "success"
    REFUSED = "refused"


class AuditEvent(StrEnum):
    """What can be done, or tried."""

    USER_REGISTERED = "user_registered"
    USER_ERASED = "user_erased"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of an event
    LOGIN = "login"
    LOGOUT = "logout"
    SESSION_REVOKED = "session_revoked"
    CLIENT_AUTHENTICATION = "client_authentication"
    CODE_ISSUED = "authorization_code_issued"
    CODE_REDEEMED = "authorization_code_redeemed"
    CODE_REUSED = "authorization_code_reused"
    TOKEN_ISSUED = "token_issued"  # noqa: S105 - the name of an event
    TOKEN_REFRESHED = "token_refreshed"  # noqa: S105 - the name of an event
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of an event
    ACCESS_REFUSED = "access_refused"
    SIGNING_KEY_CREATED = "signing_key_created"
    SERVICE_REGISTERED = "service_registered"
    AUDIT_READ = "audit_read"
    STORE_RESTORED = "store_restored"


SIGNS_OF_THEFT: Final = frozenset({AuditEvent.CODE_REUSED, AuditEvent.REFRESH_TOKEN_REUSED})
"""What is told as a warning: somebody holds what only its owner should."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: ties a row to the log and to a network address."""

    request_id: str | None
    address: str | None


STARTUP: Final = Origin(None, None)
"""The origin of what the service does by itself when it starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What happened; every text in it may come from a caller and is cleaned before it is kept.

    Attributes:
        event: What was done or tried.
        outcome: How it ended.
        origin: The request it belongs to.
        actor: Who did it, as far as proven: a user id, `service:<id>` or `anonymous`.
        client_id: The OAuth client it was done through, as claimed when it was refused.
        subject: Whom it concerns.
        token_id: The `jti` or `kid` concerned; kept as a hash only.
        reason: Why it was refused, in words of ours.
    """

    event: AuditEvent
    outcome: Outcome
    origin: Origin
    actor: str = ANONYMOUS_ACTOR
    client_id: str | None = None
    subject: str | None = None
    token_id: str | None = None
    reason: str | None = None


def hidden_email(email: str) -> str:
    """Name an account that may not exist without keeping the address itself."""
    return f"email:{sha256(email.encode()).hexdigest()[:16]}"
