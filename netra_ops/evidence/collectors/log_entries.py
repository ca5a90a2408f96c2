"""Lines that services write, as the platform's log would have them: one LogEntry each.

What the platform takes out of a structured line is taken out here (severity, time, labels, trace,
request); the rest is its payload. A line that is no JSON is its own text.
"""

from datetime import UTC, datetime
from typing import Any, Final

from netra.telemetry.log_events import LABELS_FIELD, TRACE_FIELD
from netra_ops.logs.entries import times
from netra_ops.logs.entries.objects import NotReadable, decoded

STDOUT: Final = "run.googleapis.com%2Fstdout"
STDERR: Final = "run.googleapis.com%2Fstderr"
REQUESTS: Final = "run.googleapis.com%2Frequests"
LOCAL: Final = "local"
"""What stands for a project and a region where there is neither."""
_PROMOTED: Final = (
    ("trace", TRACE_FIELD),
    ("spanId", "logging.googleapis.com/spanId"),
    ("httpRequest", "httpRequest"),
)
_TYPE: Final = "cloud_run_revision"
_SECOND: Final = 1_000_000_000


class Origin:
    """Where lines come from.

    Attributes:
        service: Which service wrote them.
        revision: Which of its revisions; None where none did.
        log: Which of the platform's logs they would be in.
    """

    def __init__(self, service: str, revision: str | None, log: str) -> None:
        self.service = service
        self.revision = revision
        self.log = log
        names = {"service_name": service, "location": LOCAL, "project_id": LOCAL}
        if revision is not None:
            names |= {"revision_name": revision, "configuration_name": service}
        self._resource = {"type": _TYPE, "labels": names}
        self._log_name = f"projects/{LOCAL}/logs/{log}"
        # A revision is one process on this platform.
        self._labels = {"instanceId": revision or service}

    def envelope(self, id_: str, time: int | None) -> dict[str, Any]:
        """Give what every entry has.

        Args:
            id_: What tells it from all others.
            time: When it was written, nanoseconds.
        """
        found: dict[str, Any] = {"insertId": id_, "logName": self._log_name}
        if time is not None:
            found["timestamp"] = written(time)
        return {**found, "resource": self._resource, "labels": self._labels}


def entry_of(
    line: bytes, origin: Origin, id_: str, before: int | None
) -> tuple[dict[str, Any], int | None]:
    """Give a line as an entry, and its time in nanoseconds.

    Args:
        line: The line, without its end.
        origin: Where it comes from.
        id_: What tells the entry from all others.
        before: The time of the line before it, which one without a time is given.
    """
    try:
        fields = decoded(line)
    except (NotReadable, UnicodeDecodeError):
        text = line.decode("utf-8", "replace")
        return {**origin.envelope(id_, before), "textPayload": text}, before
    own = times.from_value(fields.pop("timestamp", None))
    time = before if own is None else own
    entry = origin.envelope(id_, time)
    severity = fields.pop("severity", None)
    if severity is not None:
        entry["severity"] = severity
    labels = fields.pop(LABELS_FIELD, None)
    if isinstance(labels, dict):
        entry["labels"] = {**entry["labels"], **labels}
    for name, field in _PROMOTED:
        if (value := fields.pop(field, None)) is not None:
            entry[name] = value
    return {**entry, "jsonPayload": fields}, time


def request_entry(line: bytes, position: int) -> tuple[dict[str, Any], int | None] | None:
    """Give a line of the front's request log as an entry, and its time; None if it is damaged.

    Args:
        line: The line, without its end.
        position: Where it stands in the whole of the log.
    """
    try:
        fields = decoded(line)
    except (NotReadable, UnicodeDecodeError):
        return None
    resource = fields.get("resource")
    labels = resource.get("labels") if isinstance(resource, dict) else None
    if not isinstance(labels, dict) or not isinstance(fields.get("httpRequest"), dict):
        return None
    service, revision = labels.get("service_name"), labels.get("revision_name")
    if not isinstance(service, str):
        return None
    time = times.from_value(fields.pop("timestamp", None))
    origin = Origin(service, revision if isinstance(revision, str) else None, REQUESTS)
    entry = origin.envelope(f"requests-{position}", time)
    labels = fields.get("labels")
    if isinstance(labels, dict):
        entry["labels"] = {**entry["labels"], **labels}
    entry |= {name: fields[name] for name in ("severity", "httpRequest") if name in fields}
    return entry, time


def written(time: int) -> str:
    """Write nanoseconds since the epoch as the platform does (RFC 3339, UTC)."""
    seconds, rest = divmod(time, _SECOND)
    moment = datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00")
    return f"{moment}.{rest:09d}".removesuffix("000") + "Z"
