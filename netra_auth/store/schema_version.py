"""Which version of the tables this code works with, and whether the store has it.

Bringing the store there is `netra_auth.store.migrations.upgrade`, which alone imports Alembic.
"""

from typing import Final

from sqlalchemy import Connection, String, column, inspect, select, table

from netra.errors import ConfigurationInvalid
from netra_auth.store.engine import Database

HEAD: Final = "0003"
"""The version of the newest migration; a test compares it with the folder of migrations."""

_VERSION_TABLE: Final = "alembic_version"


class StoreNotAtHead(ConfigurationInvalid):
    """The store has another version of the tables than this code works with."""

    code = "store_not_at_head"


async def stored_version(database: Database) -> str | None:
    """Give the store's version, or None for an empty store.

    Raises:
        DatabaseUnavailable: The store cannot be reached.
    """
    async with database.reading() as connection:
        return await connection.run_sync(_read_version)


async def require_head(database: Database) -> None:
    """Refuse a store that is not at this code's version.

    Raises:
        StoreNotAtHead: It is older, newer or empty.
        DatabaseUnavailable: The store cannot be reached.
    """
    version = await stored_version(database)
    if version == HEAD:
        return
    if version is None:
        raise StoreNotAtHead(
            f"The store is empty; this code works with version {HEAD}. Start once with --migrate."
        )
    if version < HEAD:
        raise StoreNotAtHead(
            f"The store is at version {version}; this code works with version {HEAD}. "
            "Start once with --migrate."
        )
    raise StoreNotAtHead(
        f"The store is at version {version}, newer than version {HEAD} of this code. "
        "Start the code that belongs to it."
    )


def _read_version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    statement = select(column("version_num", String)).select_from(table(_VERSION_TABLE))
    return connection.execute(statement).scalar_one_or_none()
