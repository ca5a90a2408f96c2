"""What is kept of every entry, kept and counted in memory. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from netra_ops.gardener.facts.change import change_of
from netra_ops.gardener.facts.columns import UNDATED, Columns
from netra_ops.gardener.facts.counting.counted import Tally
from netra_ops.gardener.facts.counting.spreads import (
    SPANS,
    badness,
    beginning,
    level_of,
    main_service,
    spread,
    spread_of_statuses,
)
from netra_ops.gardener.facts.deploys.onset import Onset, Shown, onset_of
from netra_ops.gardener.facts.deploys.revisions import Seen, revisions_of
from netra_ops.gardener.facts.impact import Impact, impact_of
from netra_ops.gardener.facts.rhythm import rhythm_of
from netra_ops.gardener.facts.sequence import Order, order_of
from netra_ops.logs.entries.entry import Entry


class InMemory:
    """Rows in memory: 68 bytes for each entry, and about twice as many more to count them."""

    def __init__(self) -> None:
        self._columns = Columns()

    def __len__(self) -> int:
        return len(self._columns)

    def add(self, entries: Sequence[Entry], shapes: Sequence[int]) -> None:
        """Take entries in with the shapes their messages have, in the order of their reading."""
        self._columns.add(entries, shapes)

    def places(self) -> Iterator[tuple[int, int, int]]:
        """Give each entry's source, its number there and its shape, in the order of reading."""
        return zip(self._columns.source, self._columns.number, self._columns.shape, strict=True)

    def counted(self, cluster_of: Sequence[int], clusters: int) -> "CountedInMemory":
        """Count them; see `counted.Rows`."""
        return CountedInMemory(self._columns, cluster_of, clusters)


class CountedInMemory:
    """Columns, counted by clusters; see `counted.Counted`."""

    def __init__(self, columns: Columns, cluster_of: Sequence[int], clusters: int) -> None:
        self._columns = columns
        dated = columns.in_time()
        self.span: tuple[int, int] | None = (
            (columns.time[dated[0]], columns.time[dated[-1]]) if dated else None
        )
        self.revisions: Mapping[str, tuple[Seen, ...]] = revisions_of(columns, dated)
        self._rows: list[list[int]] = [[] for _ in range(clusters)]
        for row in dated:
            self._rows[cluster_of[columns.shape[row]]].append(row)
        for row in range(len(columns)):
            if columns.time[row] == UNDATED:
                self._rows[cluster_of[columns.shape[row]]].append(row)

    @property
    def entries(self) -> int:
        """Give how many entries count."""
        return len(self._columns)

    @property
    def principals(self) -> int:
        """Give how many principals they name."""
        return len(self._columns.principals)

    @cached_property
    def requests(self) -> int:
        """Give how many requests they name."""
        return _distinct(self._columns.request)

    def tallies(self) -> Mapping[int, Tally]:
        """Give what is counted of each cluster that has entries, in the order of their places."""
        return {place: self._tally(rows) for place, rows in enumerate(self._rows) if rows}

    def order(self, clusters: Mapping[int, int]) -> Order:
        """Say what follows what among these clusters."""
        columns = self._columns
        cluster = {
            row: told
            for place, told in clusters.items()
            for row in self._rows[place]
            if columns.time[row] != UNDATED
        }
        looked_at = sorted(cluster, key=lambda row: (columns.time[row], row))
        return order_of(columns, looked_at, cluster)

    def impact(self, clusters: Collection[int]) -> Impact:
        """Count what the entries of these clusters hit."""
        rows = (row for place in clusters for row in self._rows[place])
        return impact_of(self._columns, rows, self.span)

    def _tally(self, rows: Sequence[int]) -> Tally:
        columns = self._columns
        times = [columns.time[row] for row in rows if columns.time[row] != UNDATED]
        rate = self._rate(times)
        change = change_of(rate)
        return Tally(
            count=len(rows),
            level=level_of(
                Counter(badness(columns.level[row], columns.status[row]) for row in rows)
            ),
            first=times[0] if times else None,
            last=times[-1] if times else None,
            undated=len(rows) - len(times),
            services=spread(_counts(columns.service, rows), columns.services),
            revisions=spread(_counts(columns.revision, rows), columns.revisions),
            instances=spread(_counts(columns.instance, rows), columns.instances),
            principals=spread(_counts(columns.principal, rows), columns.principals),
            paths=spread(_counts(columns.path, rows), columns.paths),
            loggers=spread(_counts(columns.logger, rows), columns.loggers),
            statuses=spread_of_statuses(_counts(columns.status, rows)),
            requests=_distinct(columns.request[row] for row in rows),
            traces=_distinct(columns.trace[row] for row in rows),
            rate=rate,
            changed=None if change is None else self._moment(times, change.index),
            rhythm=rhythm_of(times),
            onset=self._onset(rows),
        )

    def _rate(self, times: Sequence[int]) -> tuple[int, ...]:
        counts = [0] * SPANS
        if self.span is not None:
            first, length = self.span[0], max(1, self.span[1] - self.span[0])
            for time in times:
                counts[min(SPANS - 1, (time - first) * SPANS // length)] += 1
        return tuple(counts)

    def _moment(self, times: Sequence[int], index: int) -> int | None:
        """Give the first time of a span: of the entries in it, or of the span itself."""
        if self.span is None:
            return None
        begins = beginning(self.span, index)
        return next((time for time in times if time >= begins), begins)

    def _onset(self, rows: Sequence[int]) -> Onset:
        columns = self._columns
        services = Counter(columns.service[row] for row in rows if columns.revision[row])
        service = main_service(services.items(), columns.services)
        if service is None:
            return onset_of((), {})
        times: dict[str, list[int]] = {}
        for row in rows:
            if columns.service[row] == service and columns.revision[row]:
                if columns.time[row] == UNDATED:
                    continue
                name = columns.revisions.text(columns.revision[row])
                times.setdefault(name, []).append(columns.time[row])
        shown = {name: Shown.of(found) for name, found in times.items()}
        return onset_of(self.revisions.get(columns.services.text(service), ()), shown)


def _counts(column: Sequence[int], rows: Iterable[int]) -> Counter[int]:
    return Counter(column[row] for row in rows)


def _distinct(ids: Iterable[int]) -> int:
    return len(set(ids) - {0})
