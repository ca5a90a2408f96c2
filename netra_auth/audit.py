"""The audit record: every authentication success, failure, refusal, revocation and admin act.

A row is written in the transaction of the act itself, and the log event follows its commit, so
that neither tells of what did not happen. No secret, token or password ever reaches this module;
a token or key is named by the SHA-256 of its id.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final, TypeAlias

from netra.clock import Clock
from netra.ids import row_id
from netra.telemetry.log_events import event_logger
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import audit_records, service_secrets

_log = event_logger("netra_auth.audit")

ANONYMOUS_ACTOR: Final = "anonymous"
_MAX_NAME: Final = 128
_MAX_REASON: Final = 256
_MAX_ADDRESS: Final = 64


class Outcome(StrEnum):
    """How an act ended."""

    SUCCESS = "success"
    REFUSED = "refused"


class AuditEvent(StrEnum):
    """What can be done, or tried."""

    USER_REGISTERED = "user_registered"
    USER_ERASED = "user_erased"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    ACCOUNT_EXPORTED = "account_exported"
    CONSENT_REMOVED = "consent_removed"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of an event
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
    CONSENT_WITHDRAWN = "consent_withdrawn"
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


_SIGNS_OF_THEFT: Final = frozenset(
    {
        AuditEvent.CODE_REUSED,
        AuditEvent.REFRESH_TOKEN_REUSED,
        AuditEvent.SIGNING_KEY_COMPROMISED,
    }
)


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


Observer: TypeAlias = Callable[[Act], None]
"""Is told of an act once its row is committed; it counts, and touches nothing that can fail."""


class AuditTrail:
    """The one way to the audit record."""

    def __init__(self, database: Database, clock: Clock, observer: Observer | None = None) -> None:
        self._database = database
        self._clock = clock
        self._observer = observer

    async def note(self, transaction: Transaction, act: Act) -> None:
        """Record an act with the transaction that performs it."""
        row = audit_records.AuditRow(
            audit_id=row_id("aud"),
            recorded_at=self._clock.timestamp(),
            event=act.event.value,
            outcome=act.outcome.value,
            actor=_clean(act.actor, _MAX_NAME),
            client_id=_clean_optional(act.client_id, _MAX_NAME),
            subject=_clean_optional(act.subject, _MAX_NAME),
            token_hash=None if act.token_id is None else sha256(act.token_id.encode()).hexdigest(),
            reason=_clean_optional(_reason(act), _MAX_REASON),
            request_id=act.origin.request_id,
            address=_clean_optional(act.origin.address, _MAX_ADDRESS),
        )
        if act.secret_id is not None:
            await service_secrets.count_use(transaction.connection, act.secret_id, row.recorded_at)
        await audit_records.add(transaction.connection, row)
        transaction.after_commit(lambda: _tell(row, is_alarming=act.event in _SIGNS_OF_THEFT))
        observer = self._observer
        if observer is not None:
            transaction.after_commit(lambda: observer(act))

    async def note_alone(self, act: Act) -> None:
        """Record an act that changed nothing else, in a transaction of its own.

        Raises:
            DatabaseUnavailable: The record cannot be kept; the caller is then told nothing else.
        """
        async with self._database.transaction() as transaction:
            await self.note(transaction, act)


def hidden_email(email: str) -> str:
    """Name an account that may not exist without keeping the address itself."""
    return f"email:{sha256(email.encode()).hexdigest()[:16]}"


def _tell(row: audit_records.AuditRow, *, is_alarming: bool) -> None:
    fields = {
        "message": f"Audit: {row.event.replace('_', ' ')} {row.outcome}",
        "act": row.event,
        "outcome": row.outcome,
        "audit_id": row.audit_id,
        "actor": row.actor,
        "client_id": row.client_id,
        "subject": row.subject,
        "reason": row.reason,
        "address": row.address,
    }
    if is_alarming:
        _log.warning("audit_recorded", **fields)
    else:
        _log.info("audit_recorded", **fields)


def _reason(act: Act) -> str | None:
    told = [
        act.reason,
        None if act.secret_id is None else f"secret {act.secret_id}",
        None if act.key_id is None else f"key {act.key_id}",
    ]
    return "; ".join(part for part in told if part is not None) or None


def _clean(text: str, limit: int) -> str:
    """Cut a text to what a column holds and replace what is not printable, such as CR and LF."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:limit])


def _clean_optional(text: str | None, limit: int) -> str | None:
    return None if text is None else _clean(text, limit)
