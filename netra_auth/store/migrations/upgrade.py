"""Bring the store to the newest version. Imported only when the store is behind."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from netra_auth.store.engine import Database

FOLDER = Path(__file__).parent


def alembic_config() -> Config:
    """Give Alembic the place of the migrations; the connection comes with each run."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    return config


async def upgrade_to_head(database: Database) -> None:
    """Run the missing migrations in one transaction: all of them or none.

    On SQLite the transaction takes the write lock first, so that two processes started together
    migrate one after the other, and the second finds nothing to do.
    """
    async with database.transaction() as transaction:
        await transaction.connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
