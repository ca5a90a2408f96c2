"""The owner fence under attack: nobody reads or writes another principal's rows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import (
    Select,
    column,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    select,
    table,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, joinedload, selectinload

from fakes.running_backend import RunningBackend, migrated
from fakes.stores import plain, smuggle, store_url
from netra.errors import PermissionDenied
from netra.policy import CredentialMethod
from netra.principal import AuthenticatedPrincipal, ServicePrincipal, UserPrincipal
from netra.secret import Secret
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.isolation.fence import Fence, FencedSession
from netra_backend.app.db.isolation.statement_rules import FenceCrossed
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.db.stored_tables import STORED, physical
from netra_backend.app.db.tables import Base, Message, Owned, Thread

BEARER: Final = CredentialMethod.BEARER
SECRET: Final = CredentialMethod.CLIENT_SECRET
THREADS: Final = Base.metadata.tables["threads"]
MESSAGES: Final = Base.metadata.tables["messages"]

Open = Callable[..., Any]


def user(name: str) -> UserPrincipal:
    """Make a user's principal."""
    return UserPrincipal(
        f"usr_{name}", f"ses_{name}", "netra-cli", frozenset(), frozenset(), f"tok_{name}", 2e9
    )


def service(*scopes: str) -> ServicePrincipal:
    """Make a service's principal with the given scopes and the one to open sessions."""
    return ServicePrincipal(
        "netra-backend", frozenset({"sessions:open", *scopes}), "tok_service", 2e9
    )


ANNA: Final = user("anna")
BERTA: Final = user("berta")


def plant(store: Path) -> None:
    """Give both users a thread with two messages, and Anna's thread a message of Berta's.

    The last could never be stored with the foreign keys on; it is there to be looked for.
    """
    with plain(store) as connection:
        for name in ("anna", "berta"):
            connection.execute(
                "INSERT INTO t_threads VALUES (?, ?, ?, 1, 1)",
                (f"thr_{name}", f"usr_{name}", f"thread of {name}"),
            )
            for number in (1, 2):
                connection.execute(
                    "INSERT INTO t_messages VALUES (?, ?, ?, 'user', ?, ?)",
                    (
                        f"msg_{name}_{number}",
                        f"usr_{name}",
                        f"thr_{name}",
                        f"said by {name}",
                        number,
                    ),
                )
    smuggle(
        store,
        "INSERT INTO t_messages VALUES "
        "('msg_smuggled', 'usr_berta', 'thr_anna', 'user', 'said by berta', 3)",
    )


@pytest.fixture
async def database(store: Path) -> AsyncIterator[Database]:
    """Open the planted store with a pool of one connection."""
    plant(await migrated(store))
    database = Database(open_engine(Secret(store_url(store)), pool_size=1))
    yield database
    await database.aclose()


def raw(session: PrincipalSession) -> AsyncSession:
    """Reach past the public methods, as a careless repository in the same process could."""
    opened = session._open
    assert isinstance(opened, AsyncSession)
    return opened


@asynccontextmanager
async def as_anna(database: Database) -> AsyncIterator[AsyncSession]:
    """Open Anna's session and reach past its public methods."""
    async with database.session_for(ANNA, BEARER) as session:
        yield raw(session)


_ALIAS = aliased(Thread)
READS: Final[dict[str, Select[Any]]] = {
    "all": select(Thread.owner_id),
    "whole rows": select(Thread),
    "by a foreign id": select(Thread.owner_id).where(Thread.id == "thr_berta"),
    "by a foreign owner": select(Thread.owner_id).where(Thread.owner_id == "usr_berta"),
    "or true": select(Thread.owner_id).where((Thread.owner_id == "usr_berta") | true()),
    "aliased": select(_ALIAS.owner_id),
    "messages": select(Message.owner_id),
    "joined": select(Message.owner_id).join(Thread, Thread.id == Message.thread_id),
    "outer joined": select(Message.owner_id).join(Thread, true(), isouter=True),
    "crossed": select(_ALIAS.owner_id).join(Thread, true()),
    "subquery": select(select(Thread.owner_id).subquery()),
    "cte": select(select(Thread.owner_id).cte("every")),
    "grouped": select(Thread.owner_id).group_by(Thread.owner_id),
    "scalar subquery": select(select(func.max(Thread.owner_id)).scalar_subquery()).select_from(
        Thread
    ),
    "in a subquery": select(Thread.owner_id).where(
        Thread.id.in_(select(Message.thread_id).where(Message.owner_id == "usr_berta"))
    ),
    "exists": select(Thread.owner_id).where(
        exists(select(Message.id).where(Message.owner_id == "usr_berta"))
    ),
    "core column beside its class": select(Thread.id, THREADS.c.title, THREADS.c.owner_id),
    "aliased subquery": select(aliased(Thread, select(Thread).subquery()).owner_id),
    "selectinload": select(Thread).options(selectinload(Thread.messages)),
    "joinedload": select(Thread).options(joinedload(Thread.messages)),
}


