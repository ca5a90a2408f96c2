"""The audit record: every authentication success, failure, refusal, revocation and admin act.

A row is written in the transaction of the act itself, and the log event follows its commit, so
that neither tells of what did not happen. No secret, token or password ever reaches this module;
a token or key is named by the SHA-256 of its id.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from netra.clock import Clock
from netra.ids import row_id
from netra.telemetry.log_events import event_logger
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import audit_records

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
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of an event
    LOGIN = "login"
    LOGOUT = "logout"
    SESSION_REVOKED = "session_revoked"
    CLIENT_AUTHENTICATION = "client_authentication"
    CODE_ISSUED = "authorization_code_issued"
    CODE_REDEEMED = "authorization_code_redeemed"
    CODE_REUSED = "authorization_code_reused"
    CONSENT_GRANTED = "consent_granted"
    CONSENT_REFUSED = "consent_refused"
    CONSENT_REMOVED = "consent_removed"
    TOKEN_ISSUED = "token_issued"  # noqa: S105 - the name of an event
    TOKEN_REFRESHED = "token_refreshed"  # noqa: S105 - the name of an event
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of an event
    ACCESS_REFUSED = "access_refused"
    SIGNING_KEY_CREATED = "signing_key_created"
    SERVICE_REGISTERED = "service_registered"


_SIGNS_OF_THEFT: Final = frozenset({AuditEvent.CODE_REUSED, AuditEvent.REFRESH_TOKEN_REUSED})


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


class AuditTrail:
    """The one way to the audit record."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

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
            reason=_clean_optional(act.reason, _MAX_REASON),
            request_id=act.origin.request_id,
            address=_clean_optional(act.origin.address, _MAX_ADDRESS),
        )
        await audit_records.add(transaction.connection, row)
        transaction.after_commit(lambda: _tell(row, is_alarming=act.event in _SIGNS_OF_THEFT))

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


def _clean(text: str, limit: int) -> str:
    """Cut a text to what a column holds and replace what is not printable, such as CR and LF."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:limit])


def _clean_optional(text: str | None, limit: int) -> str | None:
    return None if text is None else _clean(text, limit)
