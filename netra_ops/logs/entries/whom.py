"""Whom and what a record is about: principal, request, trace, and where it was written."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final


class Names:
    """Names of members in the order in which they are looked for.

    Attributes:
        order: The names.
        any: The same, to see at once whether there is one of them.
    """

    __slots__ = ("any", "order")

    def __init__(self, *names: str) -> None:
        self.order = names
        self.any = frozenset(names)


PRINCIPALS: Final = Names(
    "user_id",
    "userId",
    "principal",
    "principal_id",
    "principalEmail",
    "user",
    "username",
    "user_name",
    "sub",
    "subject",
    "actor",
    "uid",
)
"""Where a principal is looked for, in this order; then one level below in `CONTEXTS`."""

REQUESTS: Final = Names(
    "request_id",
    "requestId",
    "req_id",
    "reqId",
    "x-request-id",
    "x_request_id",
    "correlation_id",
    "correlationId",
    "operation_id",
)
TRACES: Final = Names(
    "logging.googleapis.com/trace",
    "trace_id",
    "traceId",
    "trace",
    "traceparent",
    "otelTraceID",
    "dd.trace_id",
    "x-cloud-trace-context",
)
SPANS: Final = Names("logging.googleapis.com/spanId", "span_id", "spanId", "otelSpanID")
CONTEXTS: Final = Names(
    "error_context",
    "context",
    "ctx",
    "user",
    "auth",
    "request",
    "req",
    "extra",
    "fields",
    "labels",
    "logging.googleapis.com/labels",
)
"""Objects in which the same fields are looked for, in this order."""

_IDS: Final = Names("id", "user_id", "email", "sub", "name", "username")
_LONGEST: Final = 256

_QUOTED_USER: Final = re.compile(
    r"\b[Uu]ser(?:[_ ]?(?:id|ID|Id|name|Name))?\s*[=:]\s*(?:'([^'\n]{1,200})'|\"([^\"\n]{1,200})\")"
)
_BARE_USER: Final = re.compile(
    r"\b(?:user(?:_?(?:id|Id|name))?|principal(?:Email|_id)?|uid|sub)=([^\s'\",;|()\[\]{}]{1,200})"
)
_REQUEST_TEXT: Final = re.compile(
    r"\b(?:x-request-id|request[_ -]?id|req[_-]?id|correlation[_-]?id)['\"]?\s*[=:]\s*['\"]?"
    r"([\w.:-]{4,128})|\b(req_[A-Za-z0-9_]{6,80})\b",
    re.IGNORECASE,
)
_TAG: Final = re.compile(
    r"\[(?:(?:req(?:uest)?(?:[_-]?id)?|r|rid|cid|tid)[-_:=] ?((?=[\w.-]*\d)[\w.-]{4,64})"
    r"|([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))\](?:\s|$)",
    re.IGNORECASE,
)
"""With which tagged logs, such as those of Rails, begin their messages."""
_TRACE_TEXT: Final = re.compile(
    r"\btrace[_-]?id['\"]?\s*[=:]\s*['\"]?([0-9a-f]{16,32})\b", re.IGNORECASE
)
_PARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_HEAD: Final = 4_096


def text_or_none(value: Any) -> str | None:
    """Give a value that names something as text: what is long, empty or no scalar names nothing."""
    if isinstance(value, str):
        return value if value and len(value) <= _LONGEST else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return str(value)


def first_of(fields: Mapping[str, Any], names: Names) -> str | None:
    """Give the first of the named fields that names something."""
    if names.any.isdisjoint(fields):
        return None
    for name in names.order:
        value = fields.get(name)
        if value is not None and (found := text_or_none(value)) is not None:
            return found
    return None


def described(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the objects in which ids are looked for: the record's fields, then what describes it."""
    names = CONTEXTS.any.intersection(fields)
    if not names:
        return [fields]
    ordered = names if len(names) == 1 else [name for name in CONTEXTS.order if name in names]
    return [fields, *(fields[name] for name in ordered if isinstance(fields[name], dict))]


def first_within(objects: Iterable[dict[str, Any]], names: Names) -> str | None:
    """Give the first of the named fields that names something, in the first object that has it."""
    for fields in objects:
        found = first_of(fields, names)
        if found is not None:
            return found
    return None


def principal_of(objects: Sequence[dict[str, Any]]) -> str | None:
    """Find who was acting, in a record's fields and what describes it."""
    found = first_within(objects, PRINCIPALS)
    if found is None and objects:
        user = objects[0].get("user")
        if isinstance(user, dict):
            return first_of(user, _IDS)
    return found


def principal_in(text: str) -> str | None:
    """Find who was acting, by what a text says of its `user`."""
    if "ser" not in text and "princ" not in text and "sub=" not in text and "uid=" not in text:
        return None
    found = _QUOTED_USER.search(text, 0, _HEAD)
    if found is not None:
        return found[1] or found[2]
    bare = _BARE_USER.search(text, 0, _HEAD)
    return bare[1] if bare else None


def request_in(text: str) -> str | None:
    """Find a request id in a text."""
    tag = _TAG.match(text) if text[:1] == "[" else None
    if tag is not None:
        return tag[1] or tag[2]
    if "req" not in text and "orrelation" not in text and "Req" not in text:
        return None
    found = _REQUEST_TEXT.search(text, 0, _HEAD)
    return (found[1] or found[2]) if found else None


def trace_in(text: str) -> str | None:
    """Find a trace id in a text."""
    if "race" not in text:
        return None
    found = _TRACE_TEXT.search(text, 0, _HEAD)
    return found[1] if found else None


def trace_and_span(written: str | None) -> tuple[str | None, str | None]:
    """Read a trace as it is written: a resource's name, a `traceparent`, or Google's own header."""
    if not written:
        return None, None
    parent = _PARENT.fullmatch(written)
    if parent is not None:
        return parent[1], parent[2]
    if written.startswith("projects/"):
        return written.rsplit("/", 1)[1] or None, None
    trace, _, rest = written.partition("/")
    return trace or None, rest.partition(";")[0] or None
