"""What is kept of every entry, and of every line, in a store on the disk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from netra_ops.gardener.facts.columns import UNDATED, Columns
from netra_ops.gardener.on_disk import queries
from netra_ops.gardener.on_disk.counted import CountedOnDisk
from netra_ops.gardener.on_disk.store import Store
from netra_ops.logs.entries.entry import Entry

BLOCK: Final = 122_880
"""So many rows are written at once: a group of rows of DuckDB."""
_READ: Final = 16_384


class RowsOnDisk:
    """Rows in a store, but for the newest; names stay in memory, which bounds them.

    Args:
        store: Gets them; it has no tables yet.
        block: So many are written at once.
    """

    def __init__(self, store: Store, block: int) -> None:
        self._store = store
        self._most = block
        self._columns = Columns()
        self._written = 0
        self._direction = _Direction()
        store.create("entry", queries.ENTRY)

    def __len__(self) -> int:
        return self._written + len(self._columns)

    def add(self, entries: Sequence[Entry], shapes: Sequence[int]) -> None:
        """Take entries in with the shapes their messages have, in the order of their reading."""
        self._columns.add(entries, shapes)
        if len(self._columns) >= self._most:
            self._write()

    def places(self) -> Iterator[tuple[int, int, int]]:
        """Give each entry's source, its number there and its shape, in the order of reading."""
        self._write()
        for begin in range(0, self._written, _READ):
            yield from self._store.ask(queries.PLACES, (begin, begin + _READ))

    def counted(self, cluster_of: Sequence[int], clusters: int) -> CountedOnDisk:
        """Count them; see `facts.counting.counted.Rows`."""
        del clusters  # Those without entries have no rows here either.
        self._write()
        return CountedOnDisk(
            self._store, self._columns, cluster_of, newest_first=self._direction.newest_first
        )

    def _write(self) -> None:
        columns = self._columns.drained()
        rows = len(columns[0])
        if not rows:
            return
        self._direction.see(columns[1])
        places = range(self._written, self._written + rows)
        rows_of = zip(places, *columns, strict=True)
        self._store.insert(queries.INSERT_ENTRIES, queries.ENTRY, rows_of)
        self._written += rows


class LinesOnDisk:
    """The shapes of lines in a store, but for the newest.

    Args:
        store: Gets them; it has no tables yet.
        block: So many are written at once.
    """

    def __init__(self, store: Store, block: int) -> None:
        self._store = store
        self._most = block
        self._newest: list[int] = []
        self._written = 0
        store.create("line", queries.LINE)

    def __len__(self) -> int:
        return self._written + len(self._newest)

    def add(self, shapes: Iterable[int]) -> None:
        """Take in the shapes of further lines."""
        self._newest.extend(shapes)
        if len(self._newest) >= self._most:
            self._write()

    def counts(self) -> Mapping[int, int]:
        """Give how many lines each shape has."""
        self._write()
        return dict(self._store.ask(queries.SHAPE_COUNTS))

    def blocks(self) -> Iterator[Sequence[int]]:
        """Give the shapes of all lines in their order, some at a time."""
        self._write()
        for begin in range(0, self._written, _READ):
            yield [one for (one,) in self._store.ask(queries.SHAPES, (begin, begin + _READ))]

    def _write(self) -> None:
        if self._newest:
            self._store.append("line", queries.LINE, enumerate(self._newest, self._written))
            self._written += len(self._newest)
            self._newest.clear()


class _Direction:
    """Whether times rather fall than rise, in the order of reading."""

    def __init__(self) -> None:
        self._last: tuple[int, ...] = ()
        self._fallen = self._risen = 0

    def see(self, times: Sequence[int]) -> None:
        dated = [*self._last, *(time for time in times if time != UNDATED)]
        self._last = tuple(dated[-1:])
        self._fallen += sum(one > other for one, other in pairwise(dated))
        self._risen += sum(one < other for one, other in pairwise(dated))

    @property
    def newest_first(self) -> bool:
        return self._fallen > self._risen
