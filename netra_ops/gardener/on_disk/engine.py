"""The engine that keeps on the disk what grows with a log. Needs the extra `duckdb`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from netra_ops.gardener.on_disk.rows import BLOCK, LinesOnDisk, RowsOnDisk
from netra_ops.gardener.on_disk.store import Store
from netra_ops.gardener.on_disk.working_folder import working_folder


class DiskEngine:
    """Keeps and counts in a store; see `engine.Engine`.

    Args:
        store: The store; it has no tables yet.
        block: So many rows are written at once.
    """

    def __init__(self, store: Store, block: int = BLOCK) -> None:
        self._store = store
        self._block = block

    def rows(self) -> RowsOnDisk:
        """Give what keeps entries."""
        return RowsOnDisk(self._store, self._block)

    def lines(self) -> LinesOnDisk:
        """Give what keeps lines."""
        return LinesOnDisk(self._store, self._block)


@contextmanager
def disk_engine(beside: Path | None, memory: int) -> Iterator[DiskEngine]:
    """Give an engine whose files go when it is done.

    Args:
        beside: A directory in which its folder is made; None for the system's temporary files.
        memory: How much memory DuckDB may take, in bytes.

    Raises:
        UsageRefused: There can be no folder in `beside`.
        CouldNotTell: It cannot keep its files anywhere.
    """
    with working_folder(beside) as folder, Store(folder, memory) as store:
        yield DiskEngine(store)
