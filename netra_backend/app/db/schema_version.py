"""Which version of the schema the code needs and which the store has.

Bringing the store to that version is `migrate`'s business, which is imported only then.
"""

from typing import Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from netra_backend.app.db.outage import outage_translated

HEAD: Final = "0003"
"""The last migration's revision; a test holds it equal to the migration scripts' own head."""

VERSION_TABLE: Final = "alembic_version"
_READ: Final = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - a constant


async def stored_version(engine: AsyncEngine) -> str | None:
    """Read the store's schema version; None when it was never migrated.

    Raises:
        DatabaseUnavailable: The database did not answer.
    """
    with outage_translated():
        async with engine.connect() as connection:
            return await connection.run_sync(_read)


def _read(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version = connection.execute(_READ).scalar_one_or_none()
    return None if version is None else str(version)
