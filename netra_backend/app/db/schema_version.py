"""Which version of the schema the code needs and which the store has.

Bringing the store to that version is `migrate`'s business, which is imported only then.
"""

import sqlite3
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from netra.errors import DatabaseUnavailable
from netra_backend.app.db.outage import outage_translated

HEAD: Final = "0005"
"""The last migration's revision; a test holds it equal to the migration scripts' own head."""

VERSION_TABLE: Final = "alembic_version"
_READ: Final = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - a constant
_UNDEFINED_TABLE: Final = "42P01"
_NOT_PERMITTED: Final = "42501"
_NOT_LET_IN: Final = "the role in DATABASE_URL may not read it; --migrate lets it in"


async def stored_version(engine: AsyncEngine, *, not_permitted: str = _NOT_LET_IN) -> str | None:
    """Read the store's schema version; None when it was never migrated.

    Args:
        engine: Connections of whoever asks.
        not_permitted: What to say where these may not read it.

    Raises:
        DatabaseUnavailable: The database did not answer, or did not let whoever asks read it.
    """
    with outage_translated():
        async with engine.connect() as connection:
            return await connection.run_sync(_read, not_permitted)


def _read(connection: Connection, not_permitted: str) -> str | None:
    try:
        version = connection.execute(_READ).scalar_one_or_none()
    except (OperationalError, ProgrammingError) as error:
        if _is_missing_table(error):
            return None
        if getattr(error.orig, "sqlstate", None) == _NOT_PERMITTED:
            raise DatabaseUnavailable(not_permitted) from error
        raise
    return None if version is None else str(version)


def _is_missing_table(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    code = getattr(error.orig, "sqlite_errorcode", None)
    return state == _UNDEFINED_TABLE or code == sqlite3.SQLITE_ERROR
