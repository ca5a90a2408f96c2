"""The text of a record in which meaning is looked for: what it says, not what it guesses. Pure."""

from typing import Any, Final

from netra_ops.logs.entries import Entry, Kind

_FIELDS: Final = (
    "error",
    "err",
    "reason",
    "detail",
    "details",
    "exception",
    "exc",
    "cause",
    "error_type",
    "error_message",
    "error_description",
    "error_code",
    "errorMessage",
    "errorCode",
    "exc_type",
    "exc_message",
    "exc_info",
    "code",
    "says",
    "outcome",
    "www_authenticate",
    "result",
    "msg",
)
_ANY: Final = frozenset(_FIELDS)
_WITHIN: Final = (
    *("type", "name", "code", "message", "msg", "reason", "detail", "error_message", "cause"),
)
_CONTEXT: Final = "error_context"
_LONGEST: Final = 600


def said_by(entry: Entry) -> str:
    """Give what a record says: its message, and members that give errors and reasons.

    Of a failure that a program explains by an `error_context` only the error counts: its guesses
    at a cause and its hints are opinions. Calls of a stack are no statement.
    """
    if entry.kind is Kind.REQUEST:
        return ""
    text = _without_calls(entry)
    fields = entry.fields
    if fields is None or entry.kind is Kind.AUDIT:
        return text
    context = fields.get(_CONTEXT)
    if isinstance(context, dict) and isinstance(context.get("error_message"), str):
        return str(context["error_message"])[:_LONGEST]
    if _ANY.isdisjoint(fields):
        return text
    parts = [text]
    for name in _FIELDS:
        if name in fields:
            parts += [part for part in _texts(fields[name]) if part not in text]
    return " | ".join(parts)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        if "\n" in value:
            lines = [line for line in value.split("\n") if line.strip()]
            value = " ".join((lines[0], lines[-1])) if lines else ""
        return [value[:_LONGEST]] if value else []
    if isinstance(value, dict):
        return [
            part[:_LONGEST]
            for name in _WITHIN
            if isinstance(part := value.get(name), str) and part and "\n" not in part
        ]
    return []


def _without_calls(entry: Entry) -> str:
    stack = entry.stack
    if stack is None or not stack.frames:
        return entry.message
    at = entry.message.rfind(f" at {stack.frames[0].function} (")
    return entry.message if at < 0 else entry.message[:at]