@pytest.mark.parametrize("statement", READS.values(), ids=READS.keys())
async def test_no_select_finds_another_users_rows(
    database: Database, statement: Select[Any]
) -> None:
    """Whatever is selected over mapped classes, only the principal's rows come (checklist 53)."""
    async with as_anna(database) as session:
        found = (await session.execute(statement)).unique().all()

    shown = []
    for row in found:
        for value in row:
            shown.append(str(getattr(value, "owner_id", value)))
            loaded = value.__dict__.get("messages", []) if isinstance(value, Thread) else []
            shown.extend(message.owner_id for message in loaded)
    assert "usr_berta" not in shown
    assert not [value for value in shown if "berta" in value]


async def test_counts_and_aggregates_see_only_the_principals_rows(database: Database) -> None:
    """An aggregate over a mapped class is made of the principal's rows alone (checklist 53)."""
    async with database.session_for(ANNA, BEARER) as session:
        assert await session.scalar(select(func.count(Thread.id))) == 1
        assert await session.scalar(select(func.count()).select_from(Message)) == 2
        assert await session.scalar(select(func.max(Message.created_at))) == 2


STATEMENTS: Final[dict[str, Any]] = {
    "text": text("SELECT * FROM t_threads"),
    "text delete": text("DELETE FROM t_threads"),
    "text in a where": select(Thread).where(text("1=1) OR (1=1")),
    "text as the statement": select(Thread).from_statement(text("SELECT * FROM t_threads")),
    "a mapped select as the statement": select(Thread).from_statement(select(Thread)),
    "core select": select(THREADS),
    "core column": select(Message.id, THREADS.c.title),
    "core column in a subquery": select(Thread).where(
        Thread.id.in_(select(Message.thread_id).where(THREADS.c.owner_id == "usr_berta"))
    ),
    "core column of an alias": select(Thread.id, THREADS.alias().c.title),
    "core subquery": select(Thread).where(
        Thread.id.in_(select(THREADS.c.id).where(THREADS.c.owner_id == "usr_berta"))
    ),
    "core exists": select(Thread).where(exists().where(MESSAGES.c.owner_id == "usr_berta")),
    "literal column": select(literal_column("(SELECT title FROM t_threads)")).select_from(Thread),
    "a function of the database": select(
        Thread.title, func.set_config("netra.principal", "x", True)
    ),
    "a function in a where": select(Thread).where(func.pg_sleep(1).is_(None)),
    "a suffix": select(Thread.title).suffix_with("UNION SELECT title FROM t_threads"),
    "a prefix": select(Thread.title).prefix_with("(SELECT 1) AS one,"),
    "a hint": select(Thread.title).with_statement_hint("UNION SELECT title FROM t_threads"),
    "an operator": select(Thread.title.op("|| (SELECT max(title) FROM t_threads) ||")("x")),
    "a table by name": select(Thread.id, table("t_threads", column("title")).c.title),
    "a core join": select(func.count()).select_from(Thread).join(MESSAGES, true()),
    "a core alias": select(func.count()).select_from(Thread).join(THREADS.alias(), true()),
    "a core union in a class": select(
        aliased(Thread, union_all(select(Thread), select(THREADS)).subquery()).title
    ),
    "nothing mapped": select(literal(1)),
    "union": union_all(select(Thread.title), select(THREADS.c.title)),
    "insert": insert(Thread).values(
        id="thr_x", owner_id="usr_berta", title="t", created_at=1, updated_at=1
    ),
    "own insert": insert(Thread).values(
        id="thr_x", owner_id="usr_anna", title="t", created_at=1, updated_at=1
    ),
    "core insert": insert(THREADS).values(
        id="thr_x", owner_id="usr_berta", title="t", created_at=1, updated_at=1
    ),
    "insert from select": insert(Thread).from_select(["id"], select(Thread.id)),
    "core update": update(THREADS).values(title="mine"),
    "core delete": delete(THREADS),
    "given away": update(Thread).values(owner_id="usr_berta"),
    "given away by key": update(Thread).values({Thread.owner_id: "usr_berta"}),
    "given away in order": update(Thread).ordered_values((Thread.owner_id, "usr_berta")),
    "raw strategy": update(Thread).values(title="mine").execution_options(dml_strategy="core_only"),
}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
async def test_what_cannot_be_fenced_is_refused(
    database: Database, statement: Any, rows: Callable[[str], list[tuple[Any, ...]]]
) -> None:
    """SQL text, bare tables, inserts by statement and a change of owner are refused unexecuted."""
    before = rows("SELECT * FROM t_threads ORDER BY id")

    with pytest.raises(FenceCrossed):
        async with as_anna(database) as session:
            await session.execute(statement)

    assert rows("SELECT * FROM t_threads ORDER BY id") == before


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        (insert(Thread), [{"id": "thr_x", "owner_id": "usr_berta", "title": "t"}]),
        (update(Thread), [{"id": "thr_berta", "title": "mine"}]),
        (update(Thread), {"owner_id": "usr_berta"}),
        (delete(Thread), [{"id": "thr_berta"}]),
    ],
)
async def test_bulk_statements_with_separate_parameters_are_refused(
    database: Database,
    statement: Any,
    parameters: Any,
    rows: Callable[[str], list[tuple[Any, ...]]],
) -> None:
    """A bulk insert or an update by primary key, which no criterion reaches, is refused."""
    before = rows("SELECT * FROM t_threads ORDER BY id")

    with pytest.raises(FenceCrossed):
        async with as_anna(database) as session:
            await session.execute(statement, parameters)

    assert rows("SELECT * FROM t_threads ORDER BY id") == before


