"""Tables of numbers in DuckDB, in a file of its own. Needs the extra `duckdb`. Moves bytes only."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import duckdb

from netra_ops.findings import CouldNotTell
from netra_ops.gardener.on_disk import queries

_WRITING: Final = (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException)
"""What a full disk is, by what was being written."""
_FETCHED: Final = 5_000
_THREADS: Final = 2
"""Each has buffers of its own within the limit."""
_DATABASE: Final = "entries.duckdb"
_BLOCK: Final = "block.csv"
_SPILLED: Final = "spilled"


class Store:
    """A database in a folder that is nobody else's.

    Args:
        folder: Where its files are; it is left to whoever made it.
        memory: How much memory DuckDB may take, in bytes; what needs more goes to the folder.

    Raises:
        CouldNotTell: By each method: the disk is full, or the memory is too little.
    """

    def __init__(self, folder: Path, memory: int) -> None:
        self._block = folder / _BLOCK
        with _told():
            self._connection = duckdb.connect(
                str(folder / _DATABASE),
                config={
                    "memory_limit": f"{memory}B",
                    "temp_directory": str(folder / _SPILLED),
                    "threads": str(_THREADS),
                    # Nothing is fetched, and nothing read or written but in the folder.
                    "autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                },
            )
            self._connection.execute("SET allowed_directories = [?]", [str(folder)])
            self._connection.execute("SET enable_external_access = false")
            self._connection.execute("SET lock_configuration = true")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def run(self, statement: str) -> None:
        """Run a statement that gives nothing."""
        with _told():
            self._connection.execute(statement)

    def create(self, table: str, columns: Mapping[str, str]) -> None:
        """Make a table, in place of one of this name."""
        named = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        self.run(f"CREATE OR REPLACE TABLE {table} ({named})")

    def fill(self, table: str, columns: Mapping[str, str], rows: Iterable[tuple[int, ...]]) -> None:
        """Make a table of these rows, in place of one of this name."""
        self.create(table, columns)
        self.append(table, columns, rows)

    def append(
        self, table: str, columns: Mapping[str, str], rows: Iterable[tuple[int, ...]]
    ) -> None:
        """Add rows to a table."""
        self.insert(queries.INSERT.replace("$table", table), columns, rows)

    def insert(
        self, statement: str, columns: Mapping[str, str], rows: Iterable[tuple[int, ...]]
    ) -> None:
        """Insert rows of whole numbers.

        DuckDB reads a file of text several times as fast as it takes rows from Python.

        Args:
            statement: Inserts what `read_csv(?, ...)` gives; `$columns` stands for the rest.
            columns: Of the rows, with the type of each.
            rows: The rows.
        """
        form = ",".join(["%d"] * len(columns)) + "\n"
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
        options = f"header = false, auto_detect = false, delim = ',', columns = {{{types}}}"
        with _told():
            with self._block.open("w", encoding="ascii") as file:
                file.writelines(map(form.__mod__, rows))
            self._connection.execute(statement.replace("$columns", options), [str(self._block)])

    def ask(self, query: str, parameters: Iterable[int] = ()) -> Iterator[tuple[Any, ...]]:
        """Give the rows of a query, of which few are in memory at once."""
        with _told(), self._connection.cursor() as cursor:
            cursor.execute(query, list(parameters))
            while rows := cursor.fetchmany(_FETCHED):
                yield from rows

    def one(self, query: str, parameters: Iterable[int] = ()) -> tuple[Any, ...]:
        """Give the only row of a query."""
        (row,) = self.ask(query, parameters)
        return row


@contextmanager
def _told() -> Iterator[None]:
    """Tell what stopped DuckDB as what it is to whoever waits."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise CouldNotTell(
            "DuckDB has too little memory for this log, or too little disk: give --memory-limit "
            "more, or another --working-directory."
        ) from error
    except (*_WRITING, OSError) as error:
        raise CouldNotTell(
            "The working files could not be written or read: is there space for them? "
            "--working-directory puts them elsewhere."
        ) from error
