"""Which version of the tables this code works with, which the store has, and whether they suit.

`netra.schema_fit` decides. Bringing the store there is `netra_auth.store.migrations.upgrade`, which
alone imports Alembic. `python -m netra_auth.store.schema_version` tells the judgement of the store
that the environment names, and changes nothing.
"""

import asyncio
import sys
from typing import Final

from sqlalchemy import Connection, inspect, text

from netra.contract import Violations, load
from netra.contract.declared.netra_auth import CONTRACT
from netra.errors import ConfigurationInvalid, DatabaseUnavailable
from netra.isolated_environment import process_environment
from netra.schema_fit import (
    OLDEST_COLUMN,
    VERSION_COLUMN,
    SchemaJudgement,
    as_told,
    judged,
)
from netra.telemetry import configure_logging, event_logger
from netra_auth.settings import settings_from
from netra_auth.store.engine import Database

HEAD: Final = "0004"
"""The version of the newest migration; a test compares it with the folder of migrations."""

SAYS_OLDEST_SINCE: Final = "0004"
"""The first version whose stores name the oldest version whose code still runs on them."""

_log = event_logger("netra_auth.schema")

_VERSION_TABLE: Final = "alembic_version"
# Whichever columns there are: a store of before `SAYS_OLDEST_SINCE` has one less. A statement that
# PostgreSQL prepared must give the same columns after a migration added one.
_COLUMNS: Final = {
    "sqlite": "*",
    "postgresql": ", ".join(
        f"to_jsonb(stored) ->> '{name}' AS {name}" for name in (VERSION_COLUMN, OLDEST_COLUMN)
    ),
}
_READ: Final = {
    dialect: text(f"SELECT {columns} FROM {_VERSION_TABLE} AS stored")  # noqa: S608 - constants
    for dialect, columns in _COLUMNS.items()
}
_WRITE: Final = text(f"UPDATE {_VERSION_TABLE} SET {OLDEST_COLUMN} = :oldest")  # noqa: S608 - constants


class StoreNotAtHead(ConfigurationInvalid):
    """The store has a version of the tables that this code does not work with."""

    code = "store_not_at_head"


async def stored_schema(database: Database) -> SchemaJudgement:
    """Read what the store says of its schema, and judge whether this code works with it.

    Raises:
        DatabaseUnavailable: The store cannot be reached.
    """
    async with database.reading() as connection:
        return await connection.run_sync(schema_on)


async def require_fit(database: Database) -> SchemaJudgement:
    """Refuse a store that this code does not work with.

    Returns:
        What the store says, whose schema may be newer than this code.

    Raises:
        StoreNotAtHead: It is empty, older, newer and no longer good for this code, or what it
            says makes no sense.
        DatabaseUnavailable: The store cannot be reached.
    """
    schema = await stored_schema(database)
    if not schema.serves:
        raise StoreNotAtHead(schema.refusal)
    return schema


def schema_on(connection: Connection) -> SchemaJudgement:
    """Judge the schema of the store that a connection is to, within its transaction."""
    rows = (
        [row._asdict() for row in connection.execute(_READ[connection.dialect.name])]
        if inspect(connection).has_table(_VERSION_TABLE)
        else []
    )
    return judged(rows, head=HEAD, since=SAYS_OLDEST_SINCE)


def say_oldest(connection: Connection, oldest: str) -> None:
    """Have the store name the oldest version whose code still works with it."""
    connection.execute(_WRITE, {"oldest": oldest})


def main() -> int:
    """Tell whether this code may serve on the store, as an event of the log.

    Returns:
        0 if it was told, 1 if the store cannot be asked, 2 if it is not known where it is.
    """
    configure_logging(service=CONTRACT.service, revision="unversioned")
    configuration = load(CONTRACT, process_environment())
    if isinstance(configuration, Violations):
        _log.error("schema_not_told", message="The configuration is not valid.")
        return 2
    configure_logging(
        service=CONTRACT.service,
        revision="unversioned",
        known_secrets=configuration.known_secrets(),
    )
    try:
        schema = asyncio.run(_asked(Database(settings_from(configuration).database_url)))
    except (ConfigurationInvalid, DatabaseUnavailable) as error:
        _log.error("schema_not_told", message=f"The store cannot be asked: {error.reason}")
        return 1
    _log.info("schema_told", **as_told(schema))
    return 0


async def _asked(database: Database) -> SchemaJudgement:
    try:
        return await stored_schema(database)
    finally:
        await database.close()


if __name__ == "__main__":
    sys.exit(main())
