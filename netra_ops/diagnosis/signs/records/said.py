"""The text of a record in which meaning is looked for: what it says, not what it guesses. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from netra_ops.logs.entries import Entry, Kind

CALLED: Final = (
    *("upstream", "upstream_url", "upstream_host", "target_url", "endpoint", "dependency"),
    *("remote_service", "peer_service", "peer.service", "downstream", "called"),
)
"""Members that name what was called."""
_NAMES: Final = (
    "error",
    "err",
    "reason",
    "detail",
    "details",
    "exception",
    "@x",
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
    "why",
    "because",
    "failure",
    "failure_reason",
    "error.type",
    "error.code",
    "error.message",
    "exception.type",
    "exception.message",
    "err.code",
    "err.message",
    "data",
    "response",
    "body",
    "response_body",
    "response_code_details",
    *CALLED,
)


def _written(names: tuple[str, ...]) -> tuple[str, ...]:
    """Give names as programs write them: `error_code`, `Error_code`, `errorCode`."""
    found = dict[str, None]()
    for name in names:
        first, *others = name.split("_")
        camel = first + "".join(one.capitalize() for one in others)
        found |= dict.fromkeys((name, name[0].upper() + name[1:], camel))
    return tuple(found)


_FIELDS: Final = _written(_NAMES)
_HELD: Final = (
    *("attributes", "attrs", "fields", "context", "ctx", "extra", "meta", "metadata", "properties"),
    *("params", "tags", "Properties", "Context"),
)
_PEERS: Final = ("server.address", "net.peer.name", "peer.service", "upstream", "peer.hostname")
_ERRORS: Final = _written(
    tuple(name for name in _NAMES if name.startswith(("err", "exc", "cause", "reason", "failure")))
)
_HOLDING: Final = frozenset(_HELD)
_ERROR_NAMES: Final = frozenset(_ERRORS)
_ENVOYS: Final = "response_code_details"
"""What Envoy says of a response, its blanks written as underscores."""
_ANSWERS: Final = frozenset(_written(("data", "response", "body", "response_body")))
"""Members that hold what another service answered: of it only the error counts."""
_ANY: Final = frozenset(_FIELDS)
_PLACE: Final = {name: place for place, name in enumerate(_FIELDS)}
_WITHIN: Final = (
    *("type", "name", "code", "message", "msg", "reason", "detail", "error_message", "cause"),
    *("error", "error_description", "Message", "ClassName"),
)
_ERROR: Final = re.compile(r"\"error(?:_description)?\"\s*:\s*\"([^\"\\]{1,200})\"")
_HOLDERS: Final = ("error", "cause", "response", "data", "body", "inner", "InnerException")
_DEEP: Final = 3
_DENIED: Final = re.compile(r"access_denied\{([^}]{1,200})\}")
_CONTEXT: Final = "error_context"
_LONGEST: Final = 600


def said_by(entry: Entry) -> str:
    """Give what a record says: its message, and members that give errors and reasons.

    Of a failure that a program explains by an `error_context` only the error counts: its guesses
    at a cause and its hints are opinions. Calls of a stack are no statement.
    """
    if entry.kind is Kind.REQUEST:
        return ""
    text = _with_denials(_without_calls(entry), entry.fields)
    fields = entry.fields
    if fields is None or entry.kind is Kind.AUDIT:
        return text
    context = fields.get(_CONTEXT)
    if isinstance(context, dict) and isinstance(context.get("error_message"), str):
        return str(context["error_message"])[:_LONGEST]
    parts = [text, *(part for part in _inner(fields) if part not in text)]
    for name in sorted(_ANY.intersection(fields), key=_PLACE.__getitem__):
        value = _answered(fields[name]) if name in _ANSWERS else fields[name]
        if name == _ENVOYS and isinstance(value, str):
            value = f"{value} {value.replace('_', ' ')}"
        parts += [part for part in _texts(value) if part not in text]
    return " | ".join(parts)


def _inner(fields: Mapping[str, Any]) -> list[str]:
    """Give what errors say that stand together with others in one member, as OpenTelemetry does."""
    if _HOLDING.isdisjoint(fields):
        return []
    held = [fields[name] for name in _HELD if isinstance(fields.get(name), dict)]
    if all(_ERROR_NAMES.isdisjoint(one) for one in held):
        return []
    said = [part for one in held for name in _ERRORS if name in one for part in _texts(one[name])]
    peers = [one[name] for one in held for name in _PEERS if isinstance(one.get(name), str)]
    return [*said, *(f"connect to {peer}" for peer in peers)] if said else []


def _answered(value: Any) -> Any:
    """Give the error of another service's answer, as OAuth 2.0 and most others name it."""
    if isinstance(value, str):
        found = _ERROR.findall(value[:_LONGEST]) if '"error' in value else ()
        return " ".join(found)
    if not isinstance(value, dict):
        return None
    inner = value.get("data", value.get("body"))
    if isinstance(inner, dict | str) and "error" not in value:
        return _answered(inner)
    error = value.get("error")
    if isinstance(error, dict):
        return error
    return " ".join(
        part for part in (error, value.get("error_description")) if isinstance(part, str)
    )


def _with_denials(text: str, fields: Mapping[str, Any] | None) -> str:
    """Add in words what Envoy gives as the details of an answer, with `_` for blanks."""
    details = None if fields is None else fields.get("response_code_details")
    said = f"{text} {details}" if isinstance(details, str) else text
    if "access_denied" not in said:
        return text
    denied = _DENIED.search(said)
    return text if denied is None else f"{text} | {denied[1].replace('_', ' ')}"


def _texts(value: Any, deep: int = _DEEP) -> list[str]:
    if isinstance(value, str):
        if "\n" in value:
            lines = [line for line in value.split("\n") if line.strip()]
            value = " ".join((lines[0], lines[-1])) if lines else ""
        return [value[:_LONGEST]] if value else []
    if isinstance(value, dict):
        found = [
            part[:_LONGEST]
            for name in _WITHIN
            if isinstance(part := value.get(name), str) and part and "\n" not in part
        ]
        inner = [one for name in _HOLDERS if isinstance(one := value.get(name), dict) and deep]
        return [*found, *(part for one in inner for part in _texts(one, deep - 1))]
    return []


def _without_calls(entry: Entry) -> str:
    stack = entry.stack
    if stack is None or not stack.frames:
        return entry.message
    at = entry.message.rfind(f" at {stack.frames[0].function} (")
    return entry.message if at < 0 else entry.message[:at]
