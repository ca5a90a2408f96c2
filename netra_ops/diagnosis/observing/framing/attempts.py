"""From a tally to what was tried: lines and entries of one request become one attempt. Pure.

Programs often number their requests otherwise than the platform, or not at all. So lines whose
request has no entry are given to the one of the same service that is nearest in time and ended as
they say, if one is near enough; else those of one id, or that one place wrote at once, are an
attempt of their own.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from netra_ops.diagnosis.observing.framing.attempt import (
    BREAKING,
    REFUSING,
    STARTING_BADLY,
    SUCCEEDING,
    Attempt,
    is_refused_grant,
    is_socket,
    kinds_of,
)
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Caller, Occurrence, Place, Request, Tally

_NEAR: Final = 250_000_000
"""Nanoseconds: a line stands this near to the beginning or the end of its request."""
_AT_ONCE: Final = 100_000_000
"""Nanoseconds: lines of one place this near to one another are of one thing."""
_AMONG: Final = frozenset(Sign) - {
    Sign.STARTING,
    Sign.STARTED,
    Sign.EXITED,
    Sign.NOT_READY,
    Sign.KIND_CONFLICT,
    Sign.DEPLOYED,
    Sign.TRAFFIC_CHANGED,
    Sign.INVOKER_CHANGED,
    Sign.SECRET_CHANGED,
    Sign.WORKLOAD_KEY_DELETED,
    Sign.START_FAILED,
    Sign.SECRET_PERMISSION,
    Sign.SECRET_VERSION,
    Sign.CONFIGURED,
    Sign.KEY_TOLD,
    Sign.VARIABLE_UNSET,
}
"""What can be shown by a line of a request: programs' and platforms' own affairs are none."""
_ALONE: Final = REFUSING | BREAKING | SUCCEEDING
"""What is an attempt even if no request entry tells of it."""
_FROM: Final = 400
_NO: Final[frozenset[str]] = frozenset()
_OF_GRANTS: Final = frozenset({"400"})
_LOOK: Final = 6
"""So many requests before a line and after it are looked at."""

Revised = Callable[[Place, int], Place]
"""Gives a place with its revision, where something else than the line says which served then."""


class _Key(NamedTuple):
    service: str | None
    request: str


class _Near:
    """The requests of each service, to find the one that lines without its id belong to."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self._requests = requests
        self._taken: set[int] = set()
        by_kind: dict[tuple[str | None, bool], list[tuple[int, int]]] = defaultdict(list)
        for place, request in enumerate(requests):
            if request.time is not None:
                is_bad = (request.status or 0) >= _FROM
                by_kind[request.place.service, is_bad].append((request.time, place))
        self._times = {kind: sorted(times) for kind, times in by_kind.items()}

    def to(self, group: Sequence[Occurrence]) -> int | None:
        """Give the index of the nearest request that ended as the lines say; None if none is near.

        One that has lines of another id already is taken only if no other is near.
        """
        line = group[-1]
        is_bad = bool(kinds_of(None, tuple(group), of_socket=False))
        found = self._times.get((line.place.service, is_bad))
        if not found or line.time is None:
            return None
        middle = bisect_left(found, (line.time, -1))
        near = [
            (place in self._taken, far, place)
            for _, place in found[max(middle - _LOOK, 0) : middle + _LOOK]
            if (far := self._far(self._requests[place], line)) is not None
        ]
        if not near:
            return None
        place = min(near)[2]
        self._taken.add(place)
        return place

    @staticmethod
    def _far(request: Request, line: Occurrence) -> int | None:
        """Give how far a line is from a request, nanoseconds; None if it is not of it."""
        for mine, its in (
            (request.place.instance, line.place.instance),
            (request.path, line.path),
            (request.place.revision, line.place.revision),
        ):
            if mine is not None and its is not None and mine != its:
                return None
        time, said = request.time or 0, line.time or 0
        took = int((request.latency or 0.0) * 1e9)
        moments = (time, time + took) if request.is_front else (time - took, time)
        far = min(abs(said - one) for one in moments)
        return far // 2 if moments[0] <= said <= moments[1] else far if far <= _NEAR else None


