"""What is known of each cluster, and of all of them together. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec

from netra_ops.gardener.facts.collected import Collected, Sample
from netra_ops.gardener.facts.counting.counted import Tally
from netra_ops.gardener.facts.counting.spreads import Share, Spread
from netra_ops.gardener.facts.deploys.onset import Onset
from netra_ops.gardener.facts.deploys.revisions import Seen
from netra_ops.gardener.facts.doubling import doubles_of
from netra_ops.gardener.facts.impact import Impact
from netra_ops.gardener.facts.rhythm import Rhythm
from netra_ops.gardener.facts.sequence import Order
from netra_ops.gardener.facts.tests_and_age import TEST_SHARE
from netra_ops.logs.entries.entry import Entry, Kind, Level

_IDS: Final = 10
_LOOKED_AT: Final = 400_000
"""So many rows at most are looked at for order: the loud ones first."""


class Template(Protocol):
    """What the miner says of a cluster."""

    @property
    def id(self) -> str:
        """Give its id, the same for the same thing in every run."""

    @property
    def template(self) -> str:
        """Give its text."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Give ids under which it was known before."""


class ClusterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one cluster.

    Attributes:
        id: Its id.
        aliases: Ids under which it was known before.
        template: Its text.
        count: How many entries it has, copies not counted.
        level: How bad: the worst level that a tenth of them have; a request that was answered
            with 5xx counts as an error.
        first: Time of the first, nanoseconds; None if none has a time.
        last: Time of the last.
        undated: How many have none.
        sample: An entry that shows it: the first one of its worst level.
        services: Whose they are; likewise `revisions`, `instances`, `principals`, `paths`,
            `loggers`, `statuses`.
        requests: How many requests they name, and some of them; likewise `traces`.
        rate: How many there are in each of the equal spans of the covered interval.
        changed: Time from which on they are more or fewer, where there is such a moment.
        rhythm: The interval at which they come back, if there is one.
        onset: With which revision they began.
        doubles: Which cluster they write again, by its id.
        tests: Whether nearly all call themselves a test's.
    """

    id: str
    aliases: tuple[str, ...] = ()
    template: str
    count: int
    level: Level
    first: int | None
    last: int | None
    undated: int
    sample: Entry | None
    services: Spread
    revisions: Spread
    instances: Spread
    principals: Spread
    paths: Spread
    loggers: Spread
    statuses: Spread
    requests: Spread
    traces: Spread
    rate: tuple[int, ...]
    changed: int | None
    rhythm: Rhythm | None
    onset: Onset
    doubles: str | None = None
    tests: bool = False

    @property
    def loud(self) -> bool:
        """Whether somebody should look: a warning or worse."""
        return self.level >= Level.WARNING


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a log.

    Attributes:
        clusters: The worst and most frequent first.
        order: What follows what, by places in `clusters`.
        revisions: Those of each service, in the order in which they came.
        span: The covered interval, nanoseconds.
        entries: How many entries count.
        copies: How many were copies of others and do not.
        requests: How many requests they name.
        principals: How many principals they name.
        impact: Who and what was hit.
    """

    clusters: tuple[ClusterFacts, ...]
    order: Order
    revisions: Mapping[str, tuple[Seen, ...]]
    span: tuple[int, int] | None
    entries: int
    copies: int
    requests: int
    principals: int
    impact: Impact


def facts_of(
    collected: Collected, clusters: Sequence[Template], cluster_of: Sequence[int]
) -> Facts:
    """Work out what is known.

    Args:
        collected: What was gathered while reading.
        clusters: What the miner found.
        cluster_of: By shape, the place of its cluster among them.
    """
    counted = collected.rows.counted(cluster_of, len(clusters))
    samples: list[list[Sample]] = [[] for _ in clusters]
    for shape, sample in collected.samples.items():
        samples[cluster_of[shape]].append(sample)
    found = {
        place: _facts(clusters[place], tally, samples[place])
        for place, tally in counted.tallies().items()
    }
    best = sorted(found, key=lambda place: _rank(found[place]))
    ranked = [found[place] for place in best]
    order = counted.order(_looked_at(best, ranked))
    return Facts(
        clusters=_with_doubles(ranked, order),
        order=order,
        revisions=counted.revisions,
        span=counted.span,
        entries=counted.entries,
        copies=collected.copies,
        requests=counted.requests,
        principals=counted.principals,
        impact=counted.impact([place for place in best if _is_hit(found[place])]),
    )


def _is_hit(facts: ClusterFacts) -> bool:
    return facts.level >= Level.ERROR and not facts.tests


def _facts(template: Template, tally: Tally, samples: Sequence[Sample]) -> ClusterFacts:
    tests = sum(one.tests for one in samples)
    return ClusterFacts(
        id=template.id,
        aliases=template.aliases,
        template=template.template,
        count=tally.count,
        level=tally.level,
        first=tally.first,
        last=tally.last,
        undated=tally.undated,
        sample=_best(samples),
        services=tally.services,
        revisions=tally.revisions,
        instances=tally.instances,
        principals=tally.principals,
        paths=tally.paths,
        loggers=tally.loggers,
        statuses=tally.statuses,
        requests=_ids(tally.requests, [one.requests for one in samples]),
        traces=_ids(tally.traces, [one.traces for one in samples]),
        rate=tally.rate,
        changed=tally.changed,
        rhythm=tally.rhythm,
        onset=tally.onset,
        tests=tests >= TEST_SHARE * tally.count and tests > 0,
    )


def _ids(distinct: int, known: Sequence[Sequence[str]]) -> Spread:
    some = dict.fromkeys(one for ids in known for one in ids)
    return Spread(distinct, tuple(Share(one, 1) for one in list(some)[:_IDS]))


def _best(samples: Sequence[Sample]) -> Entry | None:
    entries = [one.entry for one in samples if one.entry.kind is not Kind.DAMAGED]
    entries = entries or [one.entry for one in samples]
    return min(
        entries, key=lambda one: (-one.level, one.time or 0, one.source, one.number), default=None
    )


def _rank(facts: ClusterFacts) -> tuple[int, int, str]:
    return (-facts.level, -facts.count, facts.id)


def _looked_at(places: Sequence[int], ranked: Sequence[ClusterFacts]) -> dict[int, int]:
    """Give the loud clusters, as many as fit, each with its place among the ranked ones."""
    found: dict[int, int] = {}
    rows = 0
    for told, (place, facts) in enumerate(zip(places, ranked, strict=True)):
        if facts.loud and rows + facts.count <= _LOOKED_AT:
            rows += facts.count - facts.undated
            found[place] = told
    return found


def _with_doubles(ranked: Sequence[ClusterFacts], order: Order) -> tuple[ClusterFacts, ...]:
    counts = {place: facts.count for place, facts in enumerate(ranked)}
    templates = {place: facts.template for place, facts in enumerate(ranked)}
    doubles = doubles_of(order.followings, counts, templates)
    return tuple(
        msgspec.structs.replace(facts, doubles=ranked[doubles[place]].id)
        if place in doubles
        else facts
        for place, facts in enumerate(ranked)
    )
