"""Hide secrets in what is about to be written, and nothing else."""

from netra.telemetry.redaction.names import REDACTED
from netra.telemetry.redaction.redactor import Redactor, redact, redact_text

__all__ = ["REDACTED", "Redactor", "redact", "redact_text"]
