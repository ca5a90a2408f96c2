"""Requests, each one though several lines tell of it: the platform's, a proxy's, the program's.

Lines of one request are known by its id; without one by service, method, path and status, and by
time. Memory is bounded: what is too long ago is joined no more.
"""

from collections import deque
from typing import Final

import msgspec

from netra_ops.diagnosis.signs.answers.answer import WEBSOCKET, Answered
from netra_ops.diagnosis.signs.counting.thinning import Thinned
from netra_ops.diagnosis.signs.tally import Caller, Place, Request

MOST_REQUESTS: Final = 200_000
_MOST_REMEMBERED: Final = 200_000
_MOST_WAITING: Final = 48
_MOST_KEYS: Final = 20_000
_MOST_HOPS: Final = 3
_SLACK: Final = 2.0
_SECOND: Final = 1_000_000_000


class Open(msgspec.Struct, gc=False):
    """A request of which further lines may come."""

    number: int
    time: int | None
    place: Place
    request: str | None
    answered: Answered
    caller: Caller = Caller.UNKNOWN
    principal: str | None = None
    both: bool = False
    """Whether a line of a front and one of the program told of it."""


_Key = tuple[str | None, str | None, str | None, int | None]


class Requests:
    """Joins lines to requests."""

    def __init__(self) -> None:
        self._kept = Thinned[Open](MOST_REQUESTS)
        self._by_id: dict[str, list[Open]] = {}
        self._waiting: dict[tuple[bool, _Key], deque[Open]] = {}
        self._callers: dict[str, tuple[Caller, str | None]] = {}
        self.aliases: dict[str, str] = {}
        """Ids of which another is the request's own."""

    def add(self, new: Open) -> None:
        """Add what a line tells."""
        answered = new.answered
        found = self._same(new)
        if found is not None:
            _join(found, new, self.aliases)
            return
        if new.request is not None:
            _remember(self._by_id, new.request).append(new)
        key = (answered.is_front, _key(new))
        waiting = self._waiting.get(key)
        if waiting is None:
            if len(self._waiting) >= _MOST_KEYS:
                self._waiting.clear()
            waiting = self._waiting[key] = deque(maxlen=_MOST_WAITING)
        waiting.append(new)
        self._kept.add(new)

    def tell_caller(self, request: str, caller: Caller, principal: str | None) -> None:
        """Say who asked, as some line of a request has it; the first that says so stands."""
        if request in self._callers:
            return
        if len(self._callers) >= _MOST_REMEMBERED:
            self._callers.clear()
        self._callers[request] = (caller, principal)
        for one in self._by_id.get(request, ()):
            if one.caller is Caller.UNKNOWN:
                one.caller, one.principal = caller, principal

    def tell_length(self, request: str, seconds: float) -> bool:
        """Say how long a request's socket was open, and give whether it is one that is known."""
        known = [one for one in self._by_id.get(request, ()) if one.answered.method == WEBSOCKET]
        for one in known:
            one.answered = one.answered._replace(latency=seconds)
        return bool(known)

    def tell_alias(self, own: str, other: str) -> None:
        """Say that two ids are of one request."""
        if len(self.aliases) < _MOST_REMEMBERED:
            self.aliases[other] = own

    def resolved(self, request: str) -> str:
        """Give the id by which a request goes, of any of its ids."""
        for _ in range(_MOST_HOPS):
            other = self.aliases.get(request)
            if other is None or other == request:
                break
            request = other
        return request

    def finished(self) -> tuple[list[Request], int, set[str]]:
        """Give the requests by time, of how many each is one, and which a program told of too."""
        handshakes = {
            (one.place.service, one.answered.path)
            for one in self._kept.items
            if one.answered.method == WEBSOCKET
        }
        spoke: set[str] = set()
        found: list[Request] = []
        for one in self._kept.items:
            request = one.request or f"line {one.number}"
            request = self.resolved(request)
            caller, principal = one.caller, one.principal
            if caller is Caller.UNKNOWN and request in self._callers:
                caller, principal = self._callers[request]
            answered = one.answered
            if one.both or not answered.is_front:
                spoke.add(request)
            is_socket = (
                answered.method == "GET" and (one.place.service, answered.path) in handshakes
            )
            found.append(
                Request(
                    number=one.number,
                    time=one.time,
                    place=one.place,
                    request=request,
                    method=WEBSOCKET if is_socket else answered.method,
                    path=answered.path,
                    status=answered.status,
                    latency=answered.latency,
                    caller=caller,
                    principal=principal,
                    client=answered.client,
                    agent=answered.agent,
                    is_front=answered.is_front,
                )
            )
        found.sort(key=lambda one: (one.time or 0, one.number))
        return found, self._kept.kept, spoke

    def _same(self, new: Open) -> Open | None:
        if new.request is not None:
            for one in self._by_id.get(new.request, ()):
                # Two entries of a front are two requests of one trace, a program's too if it
                # tells different answers.
                is_other = one.answered.is_front != new.answered.is_front
                if _key(one) == _key(new) and (
                    (is_other and not one.both) or (not is_other and not new.answered.is_front)
                ):
                    return one
        key = (not new.answered.is_front, _key(new))
        waiting = self._waiting.get(key)
        if not waiting or new.time is None:
            return None
        near: list[tuple[int, int]] = []
        for at, one in enumerate(waiting):
            if not one.both and _may_be_one(one, new):
                near.append((abs((one.time or 0) - new.time), at))
        if not near:
            return None
        found = waiting[min(near)[1]]
        waiting.remove(found)
        return found


def _key(one: Open) -> _Key:
    answered = one.answered
    method = "GET" if answered.method == WEBSOCKET else answered.method
    return one.place.service, method, answered.path, answered.status


def _may_be_one(one: Open, new: Open) -> bool:
    if one.time is None or new.time is None:
        return False
    if one.request and new.request and one.request != new.request:
        return False
    first, second = one.place.instance, new.place.instance
    if first and second and first != second:
        return False
    took = max(one.answered.latency or 0.0, new.answered.latency or 0.0)
    return abs(one.time - new.time) <= (took + _SLACK) * _SECOND


def _join(one: Open, new: Open, aliases: dict[str, str]) -> None:
    """Put what a further line tells into a request; a front knows best how it was answered."""
    fronts = (one, new) if one.answered.is_front or not new.answered.is_front else (new, one)
    best, rest = fronts[0].answered, fronts[1].answered
    one.both = one.both or one.answered.is_front != new.answered.is_front
    method = WEBSOCKET if WEBSOCKET in (best.method, rest.method) else best.method
    one.answered = Answered(
        method,
        best.path,
        best.status,
        best.latency if best.latency is not None else rest.latency,
        best.client or rest.client,
        best.agent or rest.agent,
        best.is_front,
    )
    if fronts[0] is new:
        one.number, one.time = new.number, new.time
    if one.request is None:
        one.request = new.request
    elif new.request is not None and new.request != one.request and len(aliases) < _MOST_REMEMBERED:
        aliases[new.request] = one.request
    one.place = Place(
        one.place.service or new.place.service,
        one.place.revision or new.place.revision,
        one.place.instance or new.place.instance,
    )
    if one.caller is Caller.UNKNOWN:
        one.caller, one.principal = new.caller, new.principal


def _remember(by_id: dict[str, list[Open]], request: str) -> list[Open]:
    found = by_id.get(request)
    if found is None:
        if len(by_id) >= _MOST_REMEMBERED:
            by_id.clear()
        found = by_id[request] = []
    return found
