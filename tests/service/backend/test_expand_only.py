"""Migrations of the backend only expand, or say that they do not; what breaks older code is found.

Each rule has a migration that breaks it and nothing else, run on the real store.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from fakes.postgres import SESSIONS
from fakes.running_backend import migrated
from fakes.schemas.compared import Rule
from fakes.schemas.steps import Step, declarations, nobody, planted, steps, with_planted
from fakes.stores import is_sqlite, owner_url, plain, store_url
from netra.secret import Secret
from netra_backend.app.db.engine import WRITES, Use, open_engine
from netra_backend.app.db.isolation.postgres_role import let_in
from netra_backend.app.db.migrate import alembic_config
from netra_backend.app.db.schema_version import HEAD, SAYS_OLDEST_SINCE, stored_schema

GROUND: Final = (
    "on_postgres = op.get_bind().dialect.name == 'postgresql'",
    "op.create_table('t_kinds', sa.Column('id', sa.String(40), primary_key=True))",
    """op.create_table(
        't_ground',
        sa.Column('id', sa.String(40), primary_key=True),
        sa.Column('name', sa.String(64), nullable=False),
        sa.Column('note', sa.String(64)),
        sa.Column('size', sa.Integer),
        sa.Column('kind', sa.String(40), nullable=False, server_default='a'),
        sa.UniqueConstraint('name', name='uq_ground_name'),
        sa.CheckConstraint('size > 0', name='ck_ground_size'),
        sa.ForeignKeyConstraint(['kind'], ['t_kinds.id'], 'fk_ground_kinds', ondelete='CASCADE'),
    )""",
    "op.execute('CREATE VIEW kinds AS SELECT id FROM t_kinds')",
    "if on_postgres:",
    (
        "    op.execute('CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN NEW; END $$')"
    ),
    (
        "    op.execute('CREATE TRIGGER kinds_touched BEFORE UPDATE ON t_kinds"
        " FOR EACH ROW EXECUTE FUNCTION touched()')"
    ),
    f"    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON t_ground TO {SESSIONS}')",
    "else:",
    "    op.execute('CREATE TRIGGER kinds_touched BEFORE UPDATE ON t_kinds BEGIN SELECT 1; END')",
)
"""A table with one of each, for rules to be broken on."""

ON_GROUND: Final = "with op.batch_alter_table('t_ground') as ground: ground."


@dataclass(frozen=True)
class Breach:
    """A migration that breaks a rule and no other."""

    name: str
    rule: Rule
    lines: tuple[str, ...]
    on: str | None = None
    """The only kind of store it can be made on, if there is one."""


def on_ground(name: str, rule: Rule, change: str) -> Breach:
    """Change the table that has one of each."""
    return Breach(name, rule, (ON_GROUND + change,))


def on_postgres(name: str, rule: Rule, *statements: str) -> Breach:
    """Run statements that only PostgreSQL knows."""
    return Breach(name, rule, tuple(f"op.execute({sql!r})" for sql in statements), "postgres")


def on_sqlite(name: str, rule: Rule, *statements: str) -> Breach:
    """Run statements that only SQLite takes in this form."""
    return Breach(name, rule, tuple(f"op.execute({sql!r})" for sql in statements), "sqlite")


BREACHES: Final = (
    Breach("a-table-is-dropped", Rule.RELATION_GONE, ("op.drop_table('t_ground')",)),
    Breach(
        "a-table-is-renamed", Rule.RELATION_GONE, ("op.rename_table('t_ground', 't_ground_2')",)
    ),
    Breach("a-view-is-dropped", Rule.RELATION_GONE, ("op.execute('DROP VIEW kinds')",)),
    on_ground("a-column-is-dropped", Rule.COLUMN_GONE, "drop_column('note')"),
    on_ground(
        "a-column-is-renamed",
        Rule.COLUMN_GONE,
        "alter_column('note', new_column_name='remark', existing_type=sa.String(64))",
    ),
    on_ground(
        "a-text-is-shortened",
        Rule.TYPE_NARROWED,
        "alter_column('note', type_=sa.String(32), existing_type=sa.String(64))",
    ),
    on_ground(
        "a-number-becomes-a-text",
        Rule.TYPE_NARROWED,
        "alter_column('note', type_=sa.LargeBinary(), existing_type=sa.String(64),"
        " postgresql_using='note::bytea')",
    ),
    on_ground(
        "a-column-refuses-null",
        Rule.NULL_REFUSED,
        "alter_column('note', nullable=False, existing_type=sa.String(64))",
    ),
    on_ground(
        "a-column-allows-null",
        Rule.NULL_ALLOWED,
        "alter_column('name', nullable=True, existing_type=sa.String(64))",
    ),
    on_ground(
        "a-new-column-demands-a-value",
        Rule.VALUE_DEMANDED,
        "add_column(sa.Column('weight', sa.Integer, nullable=False))",
    ),
    on_ground(
        "a-default-is-taken-away",
        Rule.DEFAULT_CHANGED,
        "alter_column('kind', server_default=None, existing_type=sa.String(40))",
    ),
    on_ground(
        "a-default-is-another",
        Rule.DEFAULT_CHANGED,
        "alter_column('kind', server_default='b', existing_type=sa.String(40))",
    ),
    Breach(
        "a-column-is-made-by-the-database",
        Rule.NOT_WRITABLE,
        (
            ON_GROUND + "drop_column('note')",
            ON_GROUND
            + "add_column(sa.Column('note', sa.String(64), sa.Computed('name', persisted=True)))",
        ),
    ),
    on_ground(
        "a-constraint-makes-unique",
        Rule.CONSTRAINT_ADDED,
        "create_unique_constraint('uq_ground_note', ['note'])",
    ),
    Breach(
        "an-index-makes-unique",
        Rule.CONSTRAINT_ADDED,
        ("op.create_index('ix_note', 't_ground', ['note'], unique=True)",),
    ),
    on_ground(
        "a-check-is-added",
        Rule.CONSTRAINT_ADDED,
        "create_check_constraint('ck_ground_note', \"note != 'x'\")",
    ),
    on_ground(
        "a-foreign-key-is-added",
        Rule.CONSTRAINT_ADDED,
        "create_foreign_key('fk_ground_note', 't_kinds', ['note'], ['id'], ondelete='CASCADE')",
    ),
    on_ground(
        "nothing-is-unique-any-more",
        Rule.CONSTRAINT_GONE,
        "drop_constraint('uq_ground_name', type_='unique')",
    ),
    on_ground(
        "a-check-is-dropped",
        Rule.CONSTRAINT_GONE,
        "drop_constraint('ck_ground_size', type_='check')",
    ),
    on_ground(
        "a-foreign-key-is-dropped",
        Rule.CONSTRAINT_GONE,
        "drop_constraint('fk_ground_kinds', type_='foreignkey')",
    ),
    Breach(
        "a-new-table-keeps-rows-of-an-old-one",
        Rule.ROWS_HELD,
        (
            (
                "op.create_table('t_more', sa.Column('id', sa.String(40), primary_key=True),"
                " sa.Column('kind', sa.String(40), sa.ForeignKey('t_kinds.id')))"
            ),
        ),
    ),
    on_sqlite(
        "a-trigger-is-added",
        Rule.TRIGGER_ADDED,
        "CREATE TRIGGER ground_touched BEFORE UPDATE ON t_ground BEGIN SELECT 1; END",
    ),
    on_postgres(
        "a-trigger-is-added",
        Rule.TRIGGER_ADDED,
        "CREATE TRIGGER ground_touched BEFORE UPDATE ON t_ground"
        " FOR EACH ROW EXECUTE FUNCTION touched()",
    ),
    on_sqlite("a-trigger-is-dropped", Rule.TRIGGER_GONE, "DROP TRIGGER kinds_touched"),
    on_postgres("a-trigger-is-dropped", Rule.TRIGGER_GONE, "DROP TRIGGER kinds_touched ON t_kinds"),
    on_postgres(
        "a-function-does-something-else",
        Rule.FUNCTION_CHANGED,
        "CREATE OR REPLACE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN NULL; END $$",
    ),
    Breach(
        "a-view-shows-other-rows",
        Rule.VIEW_CHANGED,
        (
            "op.execute('DROP VIEW kinds')",
            "op.execute(\"CREATE VIEW kinds AS SELECT id FROM t_kinds WHERE id > 'b'\")",
        ),
    ),
    on_postgres(
        "a-view-asks-for-nobody",
        Rule.VIEW_CHANGED,
        "ALTER VIEW threads SET (security_invoker = false)",
    ),
    on_postgres("a-policy-is-dropped", Rule.POLICY_GONE, "DROP POLICY runs_select ON t_runs"),
    on_postgres(
        "a-policy-says-something-else",
        Rule.POLICY_GONE,
        "ALTER POLICY principal ON t_threads USING (false)",
    ),
    on_postgres(
        "a-policy-hides-rows",
        Rule.POLICY_NARROWS,
        "CREATE POLICY hides ON t_threads AS RESTRICTIVE USING (false)",
    ),
    on_postgres(
        "a-fence-is-put-up", Rule.FENCE_CHANGED, "ALTER TABLE t_ground ENABLE ROW LEVEL SECURITY"
    ),
    on_postgres(
        "a-fence-is-no-longer-forced",
        Rule.FENCE_CHANGED,
        "ALTER TABLE t_threads NO FORCE ROW LEVEL SECURITY",
    ),
    on_postgres(
        "a-right-is-taken-away", Rule.PRIVILEGE_GONE, f"REVOKE DELETE ON t_ground FROM {SESSIONS}"
    ),
)

HARMLESS: Final = (
    ON_GROUND + "add_column(sa.Column('weight', sa.Integer))",
    ON_GROUND + "add_column(sa.Column('colour', sa.String(8), nullable=False, server_default='r'))",
    ON_GROUND + "alter_column('note', type_=sa.Text(), existing_type=sa.String(64))",
    ON_GROUND + "alter_column('size', type_=sa.BigInteger(), existing_type=sa.Integer())",
    "op.create_index('ix_note', 't_ground', ['note'])",
    (
        "op.create_table('t_more', sa.Column('id', sa.String(40), primary_key=True),"
        " sa.Column('kind', sa.String(40), sa.ForeignKey('t_kinds.id', ondelete='CASCADE')),"
        " sa.UniqueConstraint('kind'), sa.CheckConstraint('id > kind', name='more'))"
    ),
)
HARMLESS_ON_POSTGRES: Final = (
    "if op.get_bind().dialect.name == 'postgresql':",
    '    op.execute("ALTER TABLE t_threads ADD COLUMN colour VARCHAR(8)")',
    (
        "    op.execute('CREATE OR REPLACE VIEW threads WITH (security_invoker = true) AS"
        " SELECT id, owner_id, title, created_at, updated_at, colour FROM t_threads')"
    ),
    "    op.execute('CREATE POLICY more ON t_threads USING (false)')",
    "    op.execute('ALTER TABLE t_more ENABLE ROW LEVEL SECURITY')",
)


async def walked(store: Path, config: Config, since: str = HEAD) -> list[Step]:
    """Run the migrations of a configuration on a store, and undo them."""
    url = Secret(owner_url(store) or store_url(store))
    engine = open_engine(url, creates=True, use=Use.OWNERSHIP)

    def walk(connection: Connection) -> list[Step]:
        def lets_in(on: Connection) -> None:
            let_in(on, SESSIONS)

        return steps(config, connection, since, nobody if is_sqlite(store) else lets_in)

    try:
        async with engine.connect() as connection:
            return await connection.run_sync(walk)
    finally:
        await engine.dispose()


async def test_every_migration_is_what_it_declares(store: Path) -> None:
    """No migration takes from older code what it relies on, unless it turns that code away."""
    found = await walked(store, alembic_config(), SAYS_OLDEST_SINCE)

    assert [step.version for step in found] == sorted(
        declarations(alembic_config(), SAYS_OLDEST_SINCE).keys() - {SAYS_OLDEST_SINCE}
    )
    assert [said for step in found for said in step.complaints] == []


def breaches(on: str | None) -> list[Any]:
    """Give the breaches that can be made on a kind of store alone, or those on any."""
    return [
        pytest.param(breach, id=f"{breach.rule.name}-{breach.name}")
        for breach in BREACHES
        if breach.on == on
    ]


@pytest.mark.parametrize("breach", breaches(None))
async def test_what_breaks_older_code_is_found(store: Path, tmp_path: Path, breach: Breach) -> None:
    """A migration that breaks one rule, and says that older code runs, fails by that rule alone."""
    await check_that_it_is_found(store, tmp_path, breach)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("breach", breaches("sqlite"))
async def test_what_breaks_older_code_on_sqlite_is_found(
    store: Path, tmp_path: Path, breach: Breach
) -> None:
    """What can be broken on SQLite in this way alone is found by its rule alone."""
    await check_that_it_is_found(store, tmp_path, breach)


@pytest.mark.postgres_only
@pytest.mark.parametrize("breach", breaches("postgres"))
async def test_what_breaks_older_code_on_postgresql_is_found(
    store: Path, tmp_path: Path, breach: Breach
) -> None:
    """Policies, rights and functions that older code relies on are watched, each by its rule."""
    await check_that_it_is_found(store, tmp_path, breach)


async def check_that_it_is_found(store: Path, tmp_path: Path, breach: Breach) -> None:
    """Run a breach after what it is made on, and see its rule and no other complain."""
    config = with_planted(
        alembic_config(),
        tmp_path,
        planted(*GROUND),
        planted(*breach.lines, declares="OLDEST_CODE = '{before}'"),
    )

    _, broken = await walked(store, config)

    assert {finding.rule for finding in broken.findings} == {breach.rule}
    assert len(broken.complaints) == len(broken.findings)


async def test_a_breach_that_turns_older_code_away_is_none(store: Path, tmp_path: Path) -> None:
    """Whatever a migration breaks is allowed if it lets no older code run."""
    config = with_planted(
        alembic_config(), tmp_path, planted(*GROUND), planted("op.drop_table('t_ground')")
    )

    _, broken = await walked(store, config)

    assert broken.findings != ()
    assert broken.complaints == []


async def test_what_only_expands_is_let_through(store: Path, tmp_path: Path) -> None:
    """New tables, columns nobody must know of, wider types, and more rights break nothing."""
    config = with_planted(
        alembic_config(),
        tmp_path,
        planted(*GROUND),
        planted(*HARMLESS, *HARMLESS_ON_POSTGRES, declares="OLDEST_CODE = '{before}'"),
    )

    _, expanded = await walked(store, config)

    assert expanded.findings == ()
    assert expanded.complaints == []


async def test_code_that_was_turned_away_stays_so(store: Path, tmp_path: Path) -> None:
    """A later migration cannot let code run that an earlier one turned away."""
    config = with_planted(
        alembic_config(), tmp_path, planted(), planted(declares=f"OLDEST_CODE = '{HEAD}'")
    )

    _, lenient = await walked(store, config)

    assert [said for said in lenient.complaints if "turned away" in said] == lenient.complaints
    assert len(lenient.complaints) == 1


@pytest.mark.parametrize(
    "declares",
    ["", "OLDEST_CODE = None", "OLDEST_CODE = 'all'", "OLDEST_CODE = '0001'", "OLDEST_CODE = '9'"],
)
async def test_a_migration_that_declares_nothing_is_an_error(
    store: Path, tmp_path: Path, declares: str
) -> None:
    """Without a declaration that can be, the check fails, and so does the migration itself."""
    config = with_planted(alembic_config(), tmp_path, planted(declares=declares))

    with pytest.raises(ValueError, match="OLDEST_CODE"):
        declarations(config, SAYS_OLDEST_SINCE)
    with pytest.raises(ValueError, match="OLDEST_CODE"):
        await walked(store, config)


def said_by(store: Path) -> list[tuple[Any, ...]]:
    """Read what the store says of its schema."""
    with plain(store) as looking:
        return looking.execute("SELECT version_num, oldest_code FROM alembic_version").fetchall()


async def moved(store: Path, move: Callable[[Connection], None]) -> None:
    """Do something to a store as its owner, and commit it."""
    url = Secret(owner_url(store) or store_url(store))
    engine = open_engine(url, use=Use.OWNERSHIP)
    try:
        async with engine.execution_options(**{WRITES: True}).begin() as connection:
            await connection.run_sync(move)
    finally:
        await engine.dispose()


async def test_what_a_store_says_changes_with_its_schema_or_not_at_all(
    store: Path, tmp_path: Path
) -> None:
    """A migration that fails leaves what was said, as it does the schema; going back unsays it."""
    await migrated(store)
    good = with_planted(alembic_config(), tmp_path / "good", planted())
    bad = with_planted(alembic_config(), tmp_path / "bad", planted(), planted("raise OSError"))

    def up(config: Config) -> Callable[[Connection], None]:
        def move(connection: Connection) -> None:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

        return move

    def down(connection: Connection) -> None:
        good.attributes["connection"] = connection
        command.downgrade(good, HEAD)

    after = f"{int(HEAD) + 1:04}"
    with pytest.raises(OSError):  # noqa: PT011 - planted without words
        await moved(store, up(bad))
    assert said_by(store) == [(HEAD, HEAD)]
    await moved(store, up(good))
    assert said_by(store) == [(after, after)]
    await moved(store, down)
    assert said_by(store) == [(HEAD, HEAD)]


@pytest.mark.parametrize(("version", "oldest"), [("9999", HEAD), ("9999", "9998"), ("9999", "?")])
async def test_a_migration_that_comes_too_late_does_nothing(
    store: Path, version: str, oldest: str
) -> None:
    """Whoever waited while newer code migrated leaves the store as it is, good for it or not."""
    await migrated(store)
    with plain(store) as connection:
        connection.execute(
            "UPDATE alembic_version SET version_num = ?, oldest_code = ?", (version, oldest)
        )

    await migrated(store)

    assert said_by(store) == [(version, oldest)]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE alembic_version SET oldest_code = '0001'",
        "DELETE FROM alembic_version",
        "INSERT INTO alembic_version VALUES ('0001', '0001')",
    ],
)
async def test_sessions_read_what_the_store_says_and_no_more(store: Path, sql: str) -> None:
    """Sessions may look at what the store says, and the database lets them change nothing of it."""
    await migrated(store)
    engine = open_engine(Secret(store_url(store)))
    writing = engine.execution_options(**{WRITES: True})
    try:
        assert (await stored_schema(engine)).serves
        with pytest.raises(DBAPIError, match=r"not authorized|permission denied|prohibited"):
            async with writing.begin() as connection:
                await connection.execute(text(sql))
    finally:
        await engine.dispose()
    assert said_by(store) == [(HEAD, HEAD)]
