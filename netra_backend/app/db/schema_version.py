"""Which version of the schema the code needs, which the store has, and whether they suit.

`netra.schema_fit` decides. Bringing the store to that version is `migrate`'s business, which is
imported only then.
"""

import sqlite3
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from netra.errors import DatabaseUnavailable
from netra.schema_fit import OLDEST_COLUMN, VERSION_COLUMN, SchemaJudgement, judged
from netra_backend.app.db.outage import outage_translated

HEAD: Final = "0006"
"""The last migration's revision; a test holds it equal to the migration scripts' own head."""

SAYS_OLDEST_SINCE: Final = "0006"
"""The first version whose stores name the oldest version whose code still runs on them."""

VERSION_TABLE: Final = "alembic_version"
# Whichever columns there are: a store of before `SAYS_OLDEST_SINCE` has one less. A statement that
# PostgreSQL prepared must give the same columns after a migration added one.
_COLUMNS: Final = {
    "sqlite": "*",
    "postgresql": ", ".join(
        f"to_jsonb(stored) ->> '{name}' AS {name}" for name in (VERSION_COLUMN, OLDEST_COLUMN)
    ),
}
_READ: Final = {
    dialect: text(f"SELECT {columns} FROM {VERSION_TABLE} AS stored")  # noqa: S608 - constants
    for dialect, columns in _COLUMNS.items()
}
_WRITE: Final = text(f"UPDATE {VERSION_TABLE} SET {OLDEST_COLUMN} = :oldest")  # noqa: S608 - constants
_UNDEFINED_TABLE: Final = "42P01"
_NOT_PERMITTED: Final = "42501"
_NOT_LET_IN: Final = "the role in DATABASE_URL may not read it; --migrate lets it in"


async def stored_schema(
    engine: AsyncEngine, *, not_permitted: str = _NOT_LET_IN
) -> SchemaJudgement:
    """Read what the store says of its schema, and judge whether this code may serve on it.

    Args:
        engine: Connections of whoever asks.
        not_permitted: What to say where these may not read it.

    Raises:
        DatabaseUnavailable: The database did not answer, or did not let whoever asks read it.
    """
    with outage_translated():
        async with engine.connect() as connection:
            return await connection.run_sync(schema_on, not_permitted)


def schema_on(connection: Connection, not_permitted: str = _NOT_LET_IN) -> SchemaJudgement:
    """Judge the schema of the store that a connection is to, within its transaction.

    On PostgreSQL a transaction in which there is no table of versions can only be rolled back.

    Raises:
        DatabaseUnavailable: The role may not read it.
    """
    return judged(_rows(connection, not_permitted), head=HEAD, since=SAYS_OLDEST_SINCE)


def say_oldest(connection: Connection, oldest: str) -> None:
    """Have the store name the oldest version whose code still runs on it."""
    connection.execute(_WRITE, {"oldest": oldest})


def _rows(connection: Connection, not_permitted: str) -> list[dict[str, Any]]:
    try:
        return [row._asdict() for row in connection.execute(_READ[connection.dialect.name])]
    except (OperationalError, ProgrammingError) as error:
        if _is_missing_table(error):
            return []
        if getattr(error.orig, "sqlstate", None) == _NOT_PERMITTED:
            raise DatabaseUnavailable(not_permitted) from error
        raise


def _is_missing_table(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    code = getattr(error.orig, "sqlite_errorcode", None)
    return state == _UNDEFINED_TABLE or code == sqlite3.SQLITE_ERROR
