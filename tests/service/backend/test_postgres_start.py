"""How the backend starts over PostgreSQL: who migrates, who serves, and who is turned away."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from fakes.postgres import OWNER, SESSIONS, SUPERUSER
from fakes.running_backend import backend_settings
from fakes.stores import databases, elsewhere, owner_url, plain, store_url
from netra.errors import ConfigurationInvalid, DatabaseUnavailable
from netra.secret import Secret
from netra_backend.app.db.engine import Use, open_engine
from netra_backend.app.db.migrate import alembic_config
from netra_backend.app.db.readiness import StoreNotReady, make_store_ready
from netra_backend.app.db.stored_tables import STORED
from netra_backend.app.settings import Settings

pytestmark = pytest.mark.postgres_only


@pytest.fixture
def settings(store: Path) -> Settings:
    """Give settings that name the role of sessions, and the owner for migrations."""
    return backend_settings(
        store, DATABASE_URL=store_url(store), DATABASE_OWNER_URL=owner_url(store)
    )


def as_role(store: Path, role: str) -> Secret:
    """Write the store's address as another role has it."""
    stands_for = databases[store]
    return Secret(stands_for.server.url(stands_for.database, role))


async def test_the_owner_migrates_and_sessions_serve(settings: Settings) -> None:
    """A migration may be run again, and the role of sessions finds the store ready."""
    await make_store_ready(settings, migrates=True)
    await make_store_ready(settings, migrates=True)
    await make_store_ready(replace(settings, database_owner_url=None), migrates=False)


@pytest.mark.parametrize(("role", "said"), [(SUPERUSER, "superuser"), (OWNER, "owns")])
async def test_a_role_that_is_not_held_serves_nothing(
    settings: Settings, store: Path, role: str, said: str
) -> None:
    """Whom row-level security would not hold, or who could take it away, does not serve."""
    unheld = replace(settings, database_url=as_role(store, role))

    with pytest.raises(StoreNotReady, match=said):
        await make_store_ready(unheld, migrates=False)


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE t_messages NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE t_messages DISABLE ROW LEVEL SECURITY",
    ],
)
async def test_a_store_whose_isolation_was_taken_away_serves_nothing(
    settings: Settings, store: Path, sql: str
) -> None:
    """A table that row-level security is not forced on is named, and nothing is served."""
    with plain(store) as connection:
        connection.execute(sql)

    with pytest.raises(StoreNotReady, match="t_messages"):
        await make_store_ready(settings, migrates=False)


async def test_a_member_of_the_owner_serves_nothing(settings: Settings, store: Path) -> None:
    """Who may become the owner is as good as the owner."""
    name = databases[store].database
    with plain(store) as connection:
        connection.execute(f"CREATE ROLE member_{name} LOGIN")
        connection.execute(f"GRANT {OWNER} TO member_{name}")
    member = replace(settings, database_url=as_role(store, f"member_{name}"))

    with pytest.raises(StoreNotReady, match="member"):
        await make_store_ready(member, migrates=False)


async def test_a_migration_needs_the_owner(settings: Settings) -> None:
    """Without its owner's address a store on PostgreSQL is not migrated."""
    with pytest.raises(StoreNotReady, match="DATABASE_OWNER_URL"):
        await make_store_ready(replace(settings, database_owner_url=None), migrates=True)


async def test_a_role_that_was_never_let_in_is_told(settings: Settings, store: Path) -> None:
    """A role without rights is told to migrate; one that is not there is a configuration."""
    name = databases[store].database
    with plain(store) as connection:
        connection.execute(f"CREATE ROLE stranger_{name} LOGIN")
    stranger = replace(settings, database_url=as_role(store, f"stranger_{name}"))

    with pytest.raises(DatabaseUnavailable, match="--migrate"):
        await make_store_ready(stranger, migrates=False)
    await make_store_ready(stranger, migrates=True)
    with pytest.raises(ConfigurationInvalid, match="does not have"):
        await make_store_ready(
            replace(settings, database_url=as_role(store, "nobody_at_all")), migrates=True
        )


async def test_a_store_that_was_never_migrated_says_so(settings: Settings, store: Path) -> None:
    """An empty database is at no version."""
    server = databases[store].server
    name = elsewhere(server.backend_database(is_migrated=False))
    empty = replace(settings, database_url=Secret(server.url(name, SESSIONS)))

    with pytest.raises(StoreNotReady, match="version none"):
        await make_store_ready(empty, migrates=False)


async def test_migrations_go_up_down_and_up_again(settings: Settings, store: Path) -> None:
    """The migrations make what the code maps, leave nothing when undone, and can be done again."""
    owner = open_engine(as_role(store, OWNER), use=Use.OWNERSHIP)

    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), STORED))

    def down(connection: Connection) -> None:
        command.downgrade(alembic_config(connection), "base")

    async with owner.begin() as connection:
        assert await connection.run_sync(differences) == []
        await connection.run_sync(down)
    with plain(store) as looking:
        left = looking.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'v') UNION SELECT proname FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace"
        )
        assert left.fetchall() == [("alembic_version",)]
    await make_store_ready(settings, migrates=True)
    async with owner.begin() as connection:
        assert await connection.run_sync(differences) == []
    await owner.dispose()
