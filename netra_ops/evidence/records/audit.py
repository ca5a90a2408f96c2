"""The auth service's audit records, as `netra audit export` writes them and as others do. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from netra_ops.evidence.records.taking import (
    NotTaken,
    Part,
    Remarks,
    Taken,
    must_be_object,
    taken,
)

FILE: Final = "audit.ndjson"
_SHORT: Final[Mapping[str, tuple[str, ...]]] = {
    "time": ("t", "dt", "moment"),
    "event": ("ev", "evt"),
    "outcome": ("verdict", "decision", "answer", "res"),
    "reason": ("because", "rsn", "cause"),
    "client_id": ("cl", "cid", "app", "azp"),
    "subject": ("who", "whom", "usr", "person"),
}
"""What the same is called by those who write little, or otherwise; it is looked for last."""
_KID: Final = "key "
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "event": (
        *("event", "action", "event_type", "eventType", "event_name", "eventName", "type"),
        *("operation", "op", "activity", "act", "what", "evt", "verb", "kind", "message", "msg"),
    ),
    "outcome": ("outcome", "result", "status", "success", "ok", "succeeded"),
    "reason": (
        *(
            "reason",
            "error",
            "why",
            "because",
            "detail",
            "details",
            "description",
            "error_description",
        ),
        *("failure_reason", "failureReason", "note", "message", "msg"),
    ),
    "actor": ("actor", "principal"),
    "client_id": ("client_id", "clientId", "service_id", "serviceId", "client", "service"),
    "subject": ("subject", "sub", "user_id", "userId", "user", "username", "uid", "account"),
    "kid": ("kid", "key_id"),
    "token_hash": ("token_hash", "jti_hash", "jti"),
    "address": ("address", "remote_ip", "ip", "ipAddress"),
    "request_id": ("request_id",),
    "grant": ("grant", "grant_type", "grantType"),
}
_HOLDERS: Final = (
    *("error", "err", "result"),
    "details",
    "detail",
    "data",
    "context",
    "extra",
    "payload",
    "attributes",
)
_TIMES: Final = (
    *("time", "recorded_at", "timestamp", "created_at", "ts", "date", "at", "@timestamp", "when"),
    *("occurred_at", "occurredAt", "createdAt", "event_time", "eventTime", "datetime", "logged_at"),
    *("@t", "t", "stamp", "requestReceivedTimestamp", "stageTimestamp"),
)


_LOOKED_FOR: Final = frozenset({*(one for names in _NAMES.values() for one in names), *_TIMES})
_OUTCOME: Final = re.compile(
    r"success|succeeded|failure|failed|error|info(?:rmation)?|warning|ok|denied", re.IGNORECASE
)


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One act, as it was recorded.

    Attributes:
        where: Its evidence reference.
        time: When, nanoseconds; None where that is not said.
        event: What was done or tried.
        outcome: How it ended.
        reason: Why, in the record's words.
        actor: Who did it, as far as that was proven.
        client_id: Through which client or as which service, as claimed where it was refused.
        subject: Whom it concerned.
        kid: The key concerned.
        token_hash: The hash of a token's id.
        address: From where.
        request_id: In which request.
        grant: By which grant.
        fields: Whatever else is said.
    """

    where: str
    time: int | None = None
    event: str = ""
    outcome: str | None = None
    reason: str | None = None
    actor: str | None = None
    client_id: str | None = None
    subject: str | None = None
    kid: str | None = None
    token_hash: str | None = None
    address: str | None = None
    request_id: str | None = None
    grant: str | None = None
    fields: Mapping[str, Any] = {}


def audit_of(parts: Iterable[Part]) -> Taken[AuditRecord]:
    """Take the records of `audit.ndjson`, in the order in which they stand there."""
    return taken(FILE, parts, _read)


def _read(part: Part, remarks: Remarks) -> Iterator[AuditRecord]:
    must_be_object(part, "audit record")
    # An export of a log has the record inside, and its own time beside it.
    inner = part.at("jsonPayload")
    row = inner if isinstance(inner.value, Mapping) else part
    row = _as_ours(row)
    said = {name: row.first(*names, *_SHORT.get(name, ())) for name, names in _NAMES.items()}
    event = said["event"].text()
    if event and _OUTCOME.fullmatch(event) and (name := row.first("name", "action")).value:
        # What others call a type is how it ended, and its name is what was tried.
        said["outcome"] = said["event"] if said["outcome"].value is None else said["outcome"]
        said["event"], event = name, name.text()
    if not event and said["outcome"].value is not None:
        # A table of tokens asked for says how each was asked for, and no more.
        said["event"], event = said["grant"], said["grant"].text()
    if not event:
        raise NotTaken("is no audit record: it does not say what was done")
    time = row.first(*_TIMES, *_SHORT["time"]).time()
    time = part.first(*_TIMES).time() if time is None else time
    if time is None:
        remarks.add(part.where, "has no time that can be read")
    used = {one.where.rpartition("/")[2] for one in said.values() if one.value is not None}
    texts = {name: one.text() for name, one in said.items() if name != "event"}
    texts["reason"] = _with_details(texts["reason"], row)
    texts["kid"] = texts["kid"] or _kid_in(texts["reason"])
    yield AuditRecord(
        where=part.where,
        time=time,
        event=event,
        fields=row.besides({*used, *_NAMES, *_TIMES}),
        **texts,
    )


def _as_ours(row: Part) -> Part:
    """Give a record with its members under the names that are looked for: `ClientId` is one."""
    if not isinstance(row.value, Mapping):
        return row
    known = set(row.value)
    wanted = {
        _bare(name): name
        for names in (*_NAMES.values(), _TIMES, ("name",))
        for name in reversed(names)
        if name not in known
    }
    added = {
        ours: row.value[name]
        for name in row.value
        if isinstance(name, str)
        and name not in _LOOKED_FOR
        and (ours := wanted.get(_bare(name))) is not None
    }
    return Part({**row.value, **added}, row.where) if added else row


def _bare(name: str) -> str:
    return name.lower().lstrip("@").replace("_", "").replace("-", "").replace(".", "")


def _with_details(reason: str | None, row: Part) -> str | None:
    """Add what a record says inside its details, which is narrower than a code of an error."""
    inner = [row.at(name) for name in _HOLDERS]
    said = [
        text
        for one in inner
        if isinstance(one.value, Mapping)
        for name in _NAMES["reason"]
        if (text := one.at(name).text())
    ]
    found = dict.fromkeys([one for one in (reason, *said) if one])
    return "; ".join(found) or None


def _kid_in(reason: str | None) -> str | None:
    """Find the key that our own record names beside its reason."""
    for said in (reason or "").split("; "):
        if said.startswith(_KID):
            return said.removeprefix(_KID)
    return None
