"""Lines of JSON that a program wrote itself: structured output, Netra's own events among them."""

from typing import Any, Final

from netra_ops.logs.entries import severity, texts, times, whom
from netra_ops.logs.entries.cloud import request
from netra_ops.logs.entries.cloud.place import place_of
from netra_ops.logs.entries.entry import Entry, Level
from netra_ops.logs.entries.payload import MESSAGES, read_payload
from netra_ops.logs.entries.whom import Names

TIMES: Final = ("timestamp", "time", "@timestamp", "ts", "asctime", "datetime", "date", "t")
"""Where a line's time is, in this order, after Cloud Logging's pair of seconds and nanoseconds."""

_GOOGLE: Final = "logging.googleapis.com/"
_INSERT_IDS: Final = Names("insertId", _GOOGLE + "insertId")
_LOG_NAMES: Final = Names("logName")
_SEVERITIES: Final = Names("severity")


def read_own(fields: dict[str, Any], entry: Entry) -> None:
    """Put what such a line says into its entry."""
    entry.time = time_of(fields)
    entry.insert_id = whom.first_of(fields, _INSERT_IDS)
    entry.log_name = whom.first_of(fields, _LOG_NAMES)
    place = place_of(fields.get("resource"), fields.get("labels") or fields.get(_GOOGLE + "labels"))
    entry.labels, entry.instance = place.labels, place.instance
    http = request.fitting(fields.get("httpRequest"))
    if http is not None:
        request.read_request(entry, http)
    if http is not None and MESSAGES.any.isdisjoint(fields):
        entry.severity = whom.first_of(fields, _SEVERITIES)
        entry.level = severity.level_of_value(fields.get("severity")) or Level.DEFAULT
        request.tell_request(entry)
        entry.service, entry.revision = place.service, place.revision
        return
    if "resource" in fields:
        entry.service, entry.revision = place.service, place.revision
    read_payload(entry, fields)
    texts.read_rest(entry)
    entry.service = entry.service or place.service
    entry.revision = entry.revision or place.revision
    entry.principal = entry.principal or place.principal
    entry.request_id = entry.request_id or place.request_id


def time_of(fields: dict[str, Any]) -> int | None:
    """Give the time that a program wrote into its own line, in nanoseconds since the epoch."""
    seconds = fields.get("timestampSeconds")
    if seconds is not None:
        found = times.from_value({"seconds": seconds, "nanos": fields.get("timestampNanos", 0)})
        if found is not None:
            return found
    for name in TIMES:
        if name in fields:
            found = times.from_value(fields[name])
            if found is not None:
                return found
    return None
