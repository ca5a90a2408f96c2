"""Bringing a store to the schema version the code needs.

Alembic is imported here and in the migrations only: a start that finds its store ready does
without it.
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from netra_backend.app.db.engine import WRITES
from netra_backend.app.db.isolation.postgres_role import let_in
from netra_backend.app.db.outage import outage_translated
from netra_backend.app.db.schema_version import VERSION_TABLE, schema_on

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_ADVISORY_LOCK: Final = 0x6E657472_62636B64
"""Any fixed number: two processes that migrate one PostgreSQL store take turns by it."""


def alembic_config(connection: Connection | None = None) -> Config:
    """Make Alembic's configuration, on a connection if one is to be migrated."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def migrate_to_head(engine: AsyncEngine, role: str | None = None) -> bool:
    """Run what migrations are missing, in one transaction that no second process can enter.

    Nothing is done to a store whose schema is newer than this code, or cannot be read: another
    process may have brought it there meanwhile.

    Args:
        engine: Connections of the owner of the tables.
        role: Whom PostgreSQL is to let in besides: the role of sessions.

    Returns:
        Whether the store is at this code's version now.

    Raises:
        ConfigurationInvalid: There is no such role.
        DatabaseUnavailable: The database did not answer.
    """
    with outage_translated():
        async with engine.execution_options(**{WRITES: True}).begin() as connection:
            return await connection.run_sync(_upgrade, role)


def _upgrade(connection: Connection, role: str | None) -> bool:
    is_postgres = connection.dialect.name == "postgresql"
    if is_postgres:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    # Asking for a table that is not there would end the transaction.
    if inspect(connection).has_table(VERSION_TABLE) and not schema_on(connection).is_migratable:
        return False
    command.upgrade(alembic_config(connection), "head")
    if is_postgres and role is not None:
        let_in(connection, role)
    return True