async def test_updates_and_deletes_stay_within_the_principals_rows(
    database: Database, rows: Callable[[str], list[tuple[Any, ...]]]
) -> None:
    """An update or delete without a condition changes the principal's rows and no others."""
    async with database.session_for(ANNA, BEARER) as session:
        await session.execute(update(Thread).values(title="changed"))
        await session.execute(update(Thread).where(Thread.id == "thr_berta").values(title="x"))
    assert rows("SELECT owner_id, title FROM t_threads ORDER BY id") == [
        ("usr_anna", "changed"),
        ("usr_berta", "thread of berta"),
    ]

    async with database.session_for(ANNA, BEARER) as session:
        await session.execute(delete(Message))
        await session.execute(delete(Thread).where(Thread.id == "thr_berta"))
    assert rows("SELECT id FROM t_threads ORDER BY id") == [("thr_anna",), ("thr_berta",)]
    assert rows("SELECT DISTINCT owner_id FROM t_messages") == [("usr_berta",)]


@pytest.mark.parametrize(
    "statement",
    [
        update(Thread).values(title=Message.text).where(Message.id == "msg_berta_1"),
        update(Thread).values(
            title=select(Message.text).where(Message.id == "msg_berta_1").scalar_subquery()
        ),
        update(Thread)
        .values(title="told")
        .where(Thread.id.in_(select(Message.thread_id).where(Message.owner_id == "usr_berta"))),
        delete(Thread).where(Message.owner_id == "usr_berta"),
        delete(Thread).where(exists(select(Message.id).where(Message.owner_id == "usr_berta"))),
    ],
)
async def test_no_update_or_delete_reads_anothers_rows(
    database: Database, statement: Any, rows: Callable[[str], list[tuple[Any, ...]]]
) -> None:
    """A change that looks at another class, where no criterion may reach, is refused."""
    before = rows("SELECT * FROM t_threads ORDER BY id")

    with pytest.raises(FenceCrossed):
        async with as_anna(database) as session:
            await session.execute(statement)

    assert rows("SELECT * FROM t_threads ORDER BY id") == before


