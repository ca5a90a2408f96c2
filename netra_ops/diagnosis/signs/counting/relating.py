"""What can be told only when all was read: whose lines without an id are, and failing starts."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Caller, Instance, Occurrence, Place, Request
from netra_ops.logs.entries import Level

_BEFORE: Final = 50_000_000
_AFTER: Final = 250_000_000
_LONGEST_START: Final = 180_000_000_000
_SOON: Final = 5_000_000_000
_MOST_LOOKED_AT: Final = 40
_UNAUTHORISED: Final = frozenset({401, 403})
_REFUSALS: Final = (Sign.NOT_AUTHENTICATED, Sign.NOT_PERMITTED)
_OF_NO_REQUEST: Final = frozenset(
    {
        Sign.STARTING,
        Sign.STARTED,
        Sign.EXITED,
        Sign.START_FAILED,
        Sign.NOT_READY,
        Sign.INVOKER_CHANGED,
        Sign.SECRET_CHANGED,
        Sign.WORKLOAD_KEY_DELETED,
        Sign.DEPLOYED,
        Sign.TRAFFIC_CHANGED,
        Sign.KEY_GENERATED,
        Sign.KEY_ROTATED,
        Sign.KEY_TOLD,
        Sign.VARIABLE_UNSET,
        Sign.CONFIGURED,
    }
)
_FAILS_A_START: Final = frozenset(
    {
        Sign.CODE_ERROR,
        Sign.OTHER_ERROR,
        Sign.NOT_CONFIGURED,
        Sign.VALUE_EMPTY,
        Sign.VALUE_MALFORMED,
        Sign.VALUE_WITH_BLANKS,
        Sign.VALUE_IN_QUOTES,
        Sign.REFERENCE_TEXT,
        Sign.KEY_UNREADABLE,
        Sign.MODULE_MISSING,
        Sign.DATABASE_SILENT,
        Sign.DATABASE_PASSWORD,
        Sign.CONNECTION_REFUSED,
        Sign.HOST_UNKNOWN,
        Sign.WORKLOAD_KEY_REFUSED,
    }
)


class Answering:
    """Requests by who answered them, to find the one that a line without an id belongs to."""

    def __init__(self, requests: Iterable[Request]) -> None:
        self._by_place: dict[str, list[Request]] = {}
        for one in requests:
            if one.time is None:
                continue
            for who in {one.place.instance, one.place.service}:
                if who is not None:
                    self._by_place.setdefault(who, []).append(one)
        self._times = {
            who: [one.time or 0 for one in found] for who, found in self._by_place.items()
        }

    def at(self, place: Place, time: int) -> Request | None:
        """Give the one request that was being answered; None if it was none, or several."""
        who = place.instance or place.service
        found = self._by_place.get(who) if who else None
        if not found or who is None:
            return None
        end = bisect_right(self._times[who], time + _BEFORE)
        hits = [
            one
            for one in found[max(0, end - _MOST_LOOKED_AT) : end]
            if (one.time or 0) + int((one.latency or 0.0) * 1e9) + _AFTER >= time
        ]
        return hits[0] if len(hits) == 1 else None

    def any_between(self, place: Place, begin: int, end: int) -> bool:
        """Tell whether a place answered a request between two moments."""
        who = place.instance or place.service
        times = self._times.get(who, []) if who else []
        at = bisect_right(times, begin)
        return at < len(times) and times[at] <= end


def related(
    occurrences: Iterable[Occurrence], answering: Answering, resolved: Callable[[str], str]
) -> list[Occurrence]:
    """Give occurrences by time, with the requests that they belong to.

    Args:
        occurrences: Of one sign.
        answering: The requests.
        resolved: Gives the id by which a request goes, of any of its ids.
    """
    found: list[Occurrence] = []
    for one in occurrences:
        related_one = one
        if one.request is not None:
            own = resolved(one.request)
            if own != one.request:
                related_one = msgspec.structs.replace(one, request=own)
        elif one.time is not None and one.sign not in _OF_NO_REQUEST:
            request = answering.at(one.place, one.time)
            if request is not None:
                is_known = one.caller is not Caller.UNKNOWN
                related_one = msgspec.structs.replace(
                    one,
                    request=request.request,
                    caller=one.caller if is_known else request.caller,
                    principal=one.principal if is_known else request.principal,
                    status=one.status if one.status is not None else request.status,
                    path=one.path or request.path,
                )
        found.append(related_one)
    found.sort(key=lambda one: (one.time or 0, one.number))
    return found


def with_bare(
    occurrences: dict[Sign, list[Occurrence]], requests: Iterable[Request]
) -> dict[Sign, list[Occurrence]]:
    """Give occurrences in which what came bare, and was refused, is a credential that was missing.

    A line may tell of a request that it came without any, and another that it was refused. Who was
    let in without one asked for what is open.

    Args:
        occurrences: By sign, with their requests.
        requests: All there are.
    """
    bare = occurrences.get(Sign.CAME_BARE, [])
    if not bare:
        return occurrences
    refused = {one.request for one in requests if one.status in _UNAUTHORISED}
    refused |= {one.request for sign in _REFUSALS for one in occurrences.get(sign, [])}
    told = [
        msgspec.structs.replace(one, sign=Sign.CREDENTIAL_MISSING)
        for one in bare
        if one.request is not None and one.request in refused
    ]
    others = [*occurrences.get(Sign.CREDENTIAL_MISSING, []), *told]
    others.sort(key=lambda one: (one.time or 0, one.number))
    found = dict(occurrences)
    del found[Sign.CAME_BARE]
    if others:
        found[Sign.CREDENTIAL_MISSING] = others
    return found


def failed_starts(
    occurrences: Mapping[Sign, list[Occurrence]],
    instances: Mapping[Place, Instance],
    answering: Answering,
) -> list[Occurrence]:
    """Give the errors that came between a start and its end: before it served, or it exited soon.

    The first of each start.
    """
    started = _times(occurrences.get(Sign.STARTED, []))
    exited = _times(
        one for one in occurrences.get(Sign.EXITED, []) if one.status is None or one.status > 0
    )
    told = {
        (one.place, _start_before(instances, one)) for one in occurrences.get(Sign.START_FAILED, [])
    }
    errors = sorted(
        (
            one
            for sign in _FAILS_A_START
            for one in occurrences.get(sign, [])
            if one.time is not None and one.level >= Level.ERROR and one.place.service is not None
        ),
        key=lambda one: (one.time or 0, one.number),
    )
    found: list[Occurrence] = []
    for one in errors:
        time = one.time or 0
        start = _start_before(instances, one)
        if (one.place, start) in told:
            continue
        has_exited = _any_within(exited.get(one.place), time, time + _SOON)
        if start is None:
            begin = instances[one.place].first if one.place in instances else None
            is_start = (
                has_exited
                and begin is not None
                and not answering.any_between(one.place, begin - 1, time)
            )
        else:
            # An error that did not keep it from starting is told by the error itself.
            end = time + _SOON
            is_started = _any_within(started.get(one.place), start, end)
            goes_on = is_started or answering.any_between(one.place, start, end)
            has_served = answering.any_between(one.place, start, time - 1)
            is_start = time - start <= _LONGEST_START and not has_served
            is_start = is_start and (has_exited or not goes_on)
        if is_start:
            told.add((one.place, start))
            found.append(
                msgspec.structs.replace(
                    one, sign=Sign.START_FAILED, subject=one.subject or one.sign.value
                )
            )
    return found


def _any_within(times: list[int] | None, begin: int, end: int) -> bool:
    """Tell whether one of some times, in order, lies between two moments."""
    if not times:
        return False
    at = bisect_left(times, begin)
    return at < len(times) and times[at] <= end


def _times(occurrences: Iterable[Occurrence]) -> dict[Place, list[int]]:
    found: dict[Place, list[int]] = {}
    for one in occurrences:
        if one.time is not None:
            found.setdefault(one.place, []).append(one.time)
    for times in found.values():
        times.sort()
    return found


def _start_before(instances: Mapping[Place, Instance], one: Occurrence) -> int | None:
    instance = instances.get(one.place)
    if instance is None or one.time is None:
        return None
    at = bisect_right(instance.starts, one.time)
    return instance.starts[at - 1] if at else None
