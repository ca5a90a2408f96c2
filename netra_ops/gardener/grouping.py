"""Which entries are about the same: exactly where they say it themselves, by mining where not.

A request's record is about its method, path and status. An entry with a static event name beside
its message is about that event, and its messages are mined among those of the event alone. All
other messages are mined together.
"""

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from netra_ops.gardener.mining.clustering import Known
from netra_ops.gardener.mining.grouping.columns import Granularity
from netra_ops.gardener.mining.miner import Account as Mined
from netra_ops.gardener.mining.miner import Miner
from netra_ops.gardener.mining.templates import NORMAL_FORM
from netra_ops.logs.entries import Entry, Kind

_EVENT: Final = re.compile(r"[a-z][a-z0-9_.]{2,63}")
_EVENTS: Final = 400
"""So many event names are taken for static; a log with more does not name events but fills in."""
_REQUESTS: Final = 5000
_ID_DIGITS: Final = 12
_PLAIN: Final = ""
_REQUEST: Final = "request"
_OWN_REQUEST: Final = "http_request"
"""How Netra's services call their own record of a request."""


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that are about the same.

    Attributes:
        id: The same for the same thing in every run.
        template: What they say.
        aliases: Ids under which it was known before.
        made_of: What was taken for one, and by which rule.
    """

    id: str
    template: str
    aliases: tuple[str, ...] = ()
    made_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Groups:
    """All of them.

    Attributes:
        groups: The groups.
        of_shape: By shape, the place of its group.
        known: What a later run is to know, by event name; of plain messages under the empty one.
    """

    groups: tuple[Group, ...]
    of_shape: Sequence[int]
    known: Mapping[str, tuple[Known, ...]]


@dataclass(slots=True)
class _Lane:
    """The messages that are mined together, and the shape number that each of theirs has."""

    miner: Miner
    shapes: array = field(default_factory=lambda: array("i"))  # type: ignore[type-arg]


class Grouping:
    """Gives each entry the number of its shape, and knows in the end which shapes are one group.

    Args:
        granularity: How finely messages are told apart.
        known: What an earlier run knew.
    """

    def __init__(
        self, granularity: Granularity, known: Mapping[str, tuple[Known, ...]] | None = None
    ) -> None:
        self._granularity = granularity
        self._known = dict(known or {})
        self._lanes: dict[str, _Lane] = {}
        self._requests: dict[tuple[str, str, int, str], int] = {}
        self._shapes = 0

    def add(self, entries: Sequence[Entry]) -> list[int]:
        """Give the number of each entry's shape, in their order."""
        found = [-1] * len(entries)
        lanes: dict[str, list[int]] = {}
        for place, entry in enumerate(entries):
            if entry.http is not None and _is_request(entry):
                found[place] = self._of_request(entry)
            if found[place] < 0:
                lanes.setdefault(self._lane_of(entry), []).append(place)
        for name, places in lanes.items():
            lane = self._lane_named(name)
            mined = lane.miner.add([entries[place].message for place in places])
            self._number(lane)
            for place, shape in zip(places, mined, strict=True):
                found[place] = lane.shapes[shape]
        return found

    def add_messages(self, messages: Sequence[str]) -> list[int]:
        """Give the number of the shape of each message that stands alone, in their order."""
        lane = self._lane_named(_PLAIN)
        mined = lane.miner.add(messages)
        self._number(lane)
        shapes = lane.shapes
        return [shapes[shape] for shape in mined]

    def groups(self) -> Groups:
        """Give the groups of all shapes so far."""
        groups: list[Group] = []
        of_shape = [0] * self._shapes
        known: dict[str, tuple[Known, ...]] = dict(self._known)
        for (method, path, status, by), shape in sorted(self._requests.items()):
            of_shape[shape] = len(groups)
            words = (_REQUEST, method, path, str(status), *([by] if by else []))
            told = f", told as {by}" if by else ""
            groups.append(Group(_id_of(words), f"{method} {path} answered {status}{told}"))
        for name, lane in sorted(self._lanes.items()):
            clustering = lane.miner.clusters()
            known[name] = clustering.known
            for local, shape in enumerate(lane.shapes):
                of_shape[shape] = len(groups) + clustering.of_shape[local]
            groups += [
                Group(
                    event_id(name, one.id),
                    f"{name}: {one.template}" if name else one.template,
                    tuple(event_id(name, alias) for alias in one.aliases),
                    tuple(f"{merge.lines}: {merge.form} ({merge.rule})" for merge in one.merges),
                )
                for one in clustering.clusters
            ]
        return Groups(tuple(groups), of_shape, known)

    def accounts(self) -> Iterable[Mined]:
        """Give what was mined, and what of it not as finely as promised."""
        return [lane.miner.account() for lane in self._lanes.values()]

    def _of_request(self, entry: Entry) -> int:
        http = entry.http
        if http is None or http.method is None or http.path is None:
            return -1
        # The platform's record of a request and the program's own are told apart: both are of one.
        by = "" if entry.kind is Kind.REQUEST else entry.event or ""
        key = http.method, http.path, entry.status or 0, by
        shape = self._requests.get(key)
        if shape is None:
            if len(self._requests) >= _REQUESTS:
                return -1
            shape = self._requests[key] = self._next()
        return shape

    def _lane_of(self, entry: Entry) -> str:
        event = entry.event
        if event is None or (event not in self._lanes and not self._is_static(event)):
            return _PLAIN
        self._lane_named(event)
        return event

    def _is_static(self, event: str) -> bool:
        return len(self._lanes) < _EVENTS and _EVENT.fullmatch(event) is not None

    def _lane_named(self, name: str) -> _Lane:
        lane = self._lanes.get(name)
        if lane is None:
            miner = Miner(self._granularity, self._known.get(name, ()))
            lane = self._lanes[name] = _Lane(miner)
        return lane

    def _number(self, lane: _Lane) -> None:
        """Give numbers to shapes that are new; parts of a learned pattern have theirs already."""
        for _ in range(len(lane.shapes), len(lane.miner.shapes)):
            lane.shapes.append(self._next())

    def _next(self) -> int:
        self._shapes += 1
        return self._shapes - 1


def event_id(name: str, cluster: str) -> str:
    """Give the id of a group of an event's messages.

    Args:
        name: The event's name; empty for plain messages.
        cluster: The miner's id among them.
    """
    return _id_of(("event", name, cluster)) if name else cluster


def _is_request(entry: Entry) -> bool:
    return entry.kind is Kind.REQUEST or entry.event == _OWN_REQUEST


def _id_of(words: Sequence[str]) -> str:
    normal = f"{NORMAL_FORM}\n" + "\0".join(words)
    return f"{NORMAL_FORM}:{sha256(normal.encode()).hexdigest()[:_ID_DIGITS]}"
