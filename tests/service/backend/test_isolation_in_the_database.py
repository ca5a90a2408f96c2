"""Isolation that the database itself enforces, attacked by SQL that no session would let pass."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from fakes.run_engines import person
from fakes.running_backend import migrated
from fakes.stores import plain, store_url
from netra.errors import Conflict, InternalError
from netra.policy import CredentialMethod
from netra.principal import ServicePrincipal
from netra.secret import Secret
from netra_backend.app.db.engine import WRITES, open_engine
from netra_backend.app.db.isolation.admission import ADMISSION, Admission, Duty
from netra_backend.app.db.isolation.statement_rules import FenceCrossed
from netra_backend.app.db.session import Database
from netra_backend.app.db.stored_tables import STORED
from netra_backend.app.db.tables import Message, Thread

BEARER: Final = CredentialMethod.BEARER
SECRET: Final = CredentialMethod.CLIENT_SECRET
ANNA, BERTA = person("anna"), person("berta")
OF_ANNA: Final = Admission("usr_anna")
EVERYTHING: Final = tuple(sorted(STORED.tables))


def plant(store: Path) -> None:
    """Give both people a thread, two messages, a run with a step and a lease, events, a price."""
    with plain(store) as connection:
        for name in ("anna", "berta"):
            owner = f"usr_{name}"
            for sql, values in (
                ("t_threads VALUES (?, ?, ?, 1, 1)", (f"thr_{name}", owner, f"of {name}")),
                (
                    "t_messages VALUES (?, ?, ?, 'user', ?, 1)",
                    (f"msg_{name}", owner, f"thr_{name}", f"said by {name}"),
                ),
                (
                    "t_runs VALUES (?, ?, ?, ?, ?, 'a', 'p', 'accepted', ?, 1, NULL)",
                    (f"run_{name}", owner, f"thr_{name}", f"msg_{name}", f"c_{name}", False),
                ),
                ("t_run_steps VALUES (?, 'k', ?, '1', 1, 1)", (f"run_{name}", owner)),
                (
                    "t_run_leases VALUES (?, ?, ?, NULL, NULL, 1, 1, ?)",
                    (f"run_{name}", owner, f"thr_{name}", False),
                ),
                ("t_journal_heads (owner_id, head) VALUES (?, 1)", (owner,)),
                (
                    "t_events VALUES (?, 1, 'k', ?, ?, 'a', 'n', 't', '{}')",
                    (owner, f"run_{name}", f"thr_{name}"),
                ),
                (
                    "t_model_usage VALUES (?, ?, ?, 'm', 1, 1, 1, 1)",
                    (f"use_{name}", owner, f"run_{name}"),
                ),
            ):
                connection.execute(f"INSERT INTO {sql}", values)


@pytest.fixture
async def engine(store: Path) -> AsyncIterator[AsyncEngine]:
    """Open the planted store with a pool of one connection."""
    plant(await migrated(store))
    engine = open_engine(Secret(store_url(store)), pool_size=1)
    yield engine
    await engine.dispose()


def owners_in(store: Path) -> dict[str, set[tuple[Any, ...]]]:
    """Read everything that is Berta's past all isolation."""
    found = {}
    with plain(store) as connection:
        for table in EVERYTHING:
            rows = connection.execute(f"SELECT * FROM {table} WHERE owner_id = 'usr_berta'")  # noqa: S608 - a name of ours
            found[table] = {tuple(row) for row in rows}
    return found


async def attempt(engine: AsyncEngine, sql: str, admission: Admission | None) -> list[Any] | None:
    """Run a statement in a transaction for somebody and commit; None if it is refused."""
    options: dict[str, Any] = {WRITES: True}
    if admission is not None:
        options[ADMISSION] = admission
    try:
        async with engine.execution_options(**options).begin() as connection:
            result = await connection.exec_driver_sql(sql)
            return list(result.all()) if result.returns_rows else []
    except (DBAPIError, FenceCrossed):
        return None


