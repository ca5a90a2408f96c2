"""The store: its versions, its constraints, and what happens when it cannot be reached."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from fakes.clock import ManualClock
from fakes.log_lines import log_lines
from fakes.running_auth import (
    SERVICE_SECRETS,
    Pkce,
    RunningAuth,
    auth_settings,
    authorize_path,
    bearer,
    csrf_token_of,
    migrate,
    store_path,
)
from fakes.timing import UNIT
from netra.errors import DatabaseBusy, DatabaseUnavailable
from netra.schema_fit import SchemaFit
from netra.secret import Secret
from netra.wire.audit_chain import GENESIS_HASH
from netra_auth.bootstrap import opened_state
from netra_auth.store.engine import Database
from netra_auth.store.migrations.upgrade import alembic_config
from netra_auth.store.repositories import audit_records
from netra_auth.store.repositories.audit_records import AuditRow
from netra_auth.store.schema_version import HEAD, StoreNotAtHead, stored_schema
from netra_auth.store.tables import metadata


async def test_the_code_knows_the_newest_migration() -> None:
    """HEAD is the newest migration of the folder, and there is one line of them."""
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [HEAD]


@pytest.mark.usefixtures("empty_store")
async def test_migrating_gives_the_declared_tables(tmp_path: Path) -> None:
    """A migrated store differs in nothing from the tables the code declares."""
    settings = auth_settings(tmp_path, 8001)
    await migrate(settings)
    database = Database(settings.database_url)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


@pytest.mark.usefixtures("empty_store")
async def test_migrations_go_down_and_up_again(tmp_path: Path) -> None:
    """Every migration can be undone and done again."""
    settings = auth_settings(tmp_path, 8001)
    await migrate(settings)
    database = Database(settings.database_url)

    def down(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    async with database.transaction() as transaction:
        await transaction.connection.run_sync(down)
    assert (await stored_schema(database)).version is None
    await migrate(settings)
    assert (await stored_schema(database)).version == HEAD
    await database.close()


@pytest.mark.usefixtures("empty_store")
async def test_migrating_twice_at_once_is_harmless(tmp_path: Path) -> None:
    """Two processes that migrate one store together both end at head."""
    settings = auth_settings(tmp_path, 8001)

    await asyncio.gather(migrate(settings), migrate(settings))

    database = Database(settings.database_url)
    assert (await stored_schema(database)).version == HEAD
    await database.close()


@pytest.mark.usefixtures("empty_store")
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (None, "start with --migrate"),
        ("SET version_num = '0003', oldest_code = NULL", "start with --migrate"),
        ("SET version_num = '9999', oldest_code = '9998'", "roll forward"),
        ("SET oldest_code = NULL", "makes no sense"),
        ("SET oldest_code = ''", "makes no sense"),
        ("SET oldest_code = 'any'", "makes no sense"),
        ("SET version_num = 'any'", "makes no sense"),
    ],
)
async def test_a_store_that_does_not_fit_refuses_the_start(
    tmp_path: Path, change: str | None, says: str
) -> None:
    """An empty, older or too new store, or one that says nonsense, is refused with what to do."""
    settings = auth_settings(tmp_path, 8001)
    if change is not None:
        await migrate(settings)
        database = Database(settings.database_url)
        async with database.transaction() as transaction:
            await transaction.connection.execute(text(f"UPDATE alembic_version {change}"))
        await database.close()

    with pytest.raises(StoreNotAtHead, match=says):
        async with opened_state(settings, ManualClock()):
            pass


@pytest.mark.usefixtures("empty_store")
async def test_a_store_of_two_versions_refuses_the_start_and_the_migration(tmp_path: Path) -> None:
    """A table of versions with two rows is nonsense: nothing is served, and nothing migrated."""
    settings = auth_settings(tmp_path, 8001)
    await migrate(settings)
    database = Database(settings.database_url)
    async with database.transaction() as transaction:
        await transaction.connection.execute(
            text("INSERT INTO alembic_version VALUES ('0003', '0003')")
        )
    await migrate(settings)

    assert (await stored_schema(database)).fit is SchemaFit.UNREADABLE
    await database.close()
    with pytest.raises(StoreNotAtHead, match="2 versions"):
        async with opened_state(settings, ManualClock()):
            pass


@pytest.mark.usefixtures("empty_store")
async def test_a_newer_store_that_is_still_good_is_served_on(tmp_path: Path) -> None:
    """Where newer code migrated and says this code still runs, it does, and says so once."""
    settings = auth_settings(tmp_path, 8001)
    await migrate(settings)
    database = Database(settings.database_url)
    async with database.transaction() as transaction:
        await transaction.connection.execute(
            text("UPDATE alembic_version SET version_num = '9999', oldest_code = :head"),
            {"head": HEAD},
        )
    await migrate(settings)
    await database.close()

    with log_lines() as lines:
        async with opened_state(settings, ManualClock()):
            pass
    said = lines.only("schema_newer_than_code")
    assert (said["severity"], said["version"], said["code"]) == ("INFO", "9999", HEAD)


@pytest.mark.usefixtures("empty_store")
async def test_a_store_of_before_is_migrated(tmp_path: Path) -> None:
    """A store at 0003, which names no oldest code, is refused and then brought to head."""
    settings = auth_settings(tmp_path, 8001)
    await migrate(settings)
    database = Database(settings.database_url)

    def down(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")

    async with database.transaction() as transaction:
        await transaction.connection.run_sync(down)
    before = await stored_schema(database)
    assert (before.fit, before.version) == (SchemaFit.BEHIND, "0003")
    await migrate(settings)
    after = await stored_schema(database)
    assert (after.fit, after.version, after.oldest) == (SchemaFit.EQUAL, HEAD, HEAD)
    await database.close()


async def test_the_audit_record_cannot_be_changed(auth: RunningAuth) -> None:
    """The store itself refuses to change or delete audit rows (checklist 59)."""
    await auth.registered_person()

    async def run(statement: str) -> None:
        async with auth.state.database.transaction() as transaction:
            await transaction.connection.exec_driver_sql(statement)

    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append-only"):
            await run(statement)
    assert len(await auth.audited("user_registered")) == 1


@pytest.mark.sqlite_only
async def test_sqlite_is_set_up_as_agreed(auth: RunningAuth) -> None:
    """WAL, NORMAL, a busy timeout and foreign keys are in force on every connection."""
    async with auth.state.database.reading() as connection:
        found = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }

    assert found == {
        "journal_mode": "wal",
        "synchronous": 1,
        "busy_timeout": 5000,
        "foreign_keys": 1,
    }


async def test_readers_do_not_wait_for_a_writer(auth: RunningAuth) -> None:
    """While a write transaction is open, reading goes on."""
    async with auth.state.database.transaction():
        answer = await asyncio.wait_for(auth.http.get("/health/ready"), 5)

    assert answer.status_code == 200


async def test_a_failing_transaction_announces_nothing(auth: RunningAuth) -> None:
    """What was to happen after the commit does not happen without one."""
    told: list[str] = []

    async def fail() -> None:
        async with auth.state.database.transaction() as transaction:
            transaction.after_commit(lambda: told.append("committed"))
            row = AuditRow(audit_id="aud_1", recorded_at=0, event="e", outcome="success", actor="a")
            await audit_records.append(transaction.connection, [asdict(row)], 1, GENESIS_HASH)
            await audit_records.append(transaction.connection, [asdict(row)], 2, GENESIS_HASH)

    with pytest.raises(IntegrityError):
        await fail()
    assert told == []
    assert await auth.audited("e") == ()


@pytest.mark.sqlite_only
async def test_a_store_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    """A missing folder is an outage, not a crash."""
    database = Database(Secret(f"sqlite+aiosqlite:///{tmp_path / 'missing' / 'auth.db'}"))

    with pytest.raises(DatabaseUnavailable):
        await stored_schema(database)
    await database.close()


@pytest.mark.sqlite_only
async def test_without_the_store_every_answer_is_503(auth: RunningAuth) -> None:
    """A lost store is 503 with Retry-After on every route, never 401, 403 or 500 (43)."""
    person = await auth.registered_person()
    tokens = await auth.tokens_of(person)
    page = await auth.http.get("/login")
    csrf = {"csrf_token": csrf_token_of(page)}
    service = bearer(await auth.service_token("netra-backend"))
    backend = ("netra-backend", SERVICE_SECRETS["netra-backend"])
    session = {"Cookie": f"netra_csrf={csrf['csrf_token']}; netra_session=x"}
    login = {"email": person.email, "password": person.password, **csrf}
    new = {"email": "x@example.org", "password": "correct horse battery"}
    await lose_store(auth)

    answers = {
        "token": await auth.service_answer("netra-backend"),
        "refresh": await auth.refresh(tokens["refresh_token"]),
        "introspect": await auth.http.post("/introspect", data={"token": "x"}, auth=backend),
        "revoke": await auth.http.post("/revoke", data={"token": "x"}, auth=backend),
        "feed": await auth.http.get("/revocations", headers=service),
        "erase": await auth.http.delete("/users/me", headers=bearer(tokens["access_token"])),
        "register": await auth.http.post("/users", json=new),
        "authorize": await auth.http.get(authorize_path(Pkce.new()), headers=session),
        "login": await auth.http.post("/login", data=login, headers=session),
        "ready": await auth.http.get("/health/ready"),
        "health": await auth.http.get("/health"),
    }

    for name, answer in answers.items():
        assert answer.status_code == 503, name
        if name not in ("ready", "health"):
            assert answer.headers["content-type"] == "application/problem+json"
            assert "retry-after" in answer.headers
    assert (await auth.http.get("/health/live")).status_code == 200
    assert (await auth.http.get("/.well-known/jwks.json")).status_code == 200


async def lose_store(auth: RunningAuth) -> None:
    """Take the store away: close the connections and put a folder in the file's place."""
    path = store_path(auth.settings)
    await auth.state.database.close()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)  # noqa: ASYNC240 - a test may block
    path.mkdir()


