"""What is known of each cluster, and of all of them together. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from netra_ops.gardener.facts.change import change_of
from netra_ops.gardener.facts.collected import Collected, Sample
from netra_ops.gardener.facts.columns import UNDATED, Columns, Names
from netra_ops.gardener.facts.deploys.onset import Onset, Shown, onset_of
from netra_ops.gardener.facts.deploys.revisions import Seen, revisions_of
from netra_ops.gardener.facts.doubling import doubles_of
from netra_ops.gardener.facts.impact import Impact, impact_of
from netra_ops.gardener.facts.rhythm import Rhythm, rhythm_of
from netra_ops.gardener.facts.sequence import Order, order_of
from netra_ops.gardener.facts.tests_and_age import TEST_SHARE
from netra_ops.logs.entries.entry import Entry, Kind, Level

SPANS: Final = 60
"""Into so many equal spans the covered interval is divided for rates."""
_SHARE_OF_LEVEL: Final = 0.1
"""A cluster is as bad as the worst level that this share of its entries has."""
_SERVER_ERROR: Final = 500
_TOP: Final = 10
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


class Share(msgspec.Struct, frozen=True):
    """How many entries have one value of something."""

    name: str
    count: int


class Spread(msgspec.Struct, frozen=True):
    """How entries are spread over the values of something.

    Attributes:
        distinct: How many values there are.
        top: The most frequent of them.
        at_least: Whether there may be more values than are told apart.
    """

    distinct: int = 0
    top: tuple[Share, ...] = ()
    at_least: bool = False


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
    columns = collected.columns
    dated = columns.in_time()
    span = (columns.time[dated[0]], columns.time[dated[-1]]) if dated else None
    revisions = revisions_of(columns, dated)
    rows: list[list[int]] = [[] for _ in clusters]
    for row in dated:
        rows[cluster_of[columns.shape[row]]].append(row)
    for row in range(len(columns)):
        if columns.time[row] == UNDATED:
            rows[cluster_of[columns.shape[row]]].append(row)
    samples: list[list[Sample]] = [[] for _ in clusters]
    for shape, sample in collected.samples.items():
        samples[cluster_of[shape]].append(sample)
    view = _View(columns, revisions, span)
    found = [
        view.facts(clusters[place], rows[place], samples[place])
        for place in range(len(clusters))
        if rows[place]
    ]
    places = [place for place in range(len(clusters)) if rows[place]]
    best = sorted(range(len(found)), key=lambda one: _rank(found[one]))
    ranked = [found[one] for one in best]
    order = _order(columns, [rows[places[one]] for one in best], ranked)
    return Facts(
        clusters=_with_doubles(ranked, order),
        order=order,
        revisions=revisions,
        span=span,
        entries=len(columns),
        copies=collected.copies,
        requests=len(set(columns.request) - {0}),
        principals=len(columns.principals),
        impact=impact_of(columns, _errors(ranked, [rows[places[one]] for one in best]), span),
    )


def _errors(ranked: Sequence[ClusterFacts], rows: Sequence[Sequence[int]]) -> Iterator[int]:
    for facts, own in zip(ranked, rows, strict=True):
        if facts.level >= Level.ERROR and not facts.tests:
            yield from own


class _View:
    """One log, from which the facts of each of its clusters are taken."""

    def __init__(
        self,
        columns: Columns,
        revisions: Mapping[str, tuple[Seen, ...]],
        span: tuple[int, int] | None,
    ) -> None:
        self._columns = columns
        self._revisions = revisions
        self._span = span

    def facts(
        self, template: Template, rows: Sequence[int], samples: Sequence[Sample]
    ) -> ClusterFacts:
        columns = self._columns
        times = [columns.time[row] for row in rows if columns.time[row] != UNDATED]
        rate = self._rate(times)
        change = change_of(rate)
        sample = _best(samples)
        tests = sum(one.tests for one in samples)
        return ClusterFacts(
            id=template.id,
            aliases=template.aliases,
            template=template.template,
            count=len(rows),
            level=_level(columns, rows),
            first=times[0] if times else None,
            last=times[-1] if times else None,
            undated=len(rows) - len(times),
            sample=sample,
            services=_spread(columns.service, columns.services, rows),
            revisions=_spread(columns.revision, columns.revisions, rows),
            instances=_spread(columns.instance, columns.instances, rows),
            principals=_spread(columns.principal, columns.principals, rows),
            paths=_spread(columns.path, columns.paths, rows),
            loggers=_spread(columns.logger, columns.loggers, rows),
            statuses=_statuses(columns, rows),
            requests=_ids(columns.request, rows, [one.requests for one in samples]),
            traces=_ids(columns.trace, rows, [one.traces for one in samples]),
            rate=rate,
            changed=None if change is None else self._moment(times, change.index),
            rhythm=rhythm_of(times),
            onset=self._onset(rows),
            tests=tests >= TEST_SHARE * len(rows) and tests > 0,
        )

    def _rate(self, times: Sequence[int]) -> tuple[int, ...]:
        counts = [0] * SPANS
        if self._span is not None:
            first, length = self._span[0], max(1, self._span[1] - self._span[0])
            for time in times:
                counts[min(SPANS - 1, (time - first) * SPANS // length)] += 1
        return tuple(counts)

    def _moment(self, times: Sequence[int], index: int) -> int | None:
        """Give the first time of a span: of the entries in it, or of the span itself."""
        if self._span is None:
            return None
        first, length = self._span[0], max(1, self._span[1] - self._span[0])
        begins = first + index * length // SPANS
        return next((time for time in times if time >= begins), begins)

    def _onset(self, rows: Sequence[int]) -> Onset:
        columns = self._columns
        services = Counter(columns.service[row] for row in rows if columns.revision[row])
        if not services:
            return onset_of((), {})
        service = min(services, key=lambda one: (-services[one], columns.services.text(one)))
        times: dict[str, list[int]] = {}
        for row in rows:
            if columns.service[row] == service and columns.revision[row]:
                if columns.time[row] == UNDATED:
                    continue
                name = columns.revisions.text(columns.revision[row])
                times.setdefault(name, []).append(columns.time[row])
        shown = {name: Shown.of(found) for name, found in times.items()}
        return onset_of(self._revisions.get(columns.services.text(service), ()), shown)


def _level(columns: Columns, rows: Sequence[int]) -> Level:
    counts = Counter(
        max(columns.level[row], Level.ERROR)
        if columns.status[row] >= _SERVER_ERROR
        else columns.level[row]
        for row in rows
    )
    seen = 0
    for level in sorted(counts, reverse=True):
        seen += counts[level]
        if seen >= _SHARE_OF_LEVEL * len(rows):
            return Level(level)
    return Level.DEFAULT


def _spread(column: Sequence[int], names: Names, rows: Sequence[int]) -> Spread:
    counts = Counter(column[row] for row in rows)
    counts.pop(0, None)
    shares = [Share(names.text(number), count) for number, count in counts.items()]
    shares.sort(key=lambda one: (-one.count, one.name))
    return Spread(len(shares), tuple(shares[:_TOP]), at_least=names.overflowed)


def _statuses(columns: Columns, rows: Sequence[int]) -> Spread:
    counts = Counter(columns.status[row] for row in rows)
    counts.pop(0, None)
    shares = [Share(str(status), count) for status, count in sorted(counts.items())]
    return Spread(len(shares), tuple(shares[:_TOP]))


def _ids(column: Sequence[int], rows: Sequence[int], known: Sequence[Sequence[str]]) -> Spread:
    distinct = {column[row] for row in rows}
    distinct.discard(0)
    some = dict.fromkeys(one for ids in known for one in ids)
    return Spread(len(distinct), tuple(Share(one, 1) for one in list(some)[:_IDS]))


def _best(samples: Sequence[Sample]) -> Entry | None:
    entries = [one.entry for one in samples if one.entry.kind is not Kind.DAMAGED]
    entries = entries or [one.entry for one in samples]
    return min(
        entries, key=lambda one: (-one.level, one.time or 0, one.source, one.number), default=None
    )


def _rank(facts: ClusterFacts) -> tuple[int, int, str]:
    return (-facts.level, -facts.count, facts.id)


def _order(
    columns: Columns, rows: Sequence[Sequence[int]], ranked: Sequence[ClusterFacts]
) -> Order:
    cluster: dict[int, int] = {}
    for place, facts in enumerate(ranked):
        if not facts.loud or len(cluster) + len(rows[place]) > _LOOKED_AT:
            continue
        cluster.update((row, place) for row in rows[place] if columns.time[row] != UNDATED)
    looked_at = sorted(cluster, key=lambda row: (columns.time[row], row))
    return order_of(columns, looked_at, cluster)


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
