"""Lines that tell of a request that was answered: access logs of servers and proxies. Pure."""

import re
from typing import Any, Final

import msgspec

from netra_ops.diagnosis.signs.answers.answer import (
    LONGEST_AGENT,
    SWITCHED,
    WEBSOCKET,
    Answered,
    client_of,
)
from netra_ops.diagnosis.signs.answers.members import of_members
from netra_ops.diagnosis.signs.answers.written import of_text
from netra_ops.logs.entries import Entry, Kind

_OBJECTS: Final = msgspec.json.Decoder(dict[str, Any])
_LONGEST: Final = 8_000
_FRONTS: Final = re.compile(
    r"nginx|haproxy|envoy|traefik|ingress|\blb\b|load-?balancer|\bproxy\b|cloudfront|gateway-?lb",
    re.IGNORECASE,
)


def answered_by(entry: Entry) -> Answered | None:
    """Give the request that a record tells was answered; None if it tells of none."""
    if entry.http is not None and entry.status is not None:
        return _of_platform(entry)
    if entry.kind is Kind.AUDIT:
        return None
    fields = entry.fields if entry.fields is not None else _at_end(entry.message)
    if fields is not None:
        found = of_members(fields)
        if found is not None:
            return found
    text = entry.message
    if "/" not in text or entry.stack is not None:
        return None
    found = of_text(text[:1_500])
    if found is None:
        return None
    return found._replace(is_front=found.is_front or _is_front(entry))


def _at_end(text: str) -> dict[str, Any] | None:
    """Give the object with which a line ends, as zap's console and Caddy's write their members."""
    if text[-1:] != "}" or "{" not in text or len(text) > _LONGEST:
        return None
    try:
        return _OBJECTS.decode(text[text.index("{") :])
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None


def _of_platform(entry: Entry) -> Answered:
    http = entry.http
    assert http is not None  # noqa: S101 - the caller looked
    method = WEBSOCKET if entry.status == SWITCHED else http.method
    is_own = entry.kind is not Kind.REQUEST and "requests" not in (entry.log_name or "")
    return Answered(
        method,
        http.path,
        entry.status,
        http.latency,
        client_of(http.client, http.agent),
        (http.agent or "")[:LONGEST_AGENT] or None,
        not is_own,
    )


def _is_front(entry: Entry) -> bool:
    return any(
        name is not None and _FRONTS.search(name)
        for name in (entry.logger, entry.service, entry.log_name)
    )
