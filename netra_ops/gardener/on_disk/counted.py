"""A log whose entries are in DuckDB, counted there; what is left of it is put together here."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from netra_ops.gardener.facts.change import change_of
from netra_ops.gardener.facts.columns import Columns
from netra_ops.gardener.facts.counting.counted import Tally
from netra_ops.gardener.facts.counting.spreads import SPANS, Spread, beginning
from netra_ops.gardener.facts.deploys.onset import Onset, onset_of
from netra_ops.gardener.facts.deploys.revisions import Seen, in_order, minute_of
from netra_ops.gardener.facts.impact import Impact
from netra_ops.gardener.facts.sequence import Order, order_of
from netra_ops.gardener.on_disk import queries
from netra_ops.gardener.on_disk.folding import rhythms, shown, spreads, sums
from netra_ops.gardener.on_disk.store import Store

_NO_SPANS = (0,) * SPANS


class CountedOnDisk:
    """Entries in a store, counted by clusters; see `facts.counting.counted.Counted`.

    Args:
        store: Has the entries.
        names: Columns without rows, with the texts of the entries' numbers.
        cluster_of: By shape, the place of its cluster.
        newest_first: Whether what was read first came last.
    """

    def __init__(
        self, store: Store, names: Columns, cluster_of: Sequence[int], *, newest_first: bool
    ) -> None:
        self._store = store
        self._names = names
        self._newest_first = newest_first
        store.fill("cluster_of", queries.CLUSTER_OF, enumerate(cluster_of))
        store.run(queries.PLACED)
        self._sums = sums(store.ask(queries.CELLS), names.services, names.revisions)

    @cached_property
    def entries(self) -> int:
        """Give how many entries count."""
        return sum(one.count for one in self._sums.values())

    @cached_property
    def requests(self) -> int:
        """Give how many requests they name."""
        return int(self._store.one(queries.REQUESTS)[0])

    @property
    def principals(self) -> int:
        """Give how many principals they name."""
        return len(self._names.principals)

    @cached_property
    def span(self) -> tuple[int, int] | None:
        """Give the covered interval, nanoseconds; None if no entry has a time."""
        firsts = [one.first for one in self._sums.values() if one.first is not None]
        lasts = [one.last for one in self._sums.values() if one.last is not None]
        return (min(firsts), max(lasts)) if firsts and lasts else None

    @cached_property
    def revisions(self) -> Mapping[str, tuple[Seen, ...]]:
        """Give the revisions of each service, in the order in which they came."""
        services, names = self._names.services, self._names.revisions
        direction = -1 if self._newest_first else 1
        found: dict[tuple[int, int], Seen] = {}
        for service, revision, first, last, entries, well, served in self._store.ask(
            queries.REVISIONS, (direction,)
        ):
            found[service, revision] = Seen(
                services.text(service),
                names.text(revision),
                first,
                last,
                entries,
                well=well,
                served=served,
            )
        for service, revision, minute, entries in self._store.ask(queries.REVISION_MINUTES):
            found[service, revision].minutes[minute] = entries
        return in_order(found.values())

    def tallies(self) -> Mapping[int, Tally]:
        """Give what is counted of each cluster that has entries, in the order of their places."""
        ask, names = self._store.ask, self._names
        instances, principals, paths, loggers = (
            spreads(ask(queries.SPREADS[column]), texts)
            for column, texts in (
                ("instance", names.instances),
                ("principal", names.principals),
                ("path", names.paths),
                ("logger", names.loggers),
            )
        )
        requests, traces = (dict(ask(queries.DISTINCTS[name])) for name in ("request", "trace"))
        rates = self._rates()
        changed = self._changed(rates)
        rhythm = rhythms(ask(queries.BURSTS))
        onsets = self._onsets()
        nothing = onset_of((), {})
        return {
            cluster: Tally(
                count=own.count,
                level=own.level,
                first=own.first,
                last=own.last,
                undated=own.count - own.dated,
                services=own.services,
                revisions=own.revisions,
                instances=instances.get(cluster, Spread(at_least=names.instances.overflowed)),
                principals=principals.get(cluster, Spread(at_least=names.principals.overflowed)),
                paths=paths.get(cluster, Spread(at_least=names.paths.overflowed)),
                loggers=loggers.get(cluster, Spread(at_least=names.loggers.overflowed)),
                statuses=own.statuses,
                requests=requests.get(cluster, 0),
                traces=traces.get(cluster, 0),
                rate=rates.get(cluster, _NO_SPANS),
                changed=changed.get(cluster),
                rhythm=rhythm.get(cluster),
                onset=onsets.get(cluster, nothing),
            )
            for cluster, own in self._sums.items()
        }

    def order(self, clusters: Mapping[int, int]) -> Order:
        """Say what follows what among these clusters, of which few enough entries are taken."""
        self._store.fill("chosen", queries.CHOSEN, clusters.items())
        columns, told = Columns(), []
        for time, place, service, revision, instance, request, trace in self._store.ask(
            queries.ORDER
        ):
            told.append(place)
            columns.time.append(time)
            columns.service.append(service)
            columns.revision.append(revision)
            columns.instance.append(instance)
            columns.request.append(request)
            columns.trace.append(trace)
        return order_of(columns, range(len(told)), dict(enumerate(told)))

    def impact(self, clusters: Collection[int]) -> Impact:
        """Count what the entries of these clusters hit."""
        self._store.fill("chosen", queries.CHOSEN, ((one, 0) for one in clusters))
        hit = {name: int(self._store.one(query)[0]) for name, query in queries.HIT.items()}
        all_of = self._sums.values()
        span = self.span
        return Impact(
            entries=sum(self._sums[one].count for one in clusters),
            covered_minutes=minute_of(span[1]) - minute_of(span[0]) + 1 if span else 0,
            answers=sum(one.answers for one in all_of),
            failed=sum(one.failed for one in all_of),
            refused=sum(one.refused for one in all_of),
            **hit,
        )

    def _rates(self) -> dict[int, tuple[int, ...]]:
        span = self.span
        if span is None:
            return {}
        counts: dict[int, list[int]] = {}
        for cluster, place, entries in self._store.ask(
            queries.RATES, (span[0], max(1, span[1] - span[0]))
        ):
            counts.setdefault(cluster, [0] * SPANS)[place] = entries
        return {cluster: tuple(found) for cluster, found in counts.items()}

    def _changed(self, rates: Mapping[int, Sequence[int]]) -> dict[int, int]:
        """Give since when the rate is another, of each cluster of which it is."""
        span = self.span
        if span is None:
            return {}
        begins = {
            cluster: beginning(span, change.index)
            for cluster, rate in rates.items()
            if (change := change_of(rate)) is not None
        }
        self._store.fill("moment", queries.MOMENT, begins.items())
        return begins | dict(self._store.ask(queries.MOMENTS))

    def _onsets(self) -> dict[int, Onset]:
        main = {cluster: own.service for cluster, own in self._sums.items()}
        found: dict[int, Onset] = {}
        for cluster, on in shown(self._store.ask(queries.ONSETS), main, self._names.revisions):
            service = self._names.services.text(main[cluster] or 0)
            found[cluster] = onset_of(self.revisions.get(service, ()), on)
        return found