READS: Final = (
    "SELECT * FROM threads",
    "SELECT owner_id FROM threads WHERE id = 'thr_berta' OR 1 = 1",
    "SELECT text FROM messages WHERE thread_id = 'thr_berta'",
    "SELECT m.text FROM messages m JOIN threads t ON t.id <> m.thread_id",
    "SELECT m.text FROM threads t LEFT JOIN messages m ON 1 = 1",
    "SELECT title FROM threads UNION ALL SELECT text FROM messages",
    "SELECT (SELECT max(text) FROM messages WHERE owner_id = 'usr_berta') FROM threads",
    "SELECT * FROM runs, events, run_steps, run_leases, journal_heads, model_usage",
    "SELECT * FROM t_threads",
    "SELECT * FROM t_messages AS threads",
    "SELECT * FROM (SELECT * FROM t_threads) AS threads",
    "WITH threads AS (SELECT * FROM t_threads) SELECT * FROM threads",
    "WITH messages AS MATERIALIZED (SELECT * FROM t_messages) SELECT * FROM messages",
    "SELECT title FROM threads UNION SELECT principal FROM t_runs",
    "UPDATE threads SET title = title || (SELECT max(title) FROM t_threads) RETURNING title",
    "SELECT count(*) FROM t_run_leases WHERE owner_id = 'usr_berta' HAVING count(*) > 0",
)


@pytest.mark.parametrize("sql", READS)
async def test_no_sql_of_a_principal_reads_anothers_rows(
    engine: AsyncEngine, store: Path, sql: str
) -> None:
    """Raw SQL gives the principal's rows or is refused, through whatever name (checklist 53)."""
    before = owners_in(store)

    found = await attempt(engine, sql, OF_ANNA)

    assert "berta" not in str(found)
    assert owners_in(store) == before


async def test_a_principal_reads_its_own_rows(engine: AsyncEngine) -> None:
    """What isolates does not hide: of every table the principal sees exactly its own row."""
    for table in EVERYTHING:
        sql = f"SELECT owner_id FROM {table.removeprefix('t_')}"  # noqa: S608 - a name of ours
        found = await attempt(engine, sql, OF_ANNA)
        assert [tuple(row) for row in found or ()] == [("usr_anna",)], table


async def test_nobody_reads_and_writes_nothing(engine: AsyncEngine, store: Path) -> None:
    """A transaction that was begun for nobody sees no row and adds none (checklist 52)."""
    everything = owners_in(store)
    for admission in (None, Admission(), Admission("service:netra-backend")):
        for table in EVERYTHING:
            name = table.removeprefix("t_")
            assert not await attempt(engine, f"SELECT * FROM {name}", admission)  # noqa: S608 - a name of ours
            assert not await attempt(engine, f"SELECT * FROM {table}", admission)  # noqa: S608 - a name of ours
            await attempt(engine, f"DELETE FROM {name}", admission)  # noqa: S608 - a name of ours
        added = "INSERT INTO threads VALUES ('thr_x', 'usr_berta', 't', 1, 1)"
        assert await attempt(engine, added, admission) is None

    assert owners_in(store) == everything


WRITES_OF_ANOTHERS: Final = (
    "INSERT INTO threads VALUES ('thr_x', 'usr_berta', 't', 1, 1)",
    "INSERT INTO t_threads VALUES ('thr_x', 'usr_berta', 't', 1, 1)",
    "INSERT INTO threads SELECT 'thr_x', 'usr_berta', title, 1, 1 FROM threads",
    "INSERT INTO messages VALUES ('msg_x', 'usr_berta', 'thr_berta', 'user', 't', 1)",
    "INSERT INTO messages VALUES ('msg_x', 'usr_anna', 'thr_berta', 'user', 't', 1)",
    "INSERT INTO run_steps VALUES ('run_berta', 'x', 'usr_anna', '1', 1, 1)",
    "INSERT INTO threads VALUES ('thr_berta', 'usr_anna', 'mine', 1, 1)",
    "INSERT INTO threads VALUES ('thr_berta', 'usr_anna', 'x', 1, 1)"  # noqa: ISC004 - it is one statement
    " ON CONFLICT (id) DO UPDATE SET title = 'mine', owner_id = 'usr_anna'",
    "UPDATE threads SET owner_id = 'usr_berta'",
    "UPDATE messages SET thread_id = 'thr_berta'",
    "UPDATE journal_heads SET owner_id = 'usr_berta'",
    "TRUNCATE t_threads CASCADE",
)


