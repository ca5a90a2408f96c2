"""What a failure looks like, from the bundle in which it was seen. Pure.

A signature is what has to be absent afterwards: the kinds of failure as the log shows them, on the
paths on which they were; and which of its requests can be made again without changing anything.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from netra_ops.diagnosis.observing.framing.attempt import Attempt
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.tried.attempt import read
from netra_ops.diagnosis.signs.tally import Caller

_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""What asks and changes nothing (RFC 9110 section 9.2.1)."""
_MOST_PATHS: Final = 5
_MOST_EVIDENCE: Final = 5
_CLOSE_CODES: Final = 1000


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """A request that failed and can be made again.

    Attributes:
        method: GET, HEAD, OPTIONS, or WEBSOCKET for a handshake.
        path: Without a query; no part of it stands for an id.
        caller: As whom it was made.
        statuses: How it was answered when it failed.
        evidence: Where that stands.
    """

    method: str
    path: str
    caller: Caller
    statuses: tuple[int, ...]
    evidence: str


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be absent.

    Attributes:
        service: Of which service.
        kinds: The kinds of failure: signs, or statuses.
        failed: How many distinct requests failed.
        tried: How many of the same kind were made from the onset to the last failure.
        again: What can be made again, the most frequent first.
        evidence: Where it was seen.
    """

    service: str | None
    kinds: frozenset[str]
    failed: int
    tried: int
    again: tuple[Again, ...]
    evidence: tuple[str, ...]


def signature_of(scene: Scene) -> Signature | None:
    """Give the signature of an incident; None if nothing failed in it.

    Args:
        scene: The incident, framed.
    """
    own = [one for one in scene.failing if one.place.service == scene.service]
    if not own:
        return None
    return Signature(
        service=scene.service,
        kinds=frozenset().union(*(one.kinds for one in own)),
        failed=len(own),
        tried=max(len(scene.affected), len(own)),
        again=_again(own),
        evidence=tuple(f"logs.ndjson:{one.number}" for one in own[:_MOST_EVIDENCE]),
    )


def start_of(scene: Scene) -> tuple[str, ...]:
    """Say where it stands that a start failed; nothing if none did."""
    if scene.start is None:
        return ()
    return tuple(f"logs.ndjson:{one.number}" for one in scene.start.lines[:_MOST_EVIDENCE])


def probes_of(scene: Scene) -> Mapping[str, str]:
    """Give the probes that did not end as they must: where each stands, by its name."""
    tried = [read(one) for one in scene.bundle.probes]
    return {one.probe.name: one.where for one in tried if one.is_ok is False}


def shows(signature: Signature, attempts: Iterable[Attempt]) -> tuple[Attempt, ...]:
    """Give what shows a signature again: the same service, and a kind of failure it had."""
    return tuple(
        one
        for one in attempts
        if one.kinds & signature.kinds
        and (signature.service is None or one.place.service in {signature.service, None})
    )


def _again(failing: Iterable[Attempt]) -> tuple[Again, ...]:
    found = Counter[tuple[str, str, Caller]]()
    statuses = dict[tuple[str, str, Caller], set[int]]()
    first = dict[tuple[str, str, Caller], int]()
    for one in failing:
        method = "WEBSOCKET" if one.is_socket else (one.method or "").upper()
        if (method not in _REPEATABLE and method != "WEBSOCKET") or not _is_whole(one.path):
            continue
        key = method, one.path or "/", one.caller
        found[key] += 1
        first.setdefault(key, one.number)
        if one.status is not None and one.status < _CLOSE_CODES:
            statuses.setdefault(key, set()).add(one.status)
    return tuple(
        Again(
            method=method,
            path=path,
            caller=caller,
            statuses=tuple(sorted(statuses.get((method, path, caller), ()))),
            evidence=f"logs.ndjson:{first[method, path, caller]}",
        )
        for (method, path, caller), _ in found.most_common(_MOST_PATHS)
    )


def _is_whole(path: str | None) -> bool:
    """Tell whether a path can be asked for: nothing in it stands for what was there."""
    return path is not None and path.startswith("/") and not set(path) & set("{}*<> ")
