"""Statements that are kept, under attack: what is judged once still holds for each session."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import (
    BindParameter,
    Delete,
    Select,
    Update,
    and_,
    bindparam,
    case,
    column,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    table,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, selectinload

from fakes.running_backend import migrated
from fakes.stores import plain, smuggle, store_url
from netra.errors import Conflict, InternalError
from netra.policy import CredentialMethod
from netra.principal import AuthenticatedPrincipal, ServicePrincipal, UserPrincipal
from netra.secret import Secret
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.isolation import constants, fence
from netra_backend.app.db.isolation.constants import OWNER_PARAMETER
from netra_backend.app.db.isolation.fence import Fence, FencedSession
from netra_backend.app.db.isolation.statement_rules import FenceCrossed
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.db.tables import Base, Message, Thread

BEARER: Final = CredentialMethod.BEARER
SECRET: Final = CredentialMethod.CLIENT_SECRET
THREADS: Final = Base.metadata.tables["threads"]

Rows = Callable[[str], list[tuple[Any, ...]]]


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


@pytest.fixture
async def database(store: Path) -> AsyncIterator[Database]:
    """Open a store in which two users have a thread with a message each.

    Anna's thread has a message of Berta's besides, which could never be stored with the foreign
    keys on; it is there to be looked for.
    """
    file = await migrated(store)
    with plain(file) as connection:
        for name in ("anna", "berta"):
            connection.execute(
                "INSERT INTO t_threads VALUES (?, ?, ?, 1, 1)",
                (f"thr_{name}", f"usr_{name}", f"thread of {name}"),
            )
            connection.execute(
                "INSERT INTO t_messages VALUES (?, ?, ?, 'user', ?, 1)",
                (f"msg_{name}", f"usr_{name}", f"thr_{name}", f"said by {name}"),
            )
    smuggle(
        file,
        "INSERT INTO t_messages VALUES "
        "('msg_smuggled', 'usr_berta', 'thr_anna', 'user', 'said by berta', 3)",
    )
    database = Database(open_engine(Secret(store_url(store)), pool_size=2))
    yield database
    await database.aclose()


async def found(
    database: Database,
    principal: AuthenticatedPrincipal,
    statement: Any,
    parameters: dict[str, Any] | None = None,
    *,
    whole: bool = False,
) -> list[tuple[Any, ...]]:
    """Run a kept statement in a session of its own, or as work done whole in a thread."""
    method = BEARER if isinstance(principal, UserPrincipal) else SECRET

    async def run(session: PrincipalSession) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await session.run_constant(statement, parameters or {})]

    if whole:
        return await database.work_for(principal, method, run)
    async with database.session_for(principal, method) as session:
        return await run(session)


def raw(session: PrincipalSession) -> AsyncSession:
    """Reach past the public methods, as a careless repository in the same process could."""
    reached = session._open
    assert isinstance(reached, AsyncSession)
    return reached


_ALIAS: Final = aliased(Thread)
READS: Final[dict[str, Select[*tuple[Any, ...]]]] = {
    "all": select(Thread.owner_id),
    "whole rows": select(Thread),
    "by a foreign owner": select(Thread.owner_id).where(Thread.owner_id == "usr_berta"),
    "or true": select(Thread.owner_id).where((Thread.owner_id == "usr_berta") | true()),
    "aliased": select(_ALIAS.owner_id),
    "joined": select(Message.owner_id, Message.text).join(Thread, Thread.id == Message.thread_id),
    "outer joined": select(Message.owner_id).join(Thread, true(), isouter=True),
    "crossed": select(_ALIAS.owner_id).join(Thread, true()),
    "subquery": select(select(Thread.owner_id).subquery()),
    "cte": select(select(Thread.owner_id).cte("every")),
    "scalar subquery": select(select(func.max(Thread.owner_id)).scalar_subquery()).select_from(
        Thread
    ),
    "in a subquery": select(Thread.owner_id).where(
        Thread.id.in_(select(Message.thread_id).where(Message.owner_id == "usr_berta"))
    ),
    "exists": select(Thread.owner_id).where(
        exists(select(Message.id).where(Message.owner_id == "usr_berta"))
    ),
    "grouped": select(Thread.owner_id).group_by(Thread.owner_id),
    "aliased subquery": select(aliased(Thread, select(Thread).subquery()).owner_id),
    "question of a thread": select(Thread.id, Message.text).outerjoin(
        Message, and_(Message.thread_id == Thread.id, Message.created_at == 3)
    ),
}


@pytest.mark.parametrize("whole", [False, True], ids=["session", "whole"])
@pytest.mark.parametrize("statement", READS.values(), ids=READS.keys())
async def test_a_kept_select_shows_each_principal_their_own(
    database: Database, statement: Select[*tuple[Any, ...]], *, whole: bool
) -> None:
    """The one statement, whoever ran it before, finds only the session's rows (checklist 52)."""
    for mine, other in ((ANNA, "berta"), (BERTA, "anna"), (ANNA, "berta")):
        shown = str(await found(database, mine, statement, whole=whole))
        assert other not in shown


