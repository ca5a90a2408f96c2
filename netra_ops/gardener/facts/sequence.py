"""In which order clusters follow each other. Pure.

Entries belong together by what they carry: a request, else a trace. Those that carry neither belong
to the burst of their instance: what one instance wrote without a pause of half a second.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import Final

import msgspec

from netra_ops.gardener.facts.columns import Columns

_PAUSE: Final = 500_000_000
_LAGS: Final = 1000
"""So many lags are kept of one pair."""
_LONGEST: Final = 500
"""So many entries of one chain are looked at: the rest of a loop says the same again."""
_FILLS: Final = 10
"""What is in one burst more often fills it: whatever else is in it comes after some of that."""
_OFTEN: Final = 2
_STEPS: Final = 12


class Within(StrEnum):
    """What entries have in common that follow each other."""

    REQUEST = "request"
    TRACE = "trace"
    BURST = "burst of an instance"


class Following(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster after another.

    Attributes:
        first: The one.
        then: The other.
        within: What they have in common.
        times: How often the other came directly after the one.
        of: In how many chains the one was.
        lag: Median seconds from the one to the other.
    """

    first: int
    then: int
    within: Within
    times: int
    of: int
    lag: float


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """A whole order of clusters, each at its first place, that came more than once.

    Attributes:
        clusters: In their order.
        within: What they have in common.
        times: How often it was exactly this one.
        seconds: Median seconds from the first to the last.
    """

    clusters: tuple[int, ...]
    within: Within
    times: int
    seconds: float


class Order(msgspec.Struct, frozen=True):
    """What follows what; `chains` says in how many chains each cluster was."""

    followings: tuple[Following, ...] = ()
    courses: tuple[Course, ...] = ()
    chains: Mapping[int, int] = {}


def order_of(columns: Columns, rows: Iterable[int], cluster: Mapping[int, int]) -> Order:
    """Find what follows what.

    Args:
        columns: All entries.
        rows: Those that are looked at, in the order of their times.
        cluster: Which cluster each of them belongs to, by row.
    """
    lags: dict[tuple[Within, int, int], list[int]] = defaultdict(list)
    times: Counter[tuple[Within, int, int]] = Counter()
    having: Counter[tuple[Within, int]] = Counter()
    courses: dict[tuple[Within, tuple[int, ...]], list[int]] = defaultdict(list)
    for within, chain in _chains(columns, rows):
        steps = [(cluster[row], columns.time[row]) for row in chain[:_LONGEST]]
        firsts: dict[int, int] = {}
        for one, time in steps:
            firsts.setdefault(one, time)
        for one in firsts:
            having[within, one] += 1
        if within is Within.BURST:
            counts = Counter(one for one, _ in steps)
            steps = [step for step in steps if counts[step[0]] <= _FILLS]
            firsts = {one: time for one, time in firsts.items() if counts[one] <= _FILLS}
        if len(firsts) < _OFTEN:
            continue
        for (one, before), (other, after) in pairwise(steps):
            if one == other:
                continue
            times[within, one, other] += 1
            if len(kept := lags[within, one, other]) < _LAGS:
                kept.append(after - before)
        names = tuple(firsts)[:_STEPS]
        courses[within, names].append(firsts[names[-1]] - firsts[names[0]])
    chains: Counter[int] = Counter()
    for (_, one), count in having.items():
        chains[one] += count
    return Order(_followings(times, having, lags), _courses(courses), dict(chains))


def _followings(
    times: Mapping[tuple[Within, int, int], int],
    having: Mapping[tuple[Within, int], int],
    lags: Mapping[tuple[Within, int, int], Sequence[int]],
) -> tuple[Following, ...]:
    found = [
        Following(
            first=key[1],
            then=key[2],
            within=key[0],
            times=count,
            of=having[key[0], key[1]],
            lag=median(lags[key]) / 1e9,
        )
        for key, count in times.items()
        if count >= _OFTEN
    ]
    return tuple(sorted(found, key=lambda one: (-one.times, one.first, one.then, one.within)))


def _courses(
    found: Mapping[tuple[Within, tuple[int, ...]], Sequence[int]],
) -> tuple[Course, ...]:
    often = [
        Course(clusters=names, within=within, times=len(spans), seconds=median(spans) / 1e9)
        for (within, names), spans in found.items()
        if len(spans) >= _OFTEN
    ]
    return tuple(sorted(often, key=lambda one: (-one.times * len(one.clusters), one.clusters)))


def _chains(columns: Columns, rows: Iterable[int]) -> Iterator[tuple[Within, Sequence[int]]]:
    together: dict[tuple[Within, Hashable], list[int]] = {}
    open_bursts: dict[tuple[int, int, int], list[int]] = {}
    for row in rows:
        if request := columns.request[row]:
            together.setdefault((Within.REQUEST, request), []).append(row)
        elif trace := columns.trace[row]:
            together.setdefault((Within.TRACE, trace), []).append(row)
        else:
            key = columns.service[row], columns.revision[row], columns.instance[row]
            burst = open_bursts.get(key)
            if burst is not None and columns.time[row] - columns.time[burst[-1]] <= _PAUSE:
                burst.append(row)
                continue
            if burst is not None:
                yield Within.BURST, burst
            open_bursts[key] = [row]
    for burst in open_bursts.values():
        yield Within.BURST, burst
    for (within, _), chain in together.items():
        yield within, chain
