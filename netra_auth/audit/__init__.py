"""The audit record: every authentication success, failure, refusal, revocation and admin act."""

from netra_auth.audit.acts import (
    ANONYMOUS_ACTOR,
    STARTUP,
    UPKEEP,
    Act,
    AuditEvent,
    Origin,
    Outcome,
    hidden_email,
)
from netra_auth.audit.trail import AuditTrail

__all__ = [
    "ANONYMOUS_ACTOR",
    "STARTUP",
    "UPKEEP",
    "Act",
    "AuditEvent",
    "AuditTrail",
    "Origin",
    "Outcome",
    "hidden_email",
]