async def test_interleaved_sessions_share_a_statement_and_no_rows(database: Database) -> None:
    """Sessions that are open at once and run one statement in turns stay apart (checklist 52)."""
    mine = select(Thread.owner_id, Thread.id).where(Thread.title != bindparam("title"))

    async def look(principal: UserPrincipal) -> set[str]:
        seen: set[str] = set()
        for number in range(6):
            async with database.session_for(principal, BEARER, writes=False) as session:
                for _ in range(3):
                    rows = await session.run_constant(mine, {"title": str(number)})
                    seen |= {row.owner_id for row in rows}
                    await asyncio.sleep(0)
            seen |= {row[0] for row in await found(database, principal, mine, {"title": ""})}
        return seen

    everyone = [user(name) for name in ("anna", "berta", "carla")] * 3
    seen = await asyncio.gather(*(look(principal) for principal in everyone))

    for principal, owners in zip(everyone, seen, strict=True):
        assert owners <= {principal.user_id}
    assert {"usr_anna"} in seen
    assert {"usr_berta"} in seen


async def test_services_and_users_never_share_a_criterion(database: Database) -> None:
    """One statement: nothing for a service, all for one that maintains, their own for users."""
    count = select(func.count(Thread.id))
    change = update(Thread).values(title=Thread.title + "!").returning(Thread.id)
    maintenance = service("data:maintain")
    expected = ((maintenance, 2), (service(), 0), (ANNA, 1), (maintenance, 2), (service(), 0))

    for principal, rows in (*expected, *reversed(expected), (BERTA, 1)):
        assert await found(database, principal, count) == [(rows,)]
        assert len(await found(database, principal, change)) == rows


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        (select(Thread.id), {OWNER_PARAMETER: "usr_berta"}),
        (select(Thread.id).where(Thread.id == bindparam("id")), {"id": "x", OWNER_PARAMETER: "b"}),
        (select(Thread.id).where(Thread.id == bindparam("id")), {}),
        (select(Thread.id), {"owner_id_1": "usr_berta"}),
        (select(Thread.id).where(Thread.title == "mine"), {"title_1": "thread of berta"}),
        (update(Thread).values(title="x"), {"owner_id": "usr_berta"}),
        (update(Thread).values(title="x"), {"updated_at": 7}),
        (update(Thread).values(title="x"), {OWNER_PARAMETER: "usr_berta"}),
        (delete(Thread), {"id": "thr_berta"}),
        (delete(Thread), {OWNER_PARAMETER: "usr_berta"}),
    ],
)
@pytest.mark.parametrize("principal", [ANNA, service(), service("data:maintain")], ids=str)
async def test_only_the_parameters_a_statement_names_may_be_given(
    database: Database,
    principal: AuthenticatedPrincipal,
    statement: Any,
    parameters: dict[str, Any],
    rows: Rows,
) -> None:
    """The owner's is the fence's; one that names a column, or nothing, is refused unexecuted."""
    before = rows("SELECT * FROM t_threads ORDER BY id")

    for _ in range(2):
        with pytest.raises(FenceCrossed):
            await found(database, principal, statement, parameters)

    assert rows("SELECT * FROM t_threads ORDER BY id") == before


