"""Audit entries: who did what to which resource."""

from typing import Any, Final

from netra_ops.logs.entries.entry import Audit, Entry, Kind
from netra_ops.logs.entries.whom import text_or_none

TYPE: Final = "type.googleapis.com/google.cloud.audit.AuditLog"


def audit_of(payload: dict[str, Any]) -> Audit:
    """Read an AuditLog, as `protoPayload` or `jsonPayload` has it."""
    status = _within(payload, "status").get("code")
    return Audit(
        method=text_or_none(payload.get("methodName")),
        principal=text_or_none(_within(payload, "authenticationInfo").get("principalEmail")),
        service=text_or_none(payload.get("serviceName")),
        resource=text_or_none(payload.get("resourceName")),
        agent=text_or_none(_within(payload, "requestMetadata").get("callerSuppliedUserAgent")),
        status=status if type(status) is int else None,
    )


def read_audit(entry: Entry, payload: dict[str, Any]) -> None:
    """Put what an AuditLog says into its entry."""
    found = audit_of(payload)
    entry.kind, entry.audit = Kind.AUDIT, found
    entry.fields = payload
    entry.message = sentence(found, payload)
    entry.principal = found.principal


def sentence(audit: Audit, payload: dict[str, Any]) -> str:
    """Say what was done, for people and for clustering; who did it is a field."""
    said = text_or_none(_within(payload, "status").get("message"))
    failed = f": {said or f'code {audit.status}'}" if audit.status else ""
    return f"audit {audit.method or 'unnamed method'} on {audit.resource or '?'}{failed}"


def _within(payload: dict[str, Any], name: str) -> dict[str, Any]:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}