def attempts_of(tally: Tally, revised: Revised) -> tuple[Attempt, ...]:
    """Give all that was tried, in the order of time.

    Where the tally was thinned, lines whose request is not among those kept are left out, so that
    failures do not weigh more than successes.

    Args:
        tally: Of a log.
        revised: What knows the revision of a place that does not say it.
    """
    requests = tally.requests
    index = {
        _Key(one.place.service, one.request): place
        for place, one in enumerate(requests)
        if one.request is not None
    }
    shown: dict[int, list[Occurrence]] = defaultdict(list)
    apart: dict[_Key, list[Occurrence]] = defaultdict(list)
    loose: list[Occurrence] = []
    for line in _lines(tally):
        if line.request is None:
            loose.append(line)
            continue
        key = _Key(line.place.service, line.request)
        place = index.get(key)
        if place is None:
            apart[key].append(line)
        else:
            shown[place].append(line)
    near, alone = _Near(requests), []
    for group in (*apart.values(), *_at_once(loose)):
        place = near.to(group)
        if place is None:
            alone.append(group)
        else:
            shown[place] += group
    found = [
        _of_request(request, tuple(shown.get(place, ())), revised)
        for place, request in enumerate(requests)
    ]
    if tally.kept == 1 or not requests:
        found += [_of_lines(group, revised) for group in alone if _is_attempt(group)]
    return tuple(sorted(found, key=lambda one: (one.ended, one.number)))


def _lines(tally: Tally) -> Iterator[Occurrence]:
    lines = [one for sign in tally.occurrences if sign in _AMONG for one in tally.occurrences[sign]]
    yield from sorted(lines, key=lambda one: (one.time or 0, one.number))


def _at_once(lines: Sequence[Occurrence]) -> Iterator[list[Occurrence]]:
    """Part lines into groups of one place that were written at once."""
    groups: dict[Place, list[Occurrence]] = {}
    for line in lines:
        group = groups.get(line.place)
        if group is None or (line.time or 0) - (group[-1].time or 0) > _AT_ONCE:
            if group is not None:
                yield group
            group = groups[line.place] = []
        group.append(line)
    yield from groups.values()


def _is_attempt(group: Sequence[Occurrence]) -> bool:
    return any(
        one.sign in _ALONE or (one.sign is Sign.OTHER_ERROR and one.request is not None)
        for one in group
    ) and not all(one.sign in STARTING_BADLY for one in group)


def _of_request(request: Request, shown: tuple[Occurrence, ...], revised: Revised) -> Attempt:
    time = request.time or 0
    socket = is_socket(request.method, request.path, request.status)
    took = int((request.latency or 0.0) * 1e9) if request.is_front and not socket else 0
    caller, principal = request.caller, request.principal
    if shown and caller is Caller.UNKNOWN:
        caller = _caller(shown)
    return Attempt(
        number=request.number,
        time=time,
        ended=time + took,
        place=revised(request.place, time),
        request=request.request,
        method=request.method,
        path=request.path,
        status=request.status,
        latency=request.latency,
        caller=caller,
        principal=principal or _principal(shown),
        client=request.client,
        agent=request.agent,
        is_front=request.is_front,
        shown=shown,
        kinds=kinds_of(request.status, shown, of_socket=socket)
        or (_OF_GRANTS if is_refused_grant(request.method, request.path, request.status) else _NO),
    )


def _of_lines(group: Sequence[Occurrence], revised: Revised) -> Attempt:
    status = next((one.status for one in reversed(group) if one.status is not None), None)
    path = next((one.path for one in group if one.path is not None), None)
    shown = tuple(group)
    telling = next((one for one in group if one.sign in REFUSING | BREAKING), group[0])
    time = telling.time or 0
    socket = is_socket(None, path, None)
    place = next((one.place for one in group if one.place.instance is not None), telling.place)
    return Attempt(
        number=telling.number,
        time=time,
        ended=time,
        place=revised(place, time),
        request=telling.request,
        path=path,
        status=status,
        caller=_caller(shown),
        principal=_principal(shown),
        is_request=False,
        shown=shown,
        kinds=kinds_of(status, shown, of_socket=socket),
    )


def _caller(shown: Sequence[Occurrence]) -> Caller:
    """Say who asked; a line that names nobody says less than one that names somebody."""
    callers = {one.caller for one in shown} - {Caller.UNKNOWN}
    for caller in (Caller.SERVICE, Caller.USER, Caller.NOBODY):
        if caller in callers:
            return caller
    return Caller.UNKNOWN


def _principal(shown: Sequence[Occurrence]) -> str | None:
    return next((one.principal for one in shown if one.principal is not None), None)
