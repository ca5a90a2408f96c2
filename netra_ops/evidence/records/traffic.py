"""Who was given which share of the requests, and since when. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from netra_ops.evidence.records.taking import (
    NotTaken,
    Part,
    Remarks,
    Taken,
    must_be_object,
    taken,
)

FILE: Final = "traffic.json"
_WHOLE: Final = 100.0


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """A revision's share from a moment on.

    Attributes:
        where: Its evidence reference.
        time: Since when, nanoseconds; None where that is not said.
        revision: Whose; empty where only the newest is meant, and nothing says which that is.
        percent: How much.
        service: Of which service, where that is said or follows from the revision.
        latest: Whether it follows the newest revision (True) or is pinned to one (False); None
            where that is not said.
        tag: The name under which it can be reached apart.
    """

    where: str
    time: int | None
    revision: str
    percent: float
    service: str | None = None
    latest: bool | None = None
    tag: str | None = None


def traffic_of(parts: Iterable[Part]) -> Taken[Traffic]:
    """Take the shares of `traffic.json`, in the order of time; those without one come first."""
    found = taken(FILE, parts, _read)
    ordered = sorted(found.records, key=lambda one: -1 if one.time is None else one.time)
    return msgspec.structs.replace(found, records=tuple(ordered))


def percent_of(part: Part) -> float | None:
    """Read a share; None if it is none."""
    value = part.value
    if isinstance(value, str):
        try:
            value = float(value.strip().removesuffix("%"))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= _WHOLE else None


def _read(part: Part, remarks: Remarks) -> Iterator[Traffic]:
    must_be_object(part, "share of traffic")
    time = part.first("time", "timestamp", "at").time()
    service = part.first("service", "service_name", "serviceName").text()
    split = part.first("split", "shares")
    if isinstance(split.value, dict):
        for name, share in split.members():
            yield _share(name, share, share.where, time, service)
        return
    targets = part.first("traffic", "targets")
    for one in targets.each() if isinstance(targets.value, list) else (part,):
        revision = one.first("revision", "revision_name", "revisionName").text()
        if not revision:
            raise NotTaken("is no share of traffic: it names no revision")
        moment = one.first("time", "timestamp", "at").time() or time
        if moment is None:
            remarks.add(one.where, "has no time that can be read")
        yield _share(revision, one.at("percent"), one.where, moment, service, one.text("tag"))


def _share(
    revision: str,
    percent: Part,
    where: str,
    time: int | None,
    service: str | None,
    tag: str | None = None,
) -> Traffic:
    share = percent_of(percent)
    if share is None:
        raise NotTaken("is no share of traffic: its percent is no number from 0 to 100")
    name = revision.rpartition("/")[2]
    return Traffic(
        where=where, time=time, revision=name, percent=share, service=service, tag=tag or None
    )