async def test_what_a_change_returns_is_the_principals_own(database: Database) -> None:
    """An update that returns rows returns none of another principal's."""
    change = update(Thread).values(title="x").returning(Thread.owner_id)
    async with as_anna(database) as session:
        assert (await session.execute(change)).all() == [("usr_anna",)]


async def test_a_foreign_id_is_not_found(database: Database) -> None:
    """A row of another principal and a row that is not there are alike (checklist 53)."""
    async with database.session_for(ANNA, BEARER) as session:
        assert await session.get(Thread, "thr_berta") is None
        assert await session.get(Message, "msg_berta_1") is None
        assert await session.get(Message, "msg_smuggled") is None
        assert await session.get(Thread, "thr_nobody") is None
        own = await session.get(Thread, "thr_anna")
        assert own is not None
        assert own.owner_id == "usr_anna"


async def test_refreshing_an_object_reads_through_the_fence(
    database: Database, store: Path
) -> None:
    """A row that has become another's cannot be read again through an object held of it."""
    async with database.session_for(ANNA, BEARER, writes=False) as session:
        thread = await session.get(Thread, "thr_anna")
    assert thread is not None
    smuggle(store, "UPDATE t_threads SET owner_id='usr_berta', title='secret'")

    async with as_anna(database) as inner:
        inner.add(thread)
        with pytest.raises(InvalidRequestError, match="Could not refresh"):
            await inner.refresh(thread)
        inner.expunge(thread)

    assert "secret" not in thread.__dict__.values()


async def test_the_identity_map_does_not_outlive_the_session(database: Database) -> None:
    """What one principal loaded is not there for the next on the same connection (checklist 52)."""
    async with database.session_for(BERTA, BEARER) as session:
        assert await session.get(Thread, "thr_berta") is not None
    async with database.session_for(ANNA, BEARER) as session:
        assert await session.get(Thread, "thr_berta") is None
        assert len(raw(session).sync_session.identity_map) == 0


def foreign_thread() -> Thread:
    """Make a thread in another principal's name."""
    return Thread(id="thr_x", owner_id="usr_berta", title="t", created_at=1, updated_at=1)


async def test_adding_a_row_in_anothers_name_is_refused(
    database: Database, rows: Callable[[str], list[tuple[Any, ...]]]
) -> None:
    """A new row must belong to the session's principal; nothing of the unit is written."""
    own = Thread(id="thr_y", owner_id="usr_anna", title="t", created_at=1, updated_at=1)
    unowned = Thread(id="thr_z", title="t", created_at=1, updated_at=1)

    async def add(wrong: Thread) -> None:
        async with database.session_for(ANNA, BEARER) as session:
            session.add(own)
            session.add(wrong)
            await session.flush()

    for wrong in (foreign_thread(), unowned):
        with pytest.raises(FenceCrossed):
            await add(wrong)

    assert rows("SELECT count(*) FROM t_threads") == [(2,)]


async def test_giving_a_row_away_or_taking_one_over_is_refused(database: Database) -> None:
    """An object's owner cannot be changed, neither away from the principal nor towards it."""

    async def give_away() -> None:
        async with database.session_for(ANNA, BEARER) as session:
            thread = await session.get(Thread, "thr_anna")
            assert thread is not None
            thread.owner_id = "usr_berta"

    async def take_over(taken: Thread) -> None:
        async with as_anna(database) as inner:
            inner.add(taken)
            taken.owner_id = "usr_anna"
            await inner.flush()

    with pytest.raises(FenceCrossed):
        await give_away()
    async with database.session_for(BERTA, BEARER) as session:
        taken = await session.get(Thread, "thr_berta")
    assert taken is not None

    with pytest.raises(FenceCrossed):
        await take_over(taken)


async def test_an_object_of_anothers_session_cannot_be_written_through_mine(
    database: Database, rows: Callable[[str], list[tuple[Any, ...]]]
) -> None:
    """Attaching, changing or deleting another principal's object is refused at the flush."""

    async def change(thread: Thread) -> None:
        async with as_anna(database) as inner:
            inner.add(thread)
            thread.title = "changed"
            await inner.flush()

    async def remove(thread: Thread) -> None:
        async with as_anna(database) as inner:
            await inner.delete(thread)
            await inner.flush()

    async with database.session_for(BERTA, BEARER) as session:
        thread = await session.get(Thread, "thr_berta")
    assert thread is not None

    for attack in (change, remove):
        with pytest.raises(FenceCrossed):
            await attack(thread)

    assert rows("SELECT title FROM t_threads WHERE id='thr_berta'") == [("thread of berta",)]


