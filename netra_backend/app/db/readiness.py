"""Whether the store is fit for this revision to serve: its schema, and whom it isolates.

`python -m netra_backend.app.db.readiness` tells the judgement of the schema of the store that the
environment names, and changes nothing.
"""

import asyncio
import sys
from typing import Final

from sqlalchemy import make_url

from netra.contract.configuration import Violations
from netra.contract.declared.netra_backend import CONTRACT
from netra.contract.loader import load
from netra.errors import ConfigurationInvalid, DatabaseUnavailable, NetraError
from netra.isolated_environment import process_environment
from netra.schema_fit import SchemaFit, SchemaJudgement, as_told
from netra.telemetry.log_events import configure_logging, event_logger
from netra_backend.app.db.engine import Use, open_engine
from netra_backend.app.db.isolation.postgres_role import flaw_of_isolation
from netra_backend.app.db.outage import outage_translated
from netra_backend.app.db.schema_version import stored_schema
from netra_backend.app.settings import Settings

_NOT_ITS_OWNER: Final = "its tables do not belong to the role in DATABASE_OWNER_URL"

_log = event_logger("bootstrap")


class StoreNotReady(NetraError):
    """The store is not what this revision needs."""

    code = "store_not_ready"


async def make_store_ready(settings: Settings, *, migrates: bool) -> None:
    """Look whether this revision runs on the store's schema, and migrate an older one if told to.

    Raises:
        StoreNotReady: It does not: the schema is older and migration was not asked for, or it is
            newer and no longer good for this revision, or what the store says makes no sense; or
            the database would not hold sessions to their principals' rows.
        ConfigurationInvalid: The role of sessions does not exist.
        DatabaseUnavailable: The store could not be opened.
    """
    if migrates:
        await _migrate(settings)
    engine = open_engine(settings.database_url)
    try:
        schema = await stored_schema(engine)
        if not schema.serves:
            raise StoreNotReady(schema.refusal)
        if engine.dialect.name == "postgresql":
            with outage_translated():
                async with engine.connect() as connection:
                    flaw = await connection.run_sync(flaw_of_isolation)
            if flaw is not None:
                raise StoreNotReady(f"The store does not isolate its rows: {flaw}")
        if schema.fit is SchemaFit.NEWER:
            _log.info(
                "schema_newer_than_code",
                version=schema.version,
                code=schema.head,
                oldest=schema.oldest,
            )
    finally:
        await engine.dispose()


async def _migrate(settings: Settings) -> None:
    role = _role_of_sessions(settings)
    owner = settings.database_owner_url
    if role is not None and owner is None:
        raise StoreNotReady(
            "To migrate a store on PostgreSQL, name its owner in DATABASE_OWNER_URL: the role in "
            "DATABASE_URL must not own what it is held to."
        )
    engine = open_engine(owner or settings.database_url, creates=True, use=Use.OWNERSHIP)
    try:
        schema = await stored_schema(engine, not_permitted=_NOT_ITS_OWNER)
        if not schema.is_migratable or (schema.serves and role is None):
            return
        # Alembic takes a fifth of a second to import, which a ready store need not wait for.
        from netra_backend.app.db.migrate import migrate_to_head  # noqa: PLC0415 - as said above

        is_at_head = await migrate_to_head(engine, role)
        if is_at_head and not schema.serves:
            _log.info("store_migrated", before=schema.version, after=schema.head)
    finally:
        await engine.dispose()


def _role_of_sessions(settings: Settings) -> str | None:
    """Name the role in DATABASE_URL; None where the store is a file."""
    address = make_url(settings.database_url.reveal())
    if address.get_backend_name() == "sqlite":
        return None
    return address.username or ""


def main() -> int:
    """Tell whether this code may serve on the store, by its schema, as an event of the log.

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
        schema = asyncio.run(_schema(Settings.from_configuration(configuration)))
    except (ConfigurationInvalid, DatabaseUnavailable) as error:
        _log.error("schema_not_told", message=f"The store cannot be asked: {error.reason}")
        return 1
    _log.info("schema_told", **as_told(schema))
    return 0


async def _schema(settings: Settings) -> SchemaJudgement:
    engine = open_engine(settings.database_url)
    try:
        return await stored_schema(engine)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