_OWNERS: Final[BindParameter[Any]] = bindparam(OWNER_PARAMETER)
REFUSED: Final[dict[str, Any]] = {
    "the fence's parameter": select(Thread.id).where(Thread.owner_id == _OWNERS),
    "the fence's in a change": update(Thread).where(Thread.owner_id == _OWNERS).values(title="x"),
    "the fence's with a value": delete(Thread).where(
        Thread.owner_id == bindparam(OWNER_PARAMETER, "usr_berta")
    ),
    "a column's name": delete(Thread).where(Thread.id == bindparam("title")),
    "a column's name as a value": update(Thread).values(title=bindparam("owner_id")),
    "an option": select(Thread).options(selectinload(Thread.messages)),
    "text": text("SELECT * FROM t_threads"),
    "text in a where": select(Thread).where(text("1=1) OR (1=1")),
    "from a statement": select(Thread).from_statement(select(Thread)),
    "core select": select(THREADS),
    "core column": select(Message.id, THREADS.c.title),
    "core update": update(THREADS).values(title="mine"),
    "core delete": delete(THREADS),
    "literal column": select(literal_column("(SELECT title FROM t_threads)")).select_from(Thread),
    "a table by name": select(Thread.id, table("t_threads", column("title")).c.title),
    "union": union_all(select(Thread.title), select(THREADS.c.title)),
    "insert": insert(Thread).values(
        id="thr_x", owner_id="usr_anna", title="t", created_at=1, updated_at=1
    ),
    "given away": update(Thread).values(owner_id="usr_berta"),
    "given away by key": update(Thread).values({Thread.owner_id: "usr_berta"}),
    "raw strategy": update(Thread).values(title="x").execution_options(dml_strategy="core_only"),
    "another class": delete(Thread).where(Message.owner_id == "usr_berta"),
    "another class within": delete(Thread).where(
        exists(select(Message.id).where(Message.owner_id == "usr_berta"))
    ),
    "another's text": update(Thread).values(title=select(Message.text).scalar_subquery()),
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
async def test_what_cannot_be_fenced_is_not_kept_either(
    database: Database, statement: Any, rows: Rows
) -> None:
    """It is refused the first time and every time, for whoever asks."""
    before = rows("SELECT * FROM t_threads ORDER BY id")
    names = {OWNER_PARAMETER, "title", "owner_id"} & set(statement.compile().params)
    parameters = dict.fromkeys(names, "usr_berta")

    for principal in (ANNA, ANNA, service("data:maintain"), BERTA):
        with pytest.raises(FenceCrossed):
            await found(database, principal, statement, parameters)

    assert rows("SELECT * FROM t_threads ORDER BY id") == before


@pytest.mark.parametrize("whole", [False, True], ids=["session", "whole"])
async def test_kept_changes_stay_within_the_principals_rows(
    database: Database, rows: Rows, *, whole: bool
) -> None:
    """An update or delete that is kept changes each principal's own and no others."""
    rename = (
        update(Thread)
        .where((Thread.id == bindparam("thread")) | (Thread.title != ""))
        .values(title=bindparam("called"), updated_at=case((true(), Thread.updated_at + 1)))
        .returning(Thread.id)
    )
    empty = delete(Message)
    for principal, name in ((ANNA, "anna"), (BERTA, "berta")):
        asked = {"thread": "thr_berta", "called": f"by {name}"}
        assert await found(database, principal, rename, asked, whole=whole) == [(f"thr_{name}",)]
    assert rows("SELECT owner_id, title FROM t_threads ORDER BY id") == [
        ("usr_anna", "by anna"),
        ("usr_berta", "by berta"),
    ]

    await found(database, ANNA, empty, whole=whole)
    assert rows("SELECT DISTINCT owner_id FROM t_messages") == [("usr_berta",)]
    await found(database, service(), empty, whole=False)
    assert rows("SELECT DISTINCT owner_id FROM t_messages") == [("usr_berta",)]


def test_statements_are_told_apart_by_themselves() -> None:
    """What is kept is found by the very object: these have no equality or hash of their own."""
    for kind in (Select, Update, Delete):
        assert {"__eq__", "__hash__"}.isdisjoint(
            name for base in kind.__mro__ if base is not object for name in vars(base)
        )


def test_what_is_kept_goes_with_its_statement() -> None:
    """A statement that was made for once is not held for ever, under no reach."""
    session = FencedSession()
    session.put_up(Fence(owner="usr_anna"))
    makers: tuple[Callable[[], Any], ...] = (
        lambda: select(Thread.id),
        lambda: update(Thread).values(title="x"),
        lambda: delete(Thread),
    )
    for make in makers:
        statement = make()
        for reach in constants.Reach:
            constants.fenced(session, statement, frozenset(), reach)
        gone = weakref.ref(statement)
        del statement
        gc.collect()
        assert gone() is None


async def test_the_fenced_form_gives_nothing_without_its_owner(database: Database) -> None:
    """Whoever got hold of a statement with the criterion in it cannot put an owner in."""
    session = FencedSession()
    session.put_up(Fence(owner="usr_anna"))
    kept = constants.fenced(
        session, select(Thread.owner_id), frozenset(), constants.Reach.ONE_OWNER
    )

    with pytest.raises(FenceCrossed):
        await found(database, ANNA, kept, {OWNER_PARAMETER: "usr_berta"})
    with pytest.raises(FenceCrossed):
        await found(database, ANNA, kept)
    async with database.session_for(ANNA, BEARER) as opened:
        with pytest.raises(StatementError):
            await raw(opened).execute(kept)


def message(**changes: Any) -> dict[str, Any]:
    """Give the columns of a message of Anna's thread, but its owner."""
    values = {"id": "msg_x", "thread_id": "thr_anna", "author": "user", "text": "t"}
    return {**values, "created_at": 1, **changes}


async def test_a_row_put_in_belongs_to_the_sessions_principal(
    database: Database, rows: Rows
) -> None:
    """The fence names the owner; the row is there for the rest of the session's work."""
    async with database.session_for(ANNA, BEARER) as session:
        await session.put_in(Message, message())
        kept = await session.get(Message, "msg_x")
        assert kept is not None
        assert kept.owner_id == "usr_anna"

    assert rows("SELECT owner_id FROM t_messages WHERE id = 'msg_x'") == [("usr_anna",)]


@pytest.mark.parametrize(
    ("principal", "values", "error"),
    [
        (ANNA, message(owner_id="usr_anna"), FenceCrossed),
        (ANNA, message(owner_id="usr_berta"), FenceCrossed),
        (ANNA, message(unknown=1), FenceCrossed),
        (ANNA, {"id": "msg_x"}, FenceCrossed),
        (ANNA, {}, FenceCrossed),
        (service(), message(), FenceCrossed),
        (service("data:maintain"), message(), FenceCrossed),
        (BERTA, message(), Conflict),
        (ANNA, message(thread_id="thr_berta"), Conflict),
        (ANNA, message(id="msg_berta"), Conflict),
    ],
)
async def test_no_row_is_put_in_in_anothers_name_or_thread(
    database: Database,
    principal: AuthenticatedPrincipal,
    values: dict[str, Any],
    error: type[InternalError],
    rows: Rows,
) -> None:
    """An owner may not be named, a row is whole, and the keys refuse another's thread."""
    before = rows("SELECT * FROM t_messages ORDER BY id")
    method = BEARER if isinstance(principal, UserPrincipal) else SECRET

    async def put(session: PrincipalSession) -> None:
        await session.put_in(Message, values)

    with pytest.raises(error):
        await database.work_for(principal, method, put)
    with pytest.raises(error):
        async with database.session_for(principal, method) as session:
            await put(session)

    assert rows("SELECT * FROM t_messages ORDER BY id") == before


@pytest.mark.parametrize("value", [literal_column("'x'"), text("'x'"), Thread.title, ["a"]])
async def test_a_value_is_never_sql(database: Database, value: Any, rows: Rows) -> None:
    """What is put in or given as a parameter is bound: an expression in its place is refused."""
    change = update(Thread).values(title=bindparam("called"))
    before = rows("SELECT * FROM t_threads ORDER BY id"), rows("SELECT * FROM t_messages")

    async def put(session: PrincipalSession) -> None:
        await session.put_in(Message, message(text=value))

    with pytest.raises(StatementError):
        await database.work_for(ANNA, BEARER, put)
    with pytest.raises(StatementError):
        await found(database, ANNA, change, {"called": value})

    after = rows("SELECT * FROM t_threads ORDER BY id"), rows("SELECT * FROM t_messages")
    assert after == before


@pytest.mark.parametrize("entity", [object, Base, str])
async def test_only_a_row_of_an_owned_class_is_put_in(database: Database, entity: Any) -> None:
    """A class that stands for no table of owned rows is refused."""
    async with database.session_for(ANNA, BEARER) as session:
        with pytest.raises(FenceCrossed):
            await session.put_in(entity, {})


async def test_what_pends_is_written_before_a_kept_statement(database: Database) -> None:
    """A row that was only added is seen by the next statement; a foreign one stops it."""
    count = select(func.count(Thread.id))
    async with database.session_for(ANNA, BEARER) as session:
        session.add(Thread(id="thr_y", owner_id="usr_anna", title="t", created_at=1, updated_at=1))
        assert [tuple(row) for row in await session.run_constant(count, {})] == [(2,)]

    async def smuggle() -> None:
        async with database.session_for(ANNA, BEARER) as session:
            session.add(
                Thread(id="thr_z", owner_id="usr_berta", title="t", created_at=1, updated_at=1)
            )
            await session.run_constant(count, {})

    with pytest.raises(FenceCrossed):
        await smuggle()


async def test_a_session_that_ended_or_has_no_fence_runs_nothing(database: Database) -> None:
    """Kept statements need a session like any other."""
    count = select(func.count(Thread.id))
    async with database.session_for(ANNA, BEARER) as session:
        await session.run_constant(count, {})
    with pytest.raises(InternalError, match="ended"):
        await session.run_constant(count, {})
    with pytest.raises(InternalError, match="ended"):
        await session.put_in(Message, message())
    with pytest.raises(FenceCrossed):
        fence.run_constant(FencedSession(), count, {})
    with pytest.raises(FenceCrossed):
        fence.put_in(FencedSession(), Message, message())