@pytest.mark.sqlite_only
async def test_whoever_waits_behind_a_waiting_writer_waits_no_longer(
    auth: RunningAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where somebody else has locked the store, writers give up at once and not one by one."""
    monkeypatch.setattr("netra_auth.store.engine._WRITE_TURN_SECONDS", UNIT / 10)
    database = auth.state.database

    async def write() -> None:
        async with database.transaction() as transaction:
            await transaction.connection.execute(text("DELETE FROM rate_limits"))

    with closing(sqlite3.connect(store_path(auth.settings), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        first = asyncio.create_task(write())
        async with asyncio.timeout(4):
            behind = await asyncio.gather(*(write() for _ in range(3)), return_exceptions=True)
        other.execute("ROLLBACK")
        await first

    assert {str(error) for error in behind} == {"another write did not end in time"}
    assert {type(error) for error in behind} == {DatabaseBusy}


async def test_closing_waits_for_connections_in_use(tmp_path: Path) -> None:
    """Who was cancelled and still unwinds gives a connection back to a store that is open."""
    database = Database(auth_settings(tmp_path, 8001).database_url)
    is_reading, may_end = asyncio.Event(), asyncio.Event()

    async def read() -> None:
        async with database.reading() as connection:
            await connection.execute(text("SELECT 1"))
            is_reading.set()
            try:
                await asyncio.Event().wait()
            finally:
                await may_end.wait()

    reader = asyncio.create_task(read())
    await is_reading.wait()
    reader.cancel()
    closing = asyncio.create_task(database.close())
    await asyncio.wait((closing,), timeout=UNIT / 2)
    was_closed_at_once = closing.done()
    may_end.set()
    await closing
    await asyncio.wait((reader,))

    assert not was_closed_at_once
    assert reader.cancelled()


async def test_closing_does_not_wait_for_ever(tmp_path: Path) -> None:
    """A connection that nobody gives back does not keep a service from stopping."""
    database = Database(auth_settings(tmp_path, 8001).database_url)

    async with database.reading() as connection:
        async with asyncio.timeout(10 * UNIT):
            await database.close()
        await connection.invalidate()
