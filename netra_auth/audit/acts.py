"""What can be done or tried, and how an act is put for the record.

No secret, token or password ever reaches this room; a token or key is named by the SHA-256 of its
id.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final, TypeAlias

from netra.wire.auth_admin import AuditOutcome

ANONYMOUS_ACTOR: Final = "anonymous"


Outcome: TypeAlias = AuditOutcome


class AuditEvent(StrEnum):
    """What can be done, or tried."""

    USER_REGISTERED = "user_registered"
    USER_ERASED = "user_erased"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    ACCOUNT_EXPORTED = "account_exported"
    CONSENT_REMOVED = "consent_removed"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of an event
    MAIL_ASKED = "mail_asked"
    MAIL_SENT = "mail_sent"
    MAILED_LINK_USED = "mailed_link_used"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an event
    PASSWORD_PROOF = "password_proof"  # noqa: S105 - the name of an event
    SECOND_FACTOR_BEGUN = "second_factor_begun"
    SECOND_FACTOR_ENABLED = "second_factor_enabled"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    SECOND_FACTOR_ASKED = "second_factor_asked"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    LOGIN = "login"
    LOGOUT = "logout"
    SESSION_REVOKED = "session_revoked"
    CLIENT_AUTHENTICATION = "client_authentication"
    CODE_ISSUED = "authorization_code_issued"
    CODE_REDEEMED = "authorization_code_redeemed"
    CODE_REUSED = "authorization_code_reused"
    CONSENT_GRANTED = "consent_granted"
    CONSENT_REFUSED = "consent_refused"
    TOKEN_ISSUED = "token_issued"  # noqa: S105 - the name of an event
    TOKEN_REFRESHED = "token_refreshed"  # noqa: S105 - the name of an event
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of an event
    ACCESS_REFUSED = "access_refused"
    LIMIT_REACHED = "limit_reached"
    SIGNING_KEY_CREATED = "signing_key_created"
    SIGNING_KEY_PUBLISHED = "signing_key_published"
    SIGNING_KEY_ACTIVATED = "signing_key_activated"
    SIGNING_KEY_RETIRED = "signing_key_retired"
    SIGNING_KEY_GONE = "signing_key_gone"
    SIGNING_KEY_COMPROMISED = "signing_key_compromised"
    SERVICE_REGISTERED = "service_registered"
    SERVICE_CHANGED = "service_changed"
    SERVICE_DISABLED = "service_disabled"
    SERVICE_ENABLED = "service_enabled"
    SERVICE_SECRET_ROTATED = "service_secret_rotated"  # noqa: S105 - the name of an event
    SERVICE_SECRET_DELETED = "service_secret_deleted"  # noqa: S105 - the name of an event
    AUDIT_READ = "audit_read"
    STORE_RESTORED = "store_restored"


SIGNS_OF_THEFT: Final = frozenset(
    {
        AuditEvent.CODE_REUSED,
        AuditEvent.REFRESH_TOKEN_REUSED,
        AuditEvent.SIGNING_KEY_COMPROMISED,
    }
)
"""What is told as a warning: somebody holds what only its owner should."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: ties a row to the log and to a network address.

    `user_agent` is what the browser calls itself, as it was sent.
    """

    request_id: str | None
    address: str | None
    user_agent: str = ""


STARTUP: Final = Origin(None, None)
"""The origin of what the service does by itself when it starts."""

UPKEEP: Final = Origin(None, None)
"""The origin of what the service does by itself while it runs."""


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
        secret_id: Which of its secrets a service proved itself with; the use is counted with the
            row, and the row says it beside the reason.
        key_id: The `kid` of the key a service proved itself with; the row says it likewise.
    """

    event: AuditEvent
    outcome: Outcome
    origin: Origin
    actor: str = ANONYMOUS_ACTOR
    client_id: str | None = None
    subject: str | None = None
    token_id: str | None = None
    reason: str | None = None
    secret_id: str | None = None
    key_id: str | None = None


def hidden_email(email: str) -> str:
    """Name an account that may not exist without keeping the address itself."""
    return f"email:{sha256(email.encode()).hexdigest()[:16]}"