async def test_a_service_sees_no_users_rows_unless_it_may_maintain_them(
    database: Database,
) -> None:
    """Without `data:maintain` a service's session is empty; with it, it sees every row."""
    async with database.session_for(service(), SECRET) as session:
        assert await session.scalar(select(func.count(Thread.id))) == 0
        assert await session.get(Thread, "thr_anna") is None
        await session.execute(delete(Thread))
        with pytest.raises(PermissionDenied):
            _ = session.owner_id
    async with database.session_for(service("data:maintain"), SECRET) as session:
        assert await session.scalar(select(func.count(Thread.id))) == 2
        assert await session.get(Thread, "thr_berta") is not None


async def test_a_service_writes_no_rows_in_a_users_name(database: Database) -> None:
    """A service without `data:maintain` cannot add a row for anybody."""
    for owner_id in ("usr_berta", "service:netra-backend", ""):
        thread = foreign_thread()
        thread.owner_id = owner_id
        with pytest.raises(FenceCrossed):
            async with database.session_for(service(), SECRET) as session:
                session.add(thread)


async def test_even_maintenance_changes_no_owner_and_runs_no_text(database: Database) -> None:
    """A service that may maintain every row still gives none away and runs no SQL text."""
    for statement in (text("DELETE FROM t_threads"), update(Thread).values(owner_id="usr_x")):
        with pytest.raises(FenceCrossed):
            async with database.session_for(service("data:maintain"), SECRET) as session:
                await raw(session).execute(statement)


def test_a_session_without_a_fence_does_nothing() -> None:
    """A session that was not given a fence, or is given a second one, refuses."""
    session = FencedSession()
    with pytest.raises(FenceCrossed):
        session.execute(select(Thread))
    session.put_up(Fence(owner="usr_anna"))

    with pytest.raises(FenceCrossed):
        session.put_up(Fence(owner="usr_berta"))


def test_every_mapped_class_has_an_owner() -> None:
    """The fence admits owned classes only, and each is mapped to the name of its view."""
    for mapper in Base.registry.mappers:
        assert issubclass(mapper.class_, Owned)
    for name, mapped in Base.metadata.tables.items():
        assert "owner_id" in mapped.c
        assert physical(name) in STORED.tables


async def test_a_pool_of_one_shows_no_cross_talk_between_interleaved_users(
    database: Database,
) -> None:
    """Users whose sessions take turns on one connection see only themselves (checklist 52, 53)."""

    async def work(principal: AuthenticatedPrincipal, rounds: int) -> set[str]:
        seen: set[str] = set()
        for number in range(rounds):
            async with database.session_for(principal, BEARER, writes=number % 2 == 0) as session:
                seen |= set((await session.scalars(select(Thread.owner_id))).all())
                await asyncio.sleep(0)
                seen |= set((await session.scalars(select(Message.owner_id))).all())
        return seen

    everyone = [user(name) for name in ("anna", "berta", "carla")] * 4
    seen = await asyncio.gather(*(work(principal, 6) for principal in everyone))

    for principal, owners in zip(everyone, seen, strict=True):
        assert owners <= {principal.user_id}
    assert {"usr_anna"} in seen


async def test_concurrent_users_over_http_never_see_each_other(backend: RunningBackend) -> None:
    """Many users who write and read at once get exactly their own threads (checklist 53)."""

    async def live(number: int) -> None:
        name = f"usr_{number:03}"
        async with backend.as_user(name) as client:
            for count in range(1, 4):
                await client.post("/api/threads", json={"title": f"{name} {count}"})
                listed = (await client.get("/api/threads")).json()["items"]
                assert len(listed) == count
                assert {item["title"].split()[0] for item in listed} == {name}
            session = (await client.get("/api/session")).json()
            assert session == {"principal": name, "kind": "user", "threads": 3}

    await asyncio.gather(*(live(number) for number in range(25)))
