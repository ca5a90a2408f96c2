"""Which revisions a log shows, in which order they came, and how much each had to show. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from netra_ops.gardener.facts.columns import Columns
from netra_ops.logs.entries.entry import Level

_MINUTE: Final = 60_000_000_000
_SERVED: Final = range(200, 400)
_GENERATION: Final = re.compile(r"-(\d{5})-[a-z0-9]{3}$")
"""Cloud Run, and the local platform, number the revisions of a service."""


class Seen(msgspec.Struct):
    """A revision as a log shows it.

    Attributes:
        service: Whose.
        revision: Its name.
        first: Its first entry, nanoseconds.
        last: Its last one.
        entries: How many there are of it.
        minutes: How many there are in each minute that has one, minutes counted from the epoch.
        well: Its last entry that is less than a warning; None if there is none.
        served: Its last answer of 2xx or 3xx, which no platform gives in its place.
    """

    service: str
    revision: str
    first: int
    last: int
    entries: int = 0
    minutes: dict[int, int] = msgspec.field(default_factory=dict)
    well: int | None = None
    served: int | None = None

    @property
    def generation(self) -> int:
        """Give its number among the revisions of its service; 0 if its name has none."""
        found = _GENERATION.search(self.revision)
        return int(found[1]) if found else 0


def revisions_of(columns: Columns, rows: Iterable[int]) -> Mapping[str, tuple[Seen, ...]]:
    """Give the revisions of every service, in the order in which they came.

    A revision that was made earlier comes earlier, also where its first entry here is a later one:
    its number says so. Names without numbers are ordered by their first entries.

    Args:
        columns: All entries.
        rows: Those that have a time, in its order.
    """
    found: dict[tuple[int, int], Seen] = {}
    for row in rows:
        if not columns.revision[row]:
            continue
        key = columns.service[row], columns.revision[row]
        time = columns.time[row]
        seen = found.get(key)
        if seen is None:
            service, revision = columns.services.text(key[0]), columns.revisions.text(key[1])
            seen = found[key] = Seen(service, revision, time, time)
        seen.last = time
        seen.entries += 1
        if columns.level[row] < Level.WARNING:
            seen.well = time
            if columns.status[row] in _SERVED:
                seen.served = time
        minute = time // _MINUTE
        seen.minutes[minute] = seen.minutes.get(minute, 0) + 1
    return in_order(found.values())


def in_order(found: Iterable[Seen]) -> Mapping[str, tuple[Seen, ...]]:
    """Give by service its revisions, in the order in which they came.

    Args:
        found: All of them, in the order of their first entries.
    """
    services: dict[str, list[Seen]] = {}
    for seen in found:
        services.setdefault(seen.service, []).append(seen)
    return {name: tuple(sorted(all_of, key=_place(all_of))) for name, all_of in services.items()}


def minute_of(time: int) -> int:
    """Give the minute a time lies in, counted from the epoch."""
    return time // _MINUTE


def _place(revisions: Iterable[Seen]) -> "_Place":
    return _Place(numbered=all(one.generation for one in revisions))


class _Place:
    def __init__(self, *, numbered: bool) -> None:
        self._numbered = numbered

    def __call__(self, seen: Seen) -> tuple[int, int, str]:
        return (seen.generation if self._numbered else 0, seen.first, seen.revision)
