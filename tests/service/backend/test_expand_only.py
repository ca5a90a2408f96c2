"""Migrations of the backend only expand, or say that they do not; what breaks older code is found.

Each rule has a migration that breaks it and nothing else, run on the real store.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from fakes.postgres import SESSIONS
from fakes.running_backend import migrated
from fakes.schemas.breaches import (
    BREACHES,
    GROUND,
    HARMLESS,
    HARMLESS_ON_POSTGRES,
    Breach,
)
from fakes.schemas.compared import Rule, broken
from fakes.schemas.described import Column, Relation, Schema
from fakes.schemas.steps import Step, declarations, nobody, planted, steps, with_planted
from fakes.stores import is_sqlite, owner_url, plain, store_url
from netra.secret import Secret
from netra_backend.app.db.engine import WRITES, Use, open_engine
from netra_backend.app.db.isolation.postgres_role import let_in
from netra_backend.app.db.migrate import alembic_config
from netra_backend.app.db.schema_version import HEAD, SAYS_OLDEST_SINCE, stored_schema


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

    _, breaking = await walked(store, config)

    assert {finding.rule for finding in breaking.findings} == {breach.rule}
    assert len(breaking.complaints) == len(breaking.findings)


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        ("VARCHAR(64)", "VARCHAR(64)", True),
        ("VARCHAR(64)", "VARCHAR(65)", True),
        ("VARCHAR(64)", "VARCHAR", True),
        ("CHARACTER VARYING(64)", "TEXT", True),
        ("VARCHAR", "TEXT", True),
        ("SMALLINT", "BIGINT", True),
        ("INTEGER", "BIGINT", True),
        ("REAL", "DOUBLE PRECISION", True),
        ("FLOAT", "DOUBLE", True),
        ("NUMERIC(8, 2)", "NUMERIC(9,2)", True),
        ("NUMERIC(8,2)", "NUMERIC(10,4)", True),
        ("NUMERIC(8,2)", "NUMERIC", True),
        ("VARCHAR(64)", "VARCHAR(63)", False),
        ("VARCHAR", "VARCHAR(64)", False),
        ("TEXT", "VARCHAR(64)", False),
        ("VARCHAR(64)", "CHAR(64)", False),
        ("VARCHAR(64)", "VARCHAR(65) COLLATE C", False),
        ("BIGINT", "INTEGER", False),
        ("INTEGER", "NUMERIC", False),
        ("INTEGER", "TEXT", False),
        ("DOUBLE PRECISION", "REAL", False),
        ("NUMERIC(8,2)", "NUMERIC(9,4)", False),
        ("NUMERIC(8,2)", "NUMERIC(8,1)", False),
        ("NUMERIC", "NUMERIC(8,2)", False),
        ("TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP WITH TIME ZONE", False),
        ("INTEGER[]", "BIGINT[]", False),
        ("", "TEXT", False),
    ],
)
def test_a_type_must_hold_what_was_held(old: str, new: str, *, holds: bool) -> None:
    """A wider type of the same kind is let through, and whatever is not known to be one is not."""
    before, after = (Schema({"t": Relation({"c": Column(each)})}) for each in (old, new))

    found = [finding.rule for finding in broken(before, after)]

    assert found == ([] if holds else [Rule.TYPE_NARROWED])


async def test_a_breach_that_turns_older_code_away_is_none(store: Path, tmp_path: Path) -> None:
    """Whatever a migration breaks is allowed if it lets no older code run."""
    config = with_planted(
        alembic_config(), tmp_path, planted(*GROUND), planted("op.drop_table('t_ground')")
    )

    _, breaking = await walked(store, config)

    assert breaking.findings != ()
    assert breaking.complaints == []


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
