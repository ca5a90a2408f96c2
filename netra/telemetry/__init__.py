"""What every process says about itself: redacted log events, and the record of a request."""

from netra.telemetry.auth_events import (
    LikelyCause,
    authentication_refused,
    critical_auth_failure,
    hints_for,
)
from netra.telemetry.log_events import (
    EventLogger,
    configure_logging,
    event_logger,
    release_logging,
)
from netra.telemetry.once_per_interval import OncePerInterval
from netra.telemetry.redaction import REDACTED, Redactor, redact, redact_text
from netra.telemetry.request_context import RequestContext
from netra.telemetry.request_record import RequestRecord, Stage, request_record

__all__ = [
    "REDACTED",
    "EventLogger",
    "LikelyCause",
    "OncePerInterval",
    "Redactor",
    "RequestContext",
    "RequestRecord",
    "Stage",
    "authentication_refused",
    "configure_logging",
    "critical_auth_failure",
    "event_logger",
    "hints_for",
    "redact",
    "redact_text",
    "release_logging",
    "request_record",
]
