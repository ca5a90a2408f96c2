"""Reading and erasing a journal within its owner's session."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from fakes.running_backend import migrated
from fakes.unfinished_runs import ANNA, BEARER, BERT, a_write, accept, opened
from netra.principal import UserPrincipal
from netra.wire.chat_protocol import RunEvent, server_frame
from netra_backend.app.db.session import Database
from netra_backend.app.db.tables import Event, Thread
from netra_backend.app.events.group_commit import prepared, write_together
from netra_backend.app.events.journal import (
    PAGE_BYTES,
    JournaledEvent,
    erase_everything,
    erase_thread,
    events_after,
    head,
    unfinished_from,
)


@pytest.fixture
async def database(store: Path) -> AsyncIterator[Database]:
    """Open the test's store, with a run of Anna's and one of Bert's that are worked on."""
    async with opened(await migrated(store)) as database:
        await accept(database, ANNA, "run_a", epoch=1)
        await accept(database, BERT, "run_b", epoch=1)
        yield database


async def say(
    database: Database,
    principal: UserPrincipal,
    run_id: str,
    *keys: str,
    ends_run: bool = False,
) -> list[JournaledEvent]:
    """Write to a journal; gives what would be published."""
    write = prepared(a_write(principal, run_id, *keys, ends_run=ends_run))
    outcome = await write_together(database, [write], looks=False)
    assert outcome.refused == {}
    return outcome.events[principal.user_id]


async def read(
    database: Database, after: int, limit: int = 100, principal: UserPrincipal = ANNA
) -> list[JournaledEvent]:
    """Read a journal as its owner."""
    async with database.session_for(principal, BEARER, writes=False) as session:
        return list(await events_after(session, after, limit))


async def numbers(database: Database, principal: UserPrincipal = ANNA) -> tuple[int, int]:
    """Give the head, and from where nothing of an unfinished run is missed."""
    async with database.session_for(principal, BEARER, writes=False) as session:
        return await head(session), await unfinished_from(session)


async def test_what_is_read_is_what_was_published(database: Database) -> None:
    """The same events with the same frames, from any place and at most so many."""
    told = await say(database, ANNA, "run_a", "one", "two", "three")
    await say(database, BERT, "run_b", "one")

    assert await read(database, 0) == told
    assert await read(database, 1, limit=1) == told[1:2]
    assert await read(database, 3) == []


async def test_a_page_has_so_many_bytes(database: Database) -> None:
    """Large events come few at a time and none is left out, however large (checklist 56)."""
    told = await say(database, ANNA, "run_a", *map(str, range(6)))
    sizes = [PAGE_BYTES // 4, PAGE_BYTES // 2, PAGE_BYTES // 2, PAGE_BYTES + 1, 10, 10]
    async with database.session_for(ANNA, BEARER) as session:
        for event, size in zip(told, sizes, strict=True):
            # Two bytes for each character: bytes are counted.
            text = json.dumps("\u00e4" * (size // 2 - 1), ensure_ascii=False)
            await session.execute(update(Event).where(Event.seq == event.seq).values(payload=text))

    pages = [[event.seq for event in await read(database, after)] for after in range(6)]

    assert pages == [[1, 2], [2, 3], [3], [4], [5, 6], [6]]


async def test_a_journal_is_its_owners_alone(database: Database) -> None:
    """Nobody reads, counts or empties another's journal (checklist 53)."""
    await say(database, ANNA, "run_a", "one")
    async with database.session_for(BERT, BEARER) as session:
        await erase_thread(session, "thr_run_a")
        await erase_everything(session)

    assert await read(database, 0, principal=BERT) == []
    assert await numbers(database, BERT) == (0, 0)
    [kept] = await read(database, 0)
    assert '"text":"hm"' in kept.frame


async def test_an_empty_journal_begins_at_nothing(database: Database) -> None:
    """Without an event the head is 0, whether a run waits or not."""
    assert await numbers(database) == (0, 0)


async def test_nothing_of_an_unfinished_run_is_missed(database: Database) -> None:
    """Reading begins before its first event; what other runs said in between comes along."""
    await accept(database, ANNA, "run_c", epoch=1)
    await accept(database, ANNA, "run_d")
    await say(database, ANNA, "run_a", "one")
    await say(database, ANNA, "run_c", "one")
    assert await numbers(database) == (2, 0)

    await say(database, ANNA, "run_a", "last", ends_run=True)
    assert await numbers(database) == (3, 1)

    await say(database, ANNA, "run_c", "last", ends_run=True)
    assert await numbers(database) == (4, 4)


async def test_a_deleted_threads_events_are_emptied(database: Database) -> None:
    """Their numbers and ids stay, so no gap opens; the head and other threads do not change."""
    await accept(database, ANNA, "run_c", epoch=1)
    await say(database, ANNA, "run_a", "one")
    [other] = await say(database, ANNA, "run_c", "two")
    async with database.session_for(ANNA, BEARER) as session:
        thread = await session.get(Thread, "thr_run_a")
        assert thread is not None
        await session.execute(delete(Thread).where(Thread.id == thread.id))
        await session.flush()
        await erase_thread(session, "thr_run_a")

    erased, kept = await read(database, 0)
    frame = server_frame(erased.frame)
    assert isinstance(frame, RunEvent)
    assert frame.payload == {"erased": True}
    assert (erased.seq, erased.run_id) == (1, "run_a")
    assert kept == other
    assert await numbers(database) == (2, 1)


async def test_an_erased_journal_begins_anew(database: Database) -> None:
    """When a person's data is erased only the journal's number stays, of others everything."""
    await say(database, ANNA, "run_a", "one", "two")
    await say(database, BERT, "run_b", "one")
    async with database.session_for(ANNA, BEARER) as session:
        await erase_everything(session)

    assert await numbers(database) == (3, 3)
    assert await read(database, 0) == []
    assert await numbers(database, BERT) == (1, 0)
    [first] = await say(database, ANNA, "run_a", "one")
    assert first.seq == 4
