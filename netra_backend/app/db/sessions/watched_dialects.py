"""The library's ways to speak with databases, with a watch around each statement.

Its events of connections would do as well, but it puts an engine's listeners together anew for each
connection that is taken from a pool, which costs more than all that isolates a session.
"""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import URL, Connection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.default import DefaultDialect

_PREFIX: Final = "netra_"

Execute = Callable[[Any, str, Any, Any], None]
"""Executes a statement: its cursor, its text, its parameters, and the library's context of it."""
Around = Callable[[Execute, Any, str, Any, Any], None]
"""Is given a statement to execute, and how."""


class Watched(DefaultDialect):
    """Gives each statement to `around`, where that is set."""

    around: Around | None = None

    def initialize(self, connection: Connection) -> None:
        """Ask the first connection what the database is like; those statements are nobody's."""
        around, self.around = self.around, None
        try:
            super().initialize(connection)
        finally:
            self.around = around

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Execute a statement."""
        self._given(super().do_execute, cursor, statement, parameters, context)

    def do_executemany(
        self, cursor: Any, statement: str, parameters: Any, context: Any = None
    ) -> None:
        """Execute a statement once for each of several parameters."""
        self._given(super().do_executemany, cursor, statement, parameters, context)

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        """Execute a statement without as much as an empty set of parameters."""
        library: Any = super()

        def execute(cursor: Any, statement: str, _parameters: Any, context: Any) -> None:
            library.do_execute_no_params(cursor, statement, context)

        self._given(execute, cursor, statement, None, context)

    def _given(
        self, execute: Execute, cursor: Any, statement: str, parameters: Any, context: Any
    ) -> None:
        if self.around is None:
            execute(cursor, statement, parameters, context)
        else:
            self.around(execute, cursor, statement, parameters, context)


class WatchedAsyncpg(Watched, PGDialect_asyncpg):
    """PostgreSQL, from the event loop."""

    supports_statement_cache = True


class WatchedAiosqlite(Watched, SQLiteDialect_aiosqlite):
    """SQLite, from the event loop."""

    supports_statement_cache = True

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Roll back what is open.

        The pool asks for it whenever a connection comes back, which would be one more way to its
        thread and back. One whose caller was cancelled in between never comes back.
        """
        library: Any = super()
        if dbapi_connection.driver_connection.in_transaction:
            library.do_rollback(dbapi_connection)


class WatchedPysqlite(Watched, SQLiteDialect_pysqlite):
    """SQLite, from a thread."""

    supports_statement_cache = True


_WATCHED: Final = {
    "postgresql+asyncpg": WatchedAsyncpg,
    "sqlite+aiosqlite": WatchedAiosqlite,
    "sqlite+pysqlite": WatchedPysqlite,
}
for _name, _dialect in _WATCHED.items():
    _database, _driver = _name.split("+")
    registry.register(f"{_database}.{_PREFIX}{_driver}", __name__, _dialect.__name__)


def watched(address: URL) -> URL:
    """Give an address whose statements are watched."""
    database, driver = address.drivername.split("+")
    return address.set(drivername=f"{database}+{_PREFIX}{driver}")