@pytest.mark.parametrize("sql", WRITES_OF_ANOTHERS)
async def test_no_sql_of_a_principal_writes_anothers_rows(
    engine: AsyncEngine, store: Path, sql: str
) -> None:
    """Raw SQL adds nothing to another, takes nothing, and hangs nothing on it (checklist 53)."""
    before = owners_in(store)

    assert await attempt(engine, sql, OF_ANNA) is None

    assert owners_in(store) == before
    with plain(store) as connection:
        assert connection.execute("SELECT count(*) FROM t_threads").fetchone()[0] == 2


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE threads SET title = 'stolen'",
        "UPDATE threads SET title = 'stolen' WHERE id = 'thr_berta' OR 1 = 1",
        "UPDATE t_threads SET title = 'stolen'",
        "DELETE FROM messages",
        "DELETE FROM threads",
        "DELETE FROM t_threads",
        "DELETE FROM events WHERE owner_id = 'usr_berta'",
        "DELETE FROM t_events",
        "UPDATE run_leases SET epoch = 9",
        "DELETE FROM run_leases",
    ],
)
async def test_changes_reach_the_principals_rows_alone(
    engine: AsyncEngine, store: Path, sql: str
) -> None:
    """A change or removal of everything leaves what is another's as it was (checklist 53)."""
    before = owners_in(store)

    await attempt(engine, sql, OF_ANNA)

    assert owners_in(store) == before


async def test_a_removal_takes_what_hangs_on_it(engine: AsyncEngine, store: Path) -> None:
    """With a thread go its messages, runs, steps and leases, on every kind of store."""
    assert await attempt(engine, "DELETE FROM threads", OF_ANNA) == []

    with plain(store) as connection:
        for table in ("t_threads", "t_messages", "t_runs", "t_run_steps", "t_run_leases"):
            left = connection.execute(f"SELECT owner_id FROM {table}").fetchall()  # noqa: S608 - a name of ours
            assert [tuple(row) for row in left] == [("usr_berta",)], table


async def test_leases_are_taken_by_their_duty_alone(engine: AsyncEngine, store: Path) -> None:
    """A session sees its leases, adds one and calls for its run; it takes and ends none."""
    for change in ("epoch = 9", "holder = 'hld_x'", "slot = 1", "run_id = 'run_x'"):
        assert await attempt(engine, f"UPDATE run_leases SET {change}", OF_ANNA) is None  # noqa: S608 - made above
    await attempt(engine, "DELETE FROM run_leases", OF_ANNA)
    called = "UPDATE run_leases SET called = TRUE, expires_at = 0"
    assert await attempt(engine, called, OF_ANNA) == []

    with plain(store) as connection:
        found = connection.execute(
            "SELECT run_id, epoch, holder, slot, called, expires_at FROM t_run_leases"
        )
        assert {tuple(row) for row in found} == {
            ("run_anna", 1, None, None, True, 0),
            ("run_berta", 1, None, None, False, 1),
        }


