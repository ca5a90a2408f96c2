"""Bring the store to the newest version. Imported only when the store is behind."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from netra_auth.store.engine import Database
from netra_auth.store.schema_version import schema_on

FOLDER: Final = Path(__file__).parent
_ONE_AT_A_TIME: Final = {
    # A transaction takes the one lock there is with its first statement, whatever it is.
    "sqlite": ("SELECT 1",),
    # Changing a large table, or waiting for another process that does, takes as long as it takes.
    "postgresql": (
        "SET LOCAL statement_timeout = 0",
        "SET LOCAL lock_timeout = 0",
        "SELECT pg_advisory_xact_lock(7231981100)",
    ),
}


def alembic_config() -> Config:
    """Give Alembic the place of the migrations; the connection comes with each run."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    return config


async def upgrade_to_head(database: Database) -> bool:
    """Run the missing migrations in one transaction: all of them or none.

    The transaction takes a lock first (SQLite's write lock, on PostgreSQL one of its own), so that
    two processes started together migrate one after the other, and the second finds nothing to do.
    Nothing is done to a store whose schema is newer than this code, or cannot be read.

    Returns:
        Whether the store is at this code's version now.
    """
    async with database.transaction() as transaction:
        return await transaction.connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> bool:
    for statement in _ONE_AT_A_TIME[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    if not schema_on(connection).is_migratable:
        return False
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return True
