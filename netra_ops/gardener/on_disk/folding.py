"""From the answers of queries, cluster by cluster, to what is counted of each. Pure.

What is held at once is that of one cluster: as many numbers as there are names, or minutes.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import msgspec

from netra_ops.gardener.facts.columns import Names
from netra_ops.gardener.facts.counting.spreads import (
    SERVER_ERROR,
    Spread,
    badness,
    level_of,
    main_service,
    spread,
    spread_of_statuses,
)
from netra_ops.gardener.facts.deploys.onset import Shown
from netra_ops.gardener.facts.rhythm import BURST_GAP, Rhythm, rhythm_of_bursts
from netra_ops.logs.entries.entry import Level

_SERVER_ERRORS: Final = range(SERVER_ERROR, SERVER_ERROR + 100)
_REFUSED: Final = frozenset({401, 403})
_ROW = tuple[Any, ...]


class Sums(msgspec.Struct, kw_only=True):
    """What the cells of a cluster say.

    Attributes:
        count: How many entries there are.
        dated: How many of them have a time.
        level: How bad it is.
        first: The first time; None if there is none.
        last: The last one.
        services: Whose they are; likewise `revisions`, `statuses`.
        service: The number of the service that most entries with a revision are of.
        answers: How many have an HTTP status.
        failed: How many of these were 5xx.
        refused: How many were 401 or 403.
    """

    count: int
    dated: int
    level: Level
    first: int | None
    last: int | None
    services: Spread
    revisions: Spread
    statuses: Spread
    service: int | None
    answers: int
    failed: int
    refused: int


def sums(cells: Iterable[_ROW], services: Names, revisions: Names) -> dict[int, Sums]:
    """Sum up the cells of each cluster, which come in the order of clusters."""
    return {
        cluster: _summed(list(rows), services, revisions)
        for cluster, rows in groupby(cells, key=itemgetter(0))
    }


def _summed(cells: list[_ROW], services: Names, revisions: Names) -> Sums:
    levels, by_service, by_revision, by_status, with_revision = (Counter[int]() for _ in range(5))
    dated = 0
    for _, level, service, revision, status, entries, with_time, _, _ in cells:
        levels[badness(level, status)] += entries
        by_service[service] += entries
        by_revision[revision] += entries
        by_status[status] += entries
        dated += with_time
        if revision:
            with_revision[service] += entries
    return Sums(
        count=sum(levels.values()),
        dated=dated,
        level=level_of(levels),
        first=min((cell[-2] for cell in cells if cell[-2] is not None), default=None),
        last=max((cell[-1] for cell in cells if cell[-1] is not None), default=None),
        services=spread(by_service, services),
        revisions=spread(by_revision, revisions),
        statuses=spread_of_statuses(by_status),
        service=main_service(with_revision.items(), services),
        answers=sum(count for status, count in by_status.items() if status),
        failed=sum(count for status, count in by_status.items() if status in _SERVER_ERRORS),
        refused=sum(count for status, count in by_status.items() if status in _REFUSED),
    )


def spreads(rows: Iterable[_ROW], names: Names) -> dict[int, Spread]:
    """Give the spread of each cluster; rows are cluster, number and count, in that order."""
    return {
        cluster: spread({number: count for _, number, count in own}, names)
        for cluster, own in groupby(rows, key=itemgetter(0))
    }


def rhythms(parts: Iterable[_ROW]) -> dict[int, Rhythm | None]:
    """Find the rhythm of each cluster.

    Args:
        parts: Cluster, first and last time of a part that is of one burst, and whether all times
            in it are whole seconds; in the order of clusters, and of times within each.
    """
    return {cluster: _rhythm(own) for cluster, own in groupby(parts, key=itemgetter(0))}


def _rhythm(parts: Iterable[_ROW]) -> Rhythm | None:
    beginnings, ticking = array("q"), True
    before: int | None = None
    for _, first, last, ticks in parts:
        if before is None or first - before > BURST_GAP:
            beginnings.append(first)
        before = last
        ticking = ticking and ticks
    return rhythm_of_bursts(beginnings, ticking=ticking)


def shown(
    rows: Iterable[_ROW], main: Mapping[int, int | None], revisions: Names
) -> Iterator[tuple[int, dict[str, Shown]]]:
    """Give of each cluster how often it was on which revision of its main service.

    Args:
        rows: Cluster, service, revision, minute, entries and the first time, by clusters.
        main: The number of each cluster's main service.
        revisions: The names of revisions.
    """
    for cluster, own in groupby(rows, key=itemgetter(0)):
        found: dict[str, Shown] = {}
        for _, service, revision, minute, entries, first in own:
            if service != main[cluster]:
                continue
            name = revisions.text(revision)
            one = found.get(name)
            if one is None:
                found[name] = Shown(entries, first, Counter({minute: entries}))
                continue
            one.count += entries
            one.first = min(one.first, first)
            one.minutes[minute] += entries  # type: ignore[index]  # It is the counter above.
        yield cluster, found
