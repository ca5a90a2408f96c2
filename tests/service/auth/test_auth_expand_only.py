"""Migrations of the auth service only expand, or say that they do not.

That each rule is noticed is proven on the backend's store, `tests/service/backend`.
"""

from pathlib import Path

import pytest
from alembic.config import Config
from sqlalchemy import Connection

from fakes.running_auth import auth_settings
from fakes.schemas.compared import Rule
from fakes.schemas.steps import Step, declarations, nobody, planted, steps, with_planted
from netra_auth.store.engine import Database
from netra_auth.store.migrations.upgrade import alembic_config
from netra_auth.store.schema_version import HEAD, SAYS_OLDEST_SINCE

BREACHES = (
    (Rule.COLUMN_GONE, "op.drop_column('users', 'roles')"),
    (Rule.CONSTRAINT_ADDED, "op.create_index('ix', 'users', ['roles'], unique=True)"),
    (
        Rule.VALUE_DEMANDED,
        (
            "with op.batch_alter_table('rate_limits') as table:"
            " table.add_column(sa.Column('x', sa.Integer, nullable=False))"
        ),
    ),
    (
        Rule.TRIGGER_GONE,
        (
            "op.execute('DROP TRIGGER audit_refuses_update'"
            " if op.get_bind().dialect.name == 'sqlite'"
            " else 'DROP TRIGGER audit_refuses_changes ON audit')"
        ),
    ),
)


async def walked(folder: Path, config: Config, since: str) -> list[Step]:
    """Run the migrations of a configuration on an empty store."""
    database = Database(auth_settings(folder, 8001).database_url)

    def walk(connection: Connection) -> list[Step]:
        return steps(config, connection, since, nobody)

    try:
        async with database.transaction() as transaction:
            return await transaction.connection.run_sync(walk)
    finally:
        await database.close()


@pytest.mark.usefixtures("empty_store")
async def test_every_migration_is_what_it_declares(tmp_path: Path) -> None:
    """No migration takes from older code what it relies on, unless it turns that code away."""
    found = await walked(tmp_path, alembic_config(), SAYS_OLDEST_SINCE)

    assert [step.version for step in found] == sorted(
        declarations(alembic_config(), SAYS_OLDEST_SINCE).keys() - {SAYS_OLDEST_SINCE}
    )
    assert [said for step in found for said in step.complaints] == []


@pytest.mark.usefixtures("empty_store")
@pytest.mark.parametrize(("rule", "line"), BREACHES, ids=lambda given: getattr(given, "name", ""))
async def test_what_breaks_older_code_is_found(tmp_path: Path, rule: Rule, line: str) -> None:
    """A migration that takes something away and lets older code run is complained of."""
    declares = "OLDEST_CODE = '{before}'"
    config = with_planted(alembic_config(), tmp_path, planted(line, declares=declares))

    [broken] = await walked(tmp_path, config, HEAD)

    assert {finding.rule for finding in broken.findings} == {rule}
    assert len(broken.complaints) == len(broken.findings)


@pytest.mark.usefixtures("empty_store")
async def test_what_only_expands_is_let_through(tmp_path: Path) -> None:
    """A nullable column and a table break nothing."""
    config = with_planted(
        alembic_config(),
        tmp_path,
        planted(
            "op.add_column('users', sa.Column('nickname', sa.String(64)))",
            "op.create_table('notes', sa.Column('note_id', sa.String(64), primary_key=True))",
            declares="OLDEST_CODE = '{before}'",
        ),
    )

    [expanded] = await walked(tmp_path, config, HEAD)

    assert expanded.findings == ()
    assert expanded.complaints == []


@pytest.mark.usefixtures("empty_store")
@pytest.mark.parametrize("declares", ["", "OLDEST_CODE = 'all'", "OLDEST_CODE = '0001'"])
async def test_a_migration_that_declares_nothing_is_an_error(tmp_path: Path, declares: str) -> None:
    """Without a declaration that can be, the check fails, and so does the migration itself."""
    config = with_planted(alembic_config(), tmp_path, planted(declares=declares))

    with pytest.raises(ValueError, match="OLDEST_CODE"):
        declarations(config, SAYS_OLDEST_SINCE)
    with pytest.raises(ValueError, match="OLDEST_CODE"):
        await walked(tmp_path, config, HEAD)