async def test_the_duty_of_runs_reads_and_writes_no_content(store: Path) -> None:
    """What works on everybody's leases and journals reaches no thread, message, title or price."""
    plant(await migrated(store))
    database = Database(open_engine(Secret(store_url(store))))
    before = owners_in(store)

    async def on_duty(sql: str) -> list[Any]:
        def work(connection: Any) -> list[Any]:
            result = connection.exec_driver_sql(sql)
            return list(result.all()) if result.returns_rows else []

        try:
            return await database.beneath_the_fence(work, writes=True)
        except DBAPIError:
            return []

    for name in ("threads", "messages", "model_usage"):
        for table in (name, f"t_{name}"):
            assert await on_duty(f"SELECT * FROM {table}") == []  # noqa: S608 - a name of ours
            await on_duty(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
    await on_duty("UPDATE t_runs SET state = 'failed'")
    await on_duty("DELETE FROM t_runs")
    assert len(await on_duty("SELECT run_id, owner_id FROM t_run_leases")) == 2
    await database.aclose()

    assert owners_in(store) == before


async def test_a_maintaining_service_reaches_every_owner(store: Path) -> None:
    """A service with the permission sees everybody's rows; one without it sees nobody's."""
    plant(await migrated(store))
    database = Database(open_engine(Secret(store_url(store)), pool_size=1))
    scopes = frozenset({"sessions:open", "data:maintain"})
    maintains = ServicePrincipal("netra-backend", scopes, "tok_1", 2e9)
    merely = ServicePrincipal("netra-backend", frozenset({"sessions:open"}), "tok_2", 2e9)

    async with database.session_for(maintains, SECRET) as session:
        everybody = set(await session.scalars(select(Thread.owner_id)))
    async with database.session_for(merely, SECRET) as session:
        nobody = set(await session.scalars(select(Thread.owner_id)))
    async with database.session_for(ANNA, BEARER) as session:
        anna = set(await session.scalars(select(Thread.owner_id)))
    await database.aclose()

    assert (everybody, nobody, anna) == ({"usr_anna", "usr_berta"}, set(), {"usr_anna"})


async def test_a_connection_remembers_nobody(engine: AsyncEngine) -> None:
    """After a transaction the connection is nobody's, also after a failure (checklist 52)."""
    for sql in ("SELECT * FROM threads", "SELECT * FROM nothing_of_the_kind"):
        await attempt(engine, sql, OF_ANNA)
        assert await attempt(engine, "SELECT * FROM threads", None) == []
        found = await attempt(engine, "SELECT owner_id FROM threads", Admission("usr_berta"))
        assert [tuple(row) for row in found or ()] == [("usr_berta",)]


@pytest.mark.parametrize(
    "principal",
    ["usr_a'; SET ROLE x; --", "usr_a,usr_b", "usr a", "'", "", "usr_\n", "ü", "x" * 129],
)
def test_only_an_id_begins_a_transaction(principal: str) -> None:
    """What could mean more than one id to a database is refused before it is said to it."""
    if principal:
        with pytest.raises(InternalError):
            Admission(principal)
    else:
        assert Admission(principal).duty is Duty.NONE


async def test_a_session_that_reads_writes_nothing(store: Path) -> None:
    """A session that was opened for reading is refused any change by the database or before."""
    plant(await migrated(store))
    database = Database(open_engine(Secret(store_url(store)), pool_size=1))

    with pytest.raises((InternalError, DBAPIError)):
        async with database.session_for(ANNA, BEARER, writes=False) as session:
            await session.put_in(
                Thread, {"id": "thr_x", "title": "t", "created_at": 1, "updated_at": 1}
            )
    async with database.session_for(ANNA, BEARER, writes=False) as session:
        assert len((await session.scalars(select(Thread))).all()) == 1
    await database.aclose()


async def test_what_hangs_on_nothing_is_refused(store: Path) -> None:
    """A message of a thread that is not there, or is another's, is a conflict for a session."""
    plant(await migrated(store))
    database = Database(open_engine(Secret(store_url(store)), pool_size=1))

    for thread_id in ("thr_nothing", "thr_berta"):
        values = {"id": "msg_x", "thread_id": thread_id, "author": "user", "text": "t"}
        with pytest.raises(Conflict):
            async with database.session_for(ANNA, BEARER) as session:
                await session.put_in(Message, {**values, "created_at": 1})
    await database.aclose()


ROUND_SQLITE: Final = (
    "SELECT * FROM main.t_threads",
    "WITH threads AS (SELECT * FROM main.t_threads) SELECT * FROM threads",
    "WITH threads_insert AS (SELECT * FROM t_threads) SELECT * FROM threads_insert",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM sqlite_temp_master",
    "SELECT * FROM temp.sqlite_master",
    "SELECT * FROM pragma_table_info('t_threads')",
    "PRAGMA table_info(t_threads)",
    "PRAGMA foreign_keys=ON",
    "PRAGMA writable_schema=ON",
    "ATTACH ':memory:' AS other",
    "CREATE TEMP VIEW mine AS SELECT * FROM t_threads",
    "CREATE VIEW mine AS SELECT * FROM t_threads",
    "CREATE TABLE mine AS SELECT * FROM threads",
    "CREATE TEMP TABLE mine (x)",
    "CREATE TEMP TRIGGER mine INSTEAD OF INSERT ON threads BEGIN DELETE FROM t_threads; END",
    "DROP VIEW threads",
    "DROP TABLE t_threads",
    "ALTER TABLE t_threads RENAME TO x",
    "CREATE INDEX mine ON t_threads (title)",
    "REINDEX",
    "ANALYZE",
    "INSERT OR REPLACE INTO threads VALUES ('thr_berta', 'usr_anna', 'mine', 1, 1)",
    "REPLACE INTO messages VALUES ('msg_berta', 'usr_anna', 'thr_anna', 'user', 'mine', 1)",
    "UPDATE OR REPLACE threads SET id = 'thr_berta'",
    "UPDATE OR REPLACE runs SET id = 'run_berta'",
    "INSERT INTO sqlite_master VALUES ('view', 'x', 'x', 0, '')",
    # An explanation would give away the random names that lead to the stored tables.
    "EXPLAIN DELETE FROM threads",
    "\n explain query plan SELECT * FROM threads",
    "/**/ EXPLAIN DELETE FROM threads",
    "-- a remark\nEXPLAIN DELETE FROM threads",
    "VACUUM",
    "SAVEPOINT mine",
)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("sql", ROUND_SQLITE)
async def test_no_way_round_the_views_of_sqlite(engine: AsyncEngine, store: Path, sql: str) -> None:
    """The authorizer and the triggers refuse what would go round or change the views."""
    before = owners_in(store)

    assert await attempt(engine, sql, OF_ANNA) is None

    assert owners_in(store) == before


@pytest.mark.sqlite_only
async def test_no_explanation_is_run_without_parameters(engine: AsyncEngine) -> None:
    """A statement that brings not even an empty set of parameters is looked at as well."""
    async with engine.connect() as connection:
        with pytest.raises(FenceCrossed):
            await connection.exec_driver_sql(
                "EXPLAIN SELECT * FROM threads", execution_options={"no_parameters": True}
            )


@pytest.mark.sqlite_only
@pytest.mark.parametrize("inserting", ["INSERT OR IGNORE", "INSERT OR ROLLBACK", "INSERT OR FAIL"])
async def test_no_way_of_inserting_passes_the_triggers(
    engine: AsyncEngine, store: Path, inserting: str
) -> None:
    """However a conflict is to be resolved, a foreign row is neither added nor replaced."""
    before = owners_in(store)

    await attempt(engine, f"{inserting} INTO threads VALUES ('t', 'usr_berta', 't', 1, 1)", OF_ANNA)
    await attempt(
        engine, f"{inserting} INTO threads VALUES ('thr_berta', 'usr_anna', 't', 1, 1)", OF_ANNA
    )

    assert owners_in(store) == before


ROUND_POSTGRES: Final = (
    "SET ROLE netra_backend_owner",
    "SET SESSION AUTHORIZATION netra",
    "ALTER TABLE t_threads DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE t_threads NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY principal ON t_threads",
    "CREATE POLICY mine ON t_threads USING (true)",
    "CREATE VIEW mine AS SELECT * FROM t_threads",
    "CREATE TABLE mine AS SELECT * FROM t_threads",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "DROP TABLE t_threads",
    "DROP VIEW threads",
    "ALTER VIEW threads SET (security_invoker = false)",
    "COPY t_threads TO '/tmp/x'",
    "SELECT pg_read_file('/etc/passwd')",
    "ALTER ROLE netra_backend BYPASSRLS",
    "GRANT netra_backend_owner TO netra_backend",
)


@pytest.mark.postgres_only
@pytest.mark.parametrize("sql", ROUND_POSTGRES)
async def test_no_way_round_the_policies_of_postgres(
    engine: AsyncEngine, store: Path, sql: str
) -> None:
    """The role of sessions owns nothing, is nobody else, and cannot become or change either."""
    before = owners_in(store)

    assert await attempt(engine, sql, OF_ANNA) is None

    assert owners_in(store) == before


@pytest.mark.postgres_only
async def test_row_security_cannot_be_switched_off(engine: AsyncEngine) -> None:
    """With row_security off the role of sessions gets an error and no row."""
    async with engine.execution_options(**{ADMISSION: OF_ANNA}).connect() as connection:
        await connection.exec_driver_sql("SET LOCAL row_security = off")
        with pytest.raises(DBAPIError):
            await connection.exec_driver_sql("SELECT * FROM t_threads")


def test_every_unique_key_but_the_primary_is_within_an_owner() -> None:
    """What the triggers of SQLite rely on: replacing by such a key reaches the owner's own rows."""
    for table in STORED.tables.values():
        for constraint in table.constraints:
            if type(constraint).__name__ == "UniqueConstraint":
                assert "owner_id" in {column.name for column in constraint.columns}  # type: ignore[attr-defined]  # it is one
