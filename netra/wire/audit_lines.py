"""Audit records as lines: the file `audit.ndjson` of an evidence bundle. Pure.

One record, one line of ASCII: whatever a caller wrote into a name, nothing in a line ends it.
"""

import json

from netra.wire.auth_admin import AuditRecord


def audit_line(record: AuditRecord) -> str:
    """Write a record as one line, without its end."""
    return json.dumps(record.model_dump(mode="json"), ensure_ascii=True, separators=(",", ":"))


def audit_record(line: str) -> AuditRecord:
    """Read a line.

    Raises:
        pydantic.ValidationError: It is not an audit record.
    """
    return AuditRecord.model_validate_json(line)
