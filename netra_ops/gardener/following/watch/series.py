"""How often something came, by when it arrived, and whether it comes far more often now. Pure.

Times are seconds of any clock that never goes backwards.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import log
from typing import Final, TypeAlias

import msgspec

BUCKET: Final = 5.0
"""Seconds that are counted together."""
HORIZON: Final = 120
"""So many buckets, ten minutes, are the past that is remembered and compared with."""
_SHORTEST_PAST: Final = 2
"""So many buckets, ten seconds, are a past at all: the likelihoods know how little that tells."""
_FEWEST: Final = 10
_TIMES: Final = 3.0
_BOUND: Final = 24.0
"""Twice the log-likelihood ratio, as for `facts.change`: reached by chance once in a million."""


Bucket: TypeAlias = tuple[int, int, int]


class Jump(msgspec.Struct, frozen=True):
    """That something comes far more often.

    Attributes:
        before: How often it came before, per minute.
        after: How often it comes now, per minute.
        seconds: How long the past is that it was compared with.
        count: How many came now.
        within: In how many seconds.
    """

    before: float
    after: float
    seconds: float
    count: int
    within: float


class Series:
    """Counts of one thing, those of the last ten minutes.

    Args:
        since: From when on it was watched; counts are compared from the next bucket on.

    Attributes:
        since: The same.
        buckets: Those in which something came, with how many, and how many of these call themselves
            a test's.
    """

    __slots__ = ("buckets", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.buckets: deque[Bucket] = deque()

    def add(self, now: float, *, probing: bool = False) -> None:
        """Count one that arrives; one that was held back counts with those that came since."""
        current = int(now // BUCKET)
        buckets = self.buckets
        if buckets and buckets[-1][0] >= current:
            bucket, count, tests = buckets[-1]
            buckets[-1] = (bucket, count + 1, tests + probing)
            return
        buckets.append((current, 1, int(probing)))
        while buckets[0][0] < current - HORIZON:
            buckets.popleft()

    def learn(self, past: Mapping[int, int], tests: Mapping[int, int]) -> None:
        """Count what came before the watching, given by its buckets, and how much was a test's."""
        self._count((bucket, count, tests[bucket]) for bucket, count in past.items())

    def join(self, other: "Series") -> None:
        """Count together with another."""
        self._count(other.buckets)
        self.since = min(self.since, other.since)

    def jump(self, now: float) -> Jump | None:
        """Find that it comes far more often now than it did.

        Now is the current bucket and the one before, 5 to 10 seconds. The past is what came before
        them, up to ten minutes and at least ten seconds. It is a jump if there are at least ten
        now, at least three times as often as in the past, more than in any two buckets of the past
        in a row (so what always comes in bursts does not jump), and if two Poisson rates explain
        both counts far better than one: twice the logarithm of the likelihood ratio is at least 24.

        It is one of all that came, or of what does not call itself a test's: a walk of the golden
        path before a deployment hides no jump after it, and to claim to be a test hides nothing.
        """
        current = int(now // BUCKET)
        begin = max(int(self.since // BUCKET) + 1, current - HORIZON)
        every = {bucket: n for bucket, n, _ in self.buckets}
        found = _jump(every, begin, current, now)
        if found is None and any(tests for _, _, tests in self.buckets):
            others = {bucket: n - tests for bucket, n, tests in self.buckets}
            found = _jump(others, begin, current, now)
        return found

    def _count(self, more: Iterable[Bucket]) -> None:
        counts = {bucket: (count, tests) for bucket, count, tests in self.buckets}
        for bucket, count, tests in more:
            known = counts.get(bucket, (0, 0))
            counts[bucket] = known[0] + count, known[1] + tests
        self.buckets = deque((bucket, *both) for bucket, both in sorted(counts.items()))


def _jump(counts: Mapping[int, int], begin: int, current: int, now: float) -> Jump | None:
    count = sum(n for bucket, n in counts.items() if bucket >= current - 1)
    length = current - 1 - begin
    if count < _FEWEST or length < _SHORTEST_PAST:
        return None
    past = {bucket: n for bucket, n in counts.items() if begin <= bucket < current - 1}
    total, within = sum(past.values()), now / BUCKET - (current - 1)
    if count / within < _TIMES * total / length or count <= _peak(past):
        return None
    apart = _likelihood(count, within) + _likelihood(total, length)
    if 2 * (apart - _likelihood(count + total, within + length)) < _BOUND:
        return None
    minute = 60 / BUCKET
    return Jump(
        before=total / length * minute,
        after=count / within * minute,
        seconds=length * BUCKET,
        count=count,
        within=within * BUCKET,
    )


def _peak(past: dict[int, int]) -> int:
    """Give the most that came in two buckets in a row."""
    alone = max(past.values(), default=0)
    pairs = (past[one] + past[two] for one, two in pairwise(sorted(past)) if two == one + 1)
    return max(alone, max(pairs, default=0))


def _likelihood(events: int, spans: float) -> float:
    return events * log(events / spans) if events else 0.0
