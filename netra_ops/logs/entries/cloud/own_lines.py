"""Lines of JSON that a program wrote itself: structured output, Netra's own events among them."""

import re
from typing import Any, Final

from netra_ops.logs.entries import severity, texts, times, whom
from netra_ops.logs.entries.cloud import request
from netra_ops.logs.entries.cloud.place import place_of
from netra_ops.logs.entries.entry import Entry, Level
from netra_ops.logs.entries.heads.moments import MONTH, moment_of
from netra_ops.logs.entries.payload import MESSAGES, read_payload
from netra_ops.logs.entries.whom import Names

TIMES: Final = (
    *("timestamp", "time", "@timestamp", "ts", "asctime", "datetime", "date", "t", "@t"),
    *("Timestamp", "TimeGenerated", "timeMillis", "time_iso8601", "time_local", "start_time"),
    *("StartUTC", "requestTime", "EdgeStartTimestamp", "eventTime", "event_time", "logged_at"),
    *("log_time", "instant", "created", "Time", "startTime"),
)
"""Where a line's time is, in this order, after Cloud Logging's pair of seconds and nanoseconds."""

_ACCESS: Final = re.compile(rf"\d\d/(?:{MONTH})/\d{{4}}:\d\d:\d\d:\d\d(?: [+-]\d{{4}})?")
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
            found = _time_in(fields[name])
            if found is not None:
                return found
    return None


def _time_in(value: Any) -> int | None:
    """Read a time as programs write it: also as access logs do, and Log4j 2 in two parts."""
    if isinstance(value, str) and _ACCESS.fullmatch(value):
        return moment_of("day", value, 0)
    if isinstance(value, dict) and "epochSecond" in value:
        value = {"seconds": value["epochSecond"], "nanos": value.get("nanoOfSecond", 0)}
    return times.from_value(value)
