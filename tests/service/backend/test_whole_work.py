"""Work done whole in a thread: the same session, fence and commit as any other's."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from fakes.run_engines import SUBPROTOCOL, Journal, person
from fakes.stores import store_url
from netra.errors import Conflict, DatabaseUnavailable, InternalError, NotFound, PermissionDenied
from netra.policy import CredentialMethod
from netra.secret import Secret
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.isolation.statement_rules import FenceCrossed
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.db.tables import Thread


@pytest.fixture
async def database(store: Path, journal: Journal) -> AsyncIterator[Database]:
    """Open the test's store."""
    assert journal.rows("SELECT * FROM t_threads") == []
    opened = Database(open_engine(Secret(store_url(store))))
    yield opened
    await opened.aclose()


def thread_of(owner_id: str, thread_id: str = "thr_1") -> Thread:
    """Make a thread that is not stored yet."""
    return Thread(id=thread_id, owner_id=owner_id, title="t", created_at=1, updated_at=1)


async def adds(session: PrincipalSession) -> str:
    """Store a thread of the session's owner."""
    session.add(thread_of(session.owner_id, f"thr_{session.owner_id}"))
    await session.flush()
    return session.owner_id


async def titles(session: PrincipalSession) -> list[str]:
    """Read the owners of all threads that can be read."""
    return [thread.owner_id for thread in await session.scalars(select(Thread))]


async def test_what_is_done_is_committed_and_only_the_owners_own_is_seen(
    database: Database,
) -> None:
    """Two people's work stays apart as in any session (checklist 52)."""
    for name in ("anna", "berta"):
        assert await database.work_for(person(name), SUBPROTOCOL, adds) == f"usr_{name}"

    for name in ("anna", "berta"):
        seen = await database.work_for(person(name), SUBPROTOCOL, titles, writes=False)
        assert seen == [f"usr_{name}"]


async def test_the_fence_stands_in_the_thread_too(database: Database, journal: Journal) -> None:
    """Another's row, another's id, and SQL by hand are refused or not found."""
    await database.work_for(person("berta"), SUBPROTOCOL, adds)

    async def writes_for_another(session: PrincipalSession) -> None:
        session.add(thread_of("usr_berta"))
        await session.flush()

    async def reads_anothers(session: PrincipalSession) -> Thread | None:
        return await session.get(Thread, "thr_usr_berta")

    async def reads_by_hand(session: PrincipalSession) -> object:
        return await session.scalar(text("SELECT id FROM t_threads"))  # type: ignore[arg-type]  # what the fence is for

    for work in (writes_for_another, reads_by_hand):
        with pytest.raises(FenceCrossed):
            await database.work_for(person(), SUBPROTOCOL, work)
    assert await database.work_for(person(), SUBPROTOCOL, reads_anothers) is None
    assert journal.rows("SELECT owner_id FROM t_threads") == [("usr_berta",)]


@pytest.mark.sqlite_only
async def test_work_that_fails_leaves_nothing(database: Database, journal: Journal) -> None:
    """Whatever the work raises, nothing of it is stored, and the next work goes on."""

    async def fails(session: PrincipalSession) -> None:
        await adds(session)
        raise NotFound("not there")

    async def twice(session: PrincipalSession) -> None:
        await adds(session)
        session.add(thread_of(session.owner_id, f"thr_{session.owner_id}"))
        await session.flush()

    async def waits(session: PrincipalSession) -> None:
        await adds(session)
        await asyncio.sleep(0)

    async def with_a_timer(session: PrincipalSession) -> None:
        await adds(session)
        await asyncio.get_running_loop().create_future()

    with pytest.raises(NotFound):
        await database.work_for(person(), SUBPROTOCOL, fails)
    with pytest.raises(Conflict):
        await database.work_for(person(), SUBPROTOCOL, twice)
    with pytest.raises(InternalError, match="awaited something else"):
        await database.work_for(person(), SUBPROTOCOL, waits)
    with pytest.raises(RuntimeError, match="no running event loop"):
        await database.work_for(person(), SUBPROTOCOL, with_a_timer)
    assert journal.rows("SELECT * FROM t_threads") == []
    assert await database.work_for(person(), SUBPROTOCOL, adds) == "usr_anna"


async def test_it_is_for_those_who_may(database: Database) -> None:
    """A credential that opens no session opens none here, and a session ends with its work."""
    kept: list[PrincipalSession] = []

    async def keeps(session: PrincipalSession) -> None:
        kept.append(session)

    with pytest.raises(PermissionDenied):
        await database.work_for(person(), CredentialMethod.CLIENT_SECRET, adds)
    await database.work_for(person(), SUBPROTOCOL, keeps)
    with pytest.raises(InternalError, match="ended"):
        await kept[0].get(Thread, "thr_1")


async def test_it_takes_its_turn_among_those_who_write(
    database: Database, journal: Journal
) -> None:
    """While another session writes, the work waits; then both are stored."""
    async with database.session_for(person("berta"), SUBPROTOCOL) as session:
        await adds(session)
        waiting = asyncio.create_task(database.work_for(person(), SUBPROTOCOL, adds))
        await asyncio.sleep(0)
        assert journal.rows("SELECT * FROM t_threads") == []
    assert await waiting == "usr_anna"

    assert len(journal.rows("SELECT * FROM t_threads")) == 2


async def test_work_that_was_begun_ends_although_nobody_waits(
    database: Database, journal: Journal
) -> None:
    """Cancelling who waits does not tear the work apart: it is stored whole."""
    task = asyncio.create_task(database.work_for(person(), SUBPROTOCOL, adds))
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,))
    await database.work_for(person("berta"), SUBPROTOCOL, adds)

    owners = {owner for (owner,) in journal.rows("SELECT owner_id FROM t_threads")}
    assert owners >= {"usr_berta"}


@pytest.mark.sqlite_only
async def test_a_store_that_is_away_is_an_outage(
    database: Database, store: Path, journal: Journal
) -> None:
    """A missing file is `DatabaseUnavailable`, and nothing is made in its place."""
    assert journal.rows("SELECT * FROM t_threads") == []
    await asyncio.to_thread(store.unlink)

    with pytest.raises(DatabaseUnavailable):
        await database.work_for(person(), SUBPROTOCOL, adds)

    assert not await asyncio.to_thread(store.exists)
