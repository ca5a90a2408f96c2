"""What was tried on a running service, and what came back. Pure."""

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

FILE: Final = "probes.json"
_PROBE: Final = frozenset({"time", "name", "target", "expect", "got", "ok"})
_GOT: Final = frozenset({"status", "close_code", "headers", "body_excerpt", "says"})
_STATUSES: Final = range(100, 600)
_BEGINS: Final = re.compile(r"\s*(?:HTTP\s+)?(\d{3})\b", re.ASCII)


class Got(msgspec.Struct, frozen=True, kw_only=True):
    """What came back.

    Attributes:
        where: Its evidence reference.
        status: The status of HTTP.
        close_code: With which code a socket was closed.
        headers: Of the answer, by their names in lower case.
        body_excerpt: Of the answer.
        words: The whole of it, where it was told in words.
        fields: Whatever else is said of it.
    """

    where: str
    status: int | None = None
    close_code: int | None = None
    headers: Mapping[str, str] = {}
    body_excerpt: str = ""
    words: str = ""
    fields: Mapping[str, Any] = {}


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was tried.

    Attributes:
        where: Its evidence reference.
        time: When, nanoseconds; None where that is not said.
        name: What was tried.
        target: Where: an address, a service or a revision.
        expect: What a correct system answers: words as they are, anything else as JSON.
        expect_status: The status that is expected, where one can be read from it.
        got: What came back; None where nothing is said.
        ok: Whether that is as expected; None where it is not said.
        fields: Whatever else is said.
    """

    where: str
    time: int | None
    name: str
    target: str = ""
    expect: str = ""
    expect_status: int | None = None
    got: Got | None = None
    ok: bool | None = None
    fields: Mapping[str, Any] = {}


def probes_of(parts: Iterable[Part]) -> Taken[Probe]:
    """Take the probes of `probes.json`, in the order in which they stand there."""
    return taken(FILE, parts, _read)


def _read(part: Part, remarks: Remarks) -> Iterator[Probe]:
    must_be_object(part, "probe")
    name = part.first("name", "probe", "step").text()
    if not name:
        raise NotTaken("is no probe: it has no name")
    ok = part.first("ok", "passed").value
    # One that could not be judged says so itself.
    if not isinstance(ok, bool) and part.text("verdict") is None:
        remarks.add(part.where, "does not say whether it was as expected")
    yield Probe(
        where=part.where,
        time=part.first("time", "timestamp").time(),
        name=name,
        target=part.first("target", "url").written(),
        expect=part.at("expect").written(),
        expect_status=_status(part.at("expect")),
        got=_got(part.at("got")),
        ok=ok if isinstance(ok, bool) else None,
        fields=part.besides(_PROBE),
    )


def _got(part: Part) -> Got | None:
    if part.value is None:
        return None
    if not isinstance(part.value, Mapping):
        return Got(where=part.where, status=_status(part), words=part.written())
    return Got(
        where=part.where,
        status=_status(part),
        close_code=part.whole("close_code"),
        headers=_headers(part.at("headers")),
        body_excerpt=part.first("body_excerpt", "body").written(),
        words=part.text("says") or "",
        fields=part.besides(_GOT),
    )


def _headers(part: Part) -> dict[str, str]:
    """Read an object, or a list of pairs; of a name that stands twice, both values."""
    pairs = [(name, one.text()) for name, one in part.members()]
    for one in part.each():
        pair = [half.text() for half in one.each()]
        if len(pair) == 2 and pair[0]:  # noqa: PLR2004 - a pair
            pairs.append((pair[0], pair[1]))
    found: dict[str, str] = {}
    for name, value in pairs:
        if value is not None:
            before = found.get(name.lower())
            found[name.lower()] = value if before is None else f"{before}, {value}"
    return found


def _status(part: Part) -> int | None:
    """Read a status from a number, from an object's, or from the beginning of words."""
    status = part.at("status").whole() if isinstance(part.value, Mapping) else part.whole()
    if status is None and isinstance(part.value, str):
        found = _BEGINS.match(part.value)
        status = int(found[1]) if found else None
    return status if status in _STATUSES else None
