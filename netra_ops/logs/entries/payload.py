"""Structured payloads: which member is the message, and what the others say.

Programs shape them as they like. Members are looked for at the top by a stated order of names, and
one level below only in objects that are known to describe the record. A severity within anything
else is a quotation.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from netra_ops.logs.entries import severity, whom
from netra_ops.logs.entries.colours import uncoloured
from netra_ops.logs.entries.entry import Entry, Kind, Level
from netra_ops.logs.entries.stacks import fold
from netra_ops.logs.entries.whom import Names

MESSAGES: Final = Names(
    "message",
    "msg",
    "event",
    "textPayload",
    "text",
    "log",
    "short_message",
    "full_message",
    "@message",
    "@m",
    "@mt",
    "body",
)
"""Where the message is, in this order; after them `WITHIN` and then `LAST_FIELDS`."""

WITHIN: Final = (
    ("error", ("message", "msg", "description")),
    ("err", ("message", "msg")),
    ("exception", ("message", "value")),
)
LAST_FIELDS: Final = ("error", "err", "exception", "reason", "detail", "description", "status")
STACKS: Final = Names(
    "stack_trace",
    "stackTrace",
    "exception",
    "exc_info",
    "exc_text",
    "traceback",
    "stack",
    "stacktrace",
    "@x",
)
_ERRORS: Final = Names("error", "err", "exception")
SEVERITIES: Final = Names(
    "severity", "level", "levelname", "log_level", "loglevel", "lvl", "@level", "@l"
)
LOGGERS: Final = Names("logger", "logger_name", "loggerName", "name", "room", "module")
REVISIONS: Final = Names("revision", "version", "release", "commit", "build")
INSTANCES: Final = Names("instance", "instance_id", "instanceId", "hostname", "host", "pod", "pid")
SERVICES: Final = Names("service", "service_name", "serviceName", "app", "application")

_OF_CONTEXT: Final = Names("service")
_VERSION: Final = Names("version")

_LONGEST_RENDERED: Final = 2_000
_MOST_FIELDS: Final = 24
_ENVELOPE: Final = frozenset(
    {*SEVERITIES.order, "timestamp", "time", "@timestamp", "ts", "pid", "hostname", "v"}
)


def read_payload(entry: Entry, fields: dict[str, Any]) -> None:
    """Put what a payload says into its entry; what the record's envelope said stays.

    The entry gets its message, folded where there is a stack trace, and whatever of logger, event,
    service, revision, instance, principal, request and trace it has not yet.
    """
    entry.kind = Kind.JSON
    entry.fields = fields
    message, event = _message(fields)
    entry.message = uncoloured(message)
    entry.event = event
    if entry.split is None:
        _read_stack(entry, fields)
    if entry.severity is None or entry.level is Level.DEFAULT:
        _read_severity(entry, fields)
    _read_place(entry, fields)
    objects = whom.described(fields)
    if entry.principal is None:
        entry.principal = whom.principal_of(objects)
    if entry.request_id is None:
        entry.request_id = whom.first_within(objects, whom.REQUESTS)
    if entry.trace is None:
        entry.trace, span = whom.trace_and_span(whom.first_within(objects, whom.TRACES))
        entry.span = entry.span or whom.first_within(objects, whom.SPANS) or span


def _message(fields: dict[str, Any]) -> tuple[str, str | None]:
    """Choose the message, and the event's static name if it stands beside it."""
    for name in MESSAGES.order:
        value = fields.get(name)
        if isinstance(value, str):
            if value:
                event = fields.get("event") if name != "event" else None
                return value, event if isinstance(event, str) else None
        elif isinstance(value, dict):
            text = _first_text(value, ("message", "msg", "text", "event"))
            if text is not None:
                return text, None
    for name, inners in WITHIN:
        value = fields.get(name)
        text = _first_text(value, inners) if isinstance(value, dict) else None
        if text is not None:
            kind = _first_text(fields[name], ("type", "name", "code"))
            return f"{kind}: {text}" if kind else text, None
    return _first_text(fields, LAST_FIELDS) or rendered(fields), None


def _first_text(fields: dict[str, Any], names: Iterable[str]) -> str | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and value:
            return value
    return None


def rendered(fields: dict[str, Any]) -> str:
    """Say a payload without a message: its members as `name=value`, in their order."""
    parts = []
    for name, value in list(fields.items())[:_MOST_FIELDS]:
        if name in _ENVELOPE:
            continue
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        parts.append(f"{name}={text[:_LONGEST_RENDERED]}")
    return " ".join(parts)[:_LONGEST_RENDERED]


def _read_stack(entry: Entry, fields: dict[str, Any]) -> None:
    if "\n" in entry.message:
        folded = fold(entry.message)
        if folded is not None:
            entry.message, entry.stack = folded.message, folded.stack
            return
    text = _stack_text(fields)
    if text is None:
        return
    folded = fold(text)
    if folded is None:
        return
    entry.stack = folded.stack
    if entry.message in text:
        entry.message = folded.message
    else:
        first_line = entry.message.split("\n", 1)[0]
        entry.message = f"{first_line} {folded.message}"


def _stack_text(fields: dict[str, Any]) -> str | None:
    if not STACKS.any.isdisjoint(fields):
        for name in STACKS.order:
            value = fields.get(name)
            if isinstance(value, str) and "\n" in value:
                return value
    if _ERRORS.any.isdisjoint(fields):
        return None
    for name in _ERRORS.order:
        within = fields.get(name)
        if isinstance(within, dict):
            for inner in STACKS.order:
                value = within.get(inner)
                if isinstance(value, str) and "\n" in value:
                    return value
    return None


def _read_severity(entry: Entry, fields: dict[str, Any]) -> None:
    if "levelno" in fields and "levelname" not in fields:
        level = severity.level_of_value(fields["levelno"], python=True)
        if level is not None:
            entry.severity = entry.severity or str(fields["levelno"])
            entry.level = level
            return
    for name in SEVERITIES.order:
        if name in fields:
            value = fields[name]
            level = severity.level_of_value(value)
            if level is not None:
                entry.severity = entry.severity or str(value)
                entry.level = level
                return


def _read_place(entry: Entry, fields: dict[str, Any]) -> None:
    """Read who wrote it where the platform did not say so."""
    if entry.logger is None:
        entry.logger = whom.first_of(fields, LOGGERS)
    if entry.service is None or entry.revision is None:
        context = fields.get("serviceContext")
        said: dict[str, Any] = context if isinstance(context, dict) else {}
        entry.service = (
            entry.service or whom.first_of(fields, SERVICES) or whom.first_of(said, _OF_CONTEXT)
        )
        entry.revision = (
            entry.revision or whom.first_of(fields, REVISIONS) or whom.first_of(said, _VERSION)
        )
    if entry.instance is None:
        entry.instance = whom.first_of(fields, INSTANCES)
