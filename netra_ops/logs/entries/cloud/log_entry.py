"""Records in JSON: Cloud Logging's LogEntry, and lines that are their program's own payload.

A well-formed LogEntry takes the quick way, decoded to just the members that are used. What has a
member of another type than it should takes the slow one, and only that member is not read.
"""

from typing import Any, Final, get_type_hints

import msgspec

from netra_ops.logs.entries import severity, texts, times, whom
from netra_ops.logs.entries.cloud import audit, own_lines, request
from netra_ops.logs.entries.cloud.place import Place, place_of, place_written
from netra_ops.logs.entries.cloud.request import HttpRequest
from netra_ops.logs.entries.entry import Entry, Level, Split
from netra_ops.logs.entries.objects import decoded
from netra_ops.logs.entries.payload import read_payload


class _SplitPart(msgspec.Struct, gc=False):
    uid: str | None = None
    index: int = 0
    totalSplits: int = 0  # noqa: N815 - Cloud Logging's name


class _Group(msgspec.Struct, gc=False):
    id: str | None = None


_NOTHING: Final = msgspec.Raw()


class _LogEntry(msgspec.Struct, gc=False):
    """The members of a LogEntry that are used, in Cloud Logging's names."""

    textPayload: str | None = None  # noqa: N815
    jsonPayload: dict[str, Any] | None = None  # noqa: N815
    protoPayload: dict[str, Any] | None = None  # noqa: N815
    timestamp: str | None = None
    receiveTimestamp: str | None = None  # noqa: N815
    severity: str | None = None
    insertId: str | None = None  # noqa: N815
    logName: str | None = None  # noqa: N815
    resource: msgspec.Raw = _NOTHING
    labels: msgspec.Raw = _NOTHING
    trace: str | None = None
    spanId: str | None = None  # noqa: N815
    httpRequest: HttpRequest | None = None  # noqa: N815
    split: _SplitPart | None = None
    errorGroups: list[_Group] | None = None  # noqa: N815


_QUICK: Final = msgspec.json.Decoder(_LogEntry)
_TYPES: Final = get_type_hints(_LogEntry)
_PAYLOADS: Final = frozenset({"textPayload", "jsonPayload", "protoPayload"})
_ENVELOPE: Final = frozenset({"logName", "insertId", "resource", "receiveTimestamp"})
_FEWEST: Final = 3


def read_json(data: bytes, entry: Entry) -> None:
    """Read one record of JSON into an entry that has its place already.

    Args:
        data: The record, in UTF-8.
        entry: Gets all that the record says.

    Raises:
        NotReadable: It is not JSON, or no object.
        UnicodeDecodeError: It is not UTF-8.
    """
    try:
        found = _QUICK.decode(data)
    except UnicodeDecodeError:
        raise
    except (msgspec.MsgspecError, RecursionError):
        _read_object(decoded(data), entry)
        return
    if (
        found.jsonPayload is None
        and found.textPayload is None
        and found.protoPayload is None
        and (found.logName is None or found.httpRequest is None)
    ):
        _read_object(decoded(data), entry)
        return
    _read_entry(found, entry, place_written(found.resource, found.labels))


def _read_object(fields: dict[str, Any], entry: Entry) -> None:
    """Read an object whose members may be anything."""
    has_payload = not _PAYLOADS.isdisjoint(fields)
    has_envelope = not _ENVELOPE.isdisjoint(fields)
    # Time, severity and payload alone are an entry too; more is a program's line that quotes one.
    if (has_payload and (has_envelope or len(fields) <= _FEWEST)) or (
        "logName" in fields and "message" not in fields
    ):
        place = place_of(fields.get("resource"), fields.get("labels"))
        _read_entry(_fitting(fields), entry, place)
    else:
        own_lines.read_own(fields, entry)


def _fitting(fields: dict[str, Any]) -> _LogEntry:
    """Take those members of a LogEntry that are what they should be."""
    found = _LogEntry()
    for name, kind in _TYPES.items():
        value = fields.get(name)
        if value is None or name in ("resource", "labels"):
            continue
        if name == "httpRequest":
            found.httpRequest = request.fitting(value)
            continue
        if "imestamp" in name and isinstance(value, int | float):
            value = str(value)
        try:
            setattr(found, name, msgspec.convert(value, kind))
        except (msgspec.ValidationError, RecursionError):
            if name.endswith("Payload"):
                found.textPayload = texts.written(value)
    return found


def _read_entry(found: _LogEntry, entry: Entry, place: Place) -> None:
    """Read a LogEntry: its envelope first, since what the platform says goes before the program."""
    if found.timestamp is not None:
        entry.time = times.from_text(found.timestamp)
    if found.receiveTimestamp is not None:
        entry.receive_time = times.from_text(found.receiveTimestamp)
        if entry.time is None:
            entry.time = entry.receive_time
    if found.severity is not None:
        entry.severity = found.severity
        entry.level = severity.level_of_value(found.severity) or Level.DEFAULT
    entry.insert_id = found.insertId
    entry.log_name = found.logName
    entry.service = place.service
    entry.revision = place.revision
    entry.instance = place.instance
    entry.labels = place.labels
    if found.trace is not None:
        entry.trace, entry.span = whom.trace_and_span(found.trace)
    if found.spanId is not None:
        entry.span = found.spanId
    if found.httpRequest is not None:
        request.read_request(entry, found.httpRequest)
    if found.split is not None and found.split.uid is not None:
        entry.split = Split(found.split.uid, found.split.index, found.split.totalSplits)
    if found.errorGroups is not None:
        entry.error_groups = tuple(group.id for group in found.errorGroups if group.id)
    _read_what_it_says(found, entry)
    entry.principal = entry.principal or place.principal
    entry.request_id = entry.request_id or place.request_id


def _read_what_it_says(found: _LogEntry, entry: Entry) -> None:
    payload = found.protoPayload if found.jsonPayload is None else found.jsonPayload
    if payload is not None:
        if payload.get("@type") == audit.TYPE:
            audit.read_audit(entry, payload)
            return
        read_payload(entry, payload)
        if entry.time is None:
            entry.time = own_lines.time_of(payload)
        texts.read_rest(entry)
    elif found.textPayload is not None:
        texts.read_text(entry, found.textPayload)
        texts.read_rest(entry)
    else:
        request.tell_request(entry)
