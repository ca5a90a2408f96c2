"""The writer of journals on a real store: order, fencing, faults, outages, its own death."""

import asyncio
import json
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.util import await_only

from fakes.log_lines import LogLines
from fakes.running_backend import migrated
from fakes.stores import plain, smuggle
from fakes.timing import UNIT, eventually
from fakes.unfinished_runs import ANNA, BEARER, BERT, a_write, accept, opened, person, thought
from netra.errors import DatabaseUnavailable, InternalError, PermissionDenied
from netra.policy import CredentialMethod
from netra.principal import UserPrincipal
from netra.wire.chat_protocol import MAX_EVENT_BYTES, EventName, RunEvent, server_frame
from netra_backend.app.db.session import Database
from netra_backend.app.events.bus import MemoryBus
from netra_backend.app.events.journal import JournaledEvent
from netra_backend.app.events.writer import EventWriter, LeaseLost, RunWrite

Rows = Callable[[str], list[tuple[Any, ...]]]

KEYS: Final = "SELECT seq, key FROM t_events WHERE owner_id = 'usr_anna' ORDER BY seq"


class Heard:
    """What the bus carried, by owner."""

    def __init__(self, bus: MemoryBus, *owners: str) -> None:
        self.events: list[JournaledEvent] = []
        for owner in owners or ("usr_anna", "usr_bert"):
            bus.subscribe(owner, self.events.extend)

    def seqs_of(self, owner: str = "usr_anna") -> list[int]:
        """Give the numbers in the order they were heard."""
        return [event.seq for event in self.events if event.owner_id == owner]


@pytest.fixture
async def database(store: Path) -> AsyncIterator[Database]:
    """Open the test's store, with a run of Anna's and one of Bert's that are worked on."""
    async with opened(await migrated(store)) as database:
        await accept(database, ANNA, "run_a", epoch=1)
        await accept(database, BERT, "run_b", epoch=1)
        yield database


@pytest.fixture
def bus() -> MemoryBus:
    """Give a bus."""
    return MemoryBus()


@pytest.fixture
def heard(bus: MemoryBus) -> Heard:
    """Listen to the bus."""
    return Heard(bus)


@asynccontextmanager
async def running(writer: EventWriter) -> AsyncIterator[asyncio.Task[None]]:
    """Let a writer write for the length of the context."""
    task = asyncio.create_task(writer.run())
    try:
        await eventually(lambda: writer.problem is None, within=10 * UNIT)
        yield task
    finally:
        task.cancel()
        await asyncio.wait((task,))


@pytest.fixture
async def writer(database: Database, bus: MemoryBus) -> AsyncIterator[EventWriter]:
    """Run a writer."""
    writer = EventWriter(database, bus)
    async with running(writer):
        yield writer


def beneath(database: Database) -> Engine:
    """Give the engine whose connection the writer uses."""
    return database._transactions._for_runs or database._engine.sync_engine


def outage() -> OperationalError:
    """Make the error of a store that cannot be read."""
    away = sqlite3.OperationalError("disk I/O error")
    away.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return OperationalError("COMMIT", None, away)


async def errors_of(futures: Sequence[asyncio.Future[None]]) -> list[type[BaseException] | None]:
    """Give what became of each write."""
    found = await asyncio.gather(*futures, return_exceptions=True)
    return [None if outcome is None else type(outcome) for outcome in found]


async def test_an_event_is_committed_before_it_is_published(
    store: Path, writer: EventWriter, bus: MemoryBus
) -> None:
    """Whoever hears of an event finds it in the journal, as another process would read it."""
    found: list[tuple[Any, ...]] = []

    def look(events: Sequence[JournaledEvent]) -> None:
        assert [event.seq for event in events] == [1, 2]
        with plain(store) as connection:
            found.extend(connection.execute(KEYS))

    bus.subscribe("usr_anna", look)
    await writer.submit(a_write(ANNA, "run_a", "one", "two"))

    assert found == [(1, "run_a:one"), (2, "run_a:two")]


async def test_what_is_published_is_the_frame_that_clients_get(
    writer: EventWriter, heard: Heard
) -> None:
    """The frame is the protocol's, with the payload as it was given."""
    event = thought("run_a", "one", '{"text":"wie schön","deep":[1,{"a":null}]}'.encode())
    await writer.submit(RunWrite(ANNA, BEARER, "run_a", 1, (event,)))

    [told] = heard.events
    frame = server_frame(told.frame)
    assert isinstance(frame, RunEvent)
    assert frame.payload == {"text": "wie schön", "deep": [1, {"a": None}]}
    assert (frame.type, frame.seq, frame.run_id) == (EventName.AGENT_THINKING, 1, "run_a")
    assert (frame.thread_id, frame.timestamp) == (event.thread_id, event.timestamp)


async def test_journals_of_many_people_are_gapless_and_in_order(
    store: Path, database: Database, rows: Rows
) -> None:
    """Writes of twenty people from sixty tasks: each journal counts 1, 2, 3 in its runs' order.

    Two writers of two processes take part, so the numbers come from the store alone.
    """
    people = [person(f"p{number}") for number in range(20)]
    for number, principal in enumerate(people):
        for part in "xyz":
            await accept(database, principal, f"run_{number}{part}", epoch=1)
    bus = MemoryBus()
    heard = Heard(bus, *(principal.user_id for principal in people))

    async def say(writer: EventWriter, principal: UserPrincipal, run_id: str) -> None:
        for step in range(10):
            await writer.ready()
            future = writer.submit(a_write(principal, run_id, f"{step:02}a", f"{step:02}b"))
            if step % 3 == 0:
                await future
        await writer.flushed()

    async with opened(store) as second:
        writers = [EventWriter(database, bus), EventWriter(second, bus)]
        async with running(writers[0]), running(writers[1]):
            await asyncio.gather(
                *(
                    say(writers[(number + ord(part)) % 2], principal, f"run_{number}{part}")
                    for number, principal in enumerate(people)
                    for part in "xyz"
                )
            )

    written = rows("SELECT owner_id, seq, key FROM t_events ORDER BY owner_id, seq")
    for number, principal in enumerate(people):
        journal = [(seq, key) for owner, seq, key in written if owner == principal.user_id]
        assert [seq for seq, _key in journal] == list(range(1, 61))
        for part in "xyz":
            own = [key for _seq, key in journal if key.startswith(f"run_{number}{part}:")]
            assert own == sorted(own)
            assert len(own) == 20
        assert sorted(heard.seqs_of(principal.user_id)) == list(range(1, 61))


async def test_what_waits_is_committed_together(database: Database, bus: MemoryBus) -> None:
    """A hundred writes that wait are one transaction, each owner's events one publication."""
    commits: list[object] = []
    event.listen(beneath(database), "commit", lambda _connection: commits.append(None))
    told: list[int] = []
    bus.subscribe("usr_anna", lambda events: told.append(len(events)))
    writer = EventWriter(database, bus)
    futures = [writer.submit(a_write(ANNA, "run_a", f"{number}")) for number in range(50)]
    futures += [writer.submit(a_write(BERT, "run_b", f"{number}")) for number in range(50)]
    async with running(writer):
        await asyncio.gather(*futures)

    assert len(commits) == 1
    assert told == [50]


async def test_a_transaction_holds_so_many_events(database: Database, bus: MemoryBus) -> None:
    """What is more than one transaction may hold goes into the next, in order."""
    commits: list[object] = []
    event.listen(beneath(database), "commit", lambda _connection: commits.append(None))
    heard = Heard(bus)
    writer = EventWriter(database, bus)
    futures = [writer.submit(a_write(ANNA, "run_a", f"{number}")) for number in range(501)]
    big = thought("run_a", "big", b'{"text":"%s"}' % (b"x" * 60_000))
    futures += [
        writer.submit(RunWrite(BERT, BEARER, "run_b", 1, (thought("run_b", f"{n}", big.payload),)))
        for n in range(40)
    ]
    async with running(writer):
        await asyncio.gather(*futures)

    assert len(commits) == 4
    assert heard.seqs_of("usr_anna") == list(range(1, 502))
    assert heard.seqs_of("usr_bert") == list(range(1, 41))


async def test_an_older_epoch_writes_nothing(
    database: Database, writer: EventWriter, rows: Rows
) -> None:
    """A process whose run was taken over is refused, the others of its batch are not."""
    await accept(database, ANNA, "run_c", epoch=2)

    outcomes = await errors_of(
        [
            writer.submit(a_write(ANNA, "run_a", "one")),
            writer.submit(a_write(ANNA, "run_c", "stale")),
            writer.submit(a_write(ANNA, "run_c", "fresh", epoch=2)),
            writer.submit(a_write(BERT, "run_b", "one")),
        ]
    )

    assert outcomes == [None, LeaseLost, None, None]
    assert rows(KEYS) == [(1, "run_a:one"), (2, "run_c:fresh")]


async def test_a_run_that_is_not_the_principals_is_not_written(
    writer: EventWriter, rows: Rows, heard: Heard
) -> None:
    """The lease that fences a write is the principal's own: nobody writes of another's run."""
    outcomes = await errors_of([writer.submit(a_write(BERT, "run_a", "forged"))])

    assert outcomes == [LeaseLost]
    assert rows("SELECT * FROM t_events") == []
    assert heard.events == []


async def test_a_principal_the_policy_refuses_writes_nothing(
    writer: EventWriter, rows: Rows
) -> None:
    """Each write needs what a session needs; the refusal is that write's alone."""
    refused = a_write(ANNA, "run_a", "one", method=CredentialMethod.CLIENT_SECRET)

    outcomes = await errors_of(
        [writer.submit(refused), writer.submit(a_write(BERT, "run_b", "one"))]
    )

    assert outcomes == [PermissionDenied, None]
    assert rows("SELECT key FROM t_events") == [("run_b:one",)]


async def test_after_a_failed_write_the_run_writes_no_more_under_that_epoch(
    store: Path, writer: EventWriter, rows: Rows
) -> None:
    """An event is never left out with later ones written; taken anew, the run goes on."""
    bad = RunWrite(ANNA, BEARER, "run_a", 1, (thought("run_a", "two", b"no json"),))

    outcomes = await errors_of(
        [
            writer.submit(a_write(ANNA, "run_a", "one")),
            writer.submit(bad),
            writer.submit(a_write(ANNA, "run_a", "three")),
        ]
    )
    later = await errors_of([writer.submit(a_write(ANNA, "run_a", "four"))])
    smuggle(store, "UPDATE t_run_leases SET epoch = 2")
    anew = a_write(ANNA, "run_a", "one", "two", "three", epoch=2)
    again = await errors_of([writer.submit(anew)])

    assert outcomes == [None, InternalError, InternalError]
    assert later == [InternalError]
    assert again == [None]
    assert rows(KEYS) == [(1, "run_a:one"), (2, "run_a:two"), (3, "run_a:three")]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"no json",
        b"[1]",
        b'"text"',
        b'{"text":"a"} {}',
        b'{"text":"\xff"}',
        b'{"text":"%s"}' % (b"x" * MAX_EVENT_BYTES),
    ],
    ids=["empty", "no-json", "list", "string", "two", "no-utf8", "too-large"],
)
async def test_a_payload_that_no_client_could_read_is_not_written(
    writer: EventWriter, rows: Rows, logged: LogLines, payload: bytes
) -> None:
    """It fails alone, and is logged by its run and kind without what it says."""
    event = thought("run_a", "one", payload)

    outcomes = await errors_of(
        [
            writer.submit(RunWrite(ANNA, BEARER, "run_a", 1, (event,))),
            writer.submit(a_write(BERT, "run_b", "one")),
        ]
    )

    assert outcomes == [InternalError, None]
    assert rows("SELECT key FROM t_events") == [("run_b:one",)]
    line = logged.only("journal_write_failed")
    assert line["run_id"] == "run_a"
    assert "xxxx" not in logged.text
    assert "no json" not in logged.text


async def test_a_write_the_database_refuses_fails_alone(
    writer: EventWriter, rows: Rows, heard: Heard, logged: LogLines
) -> None:
    """One poisoned write in the middle of a batch costs the others nothing but a second try."""
    outcomes = await errors_of(
        [
            writer.submit(a_write(BERT, "run_b", "one")),
            writer.submit(a_write(ANNA, "run_a", "same", "same")),
            writer.submit(a_write(BERT, "run_b", "two")),
        ]
    )

    assert outcomes == [None, InternalError, None]
    assert rows("SELECT seq, key FROM t_events") == [(1, "run_b:one"), (2, "run_b:two")]
    assert heard.seqs_of("usr_bert") == [1, 2]
    assert logged.only("journal_write_failed")["error_type"] == "IntegrityError"
    assert writer.problem is None


async def test_a_resumed_run_says_nothing_twice(
    database: Database, writer: EventWriter, rows: Rows, heard: Heard
) -> None:
    """From the second epoch on, what is in the journal stays as it is and is published again."""
    await accept(database, ANNA, "run_c", epoch=2)
    await writer.submit(a_write(ANNA, "run_c", "one", "two", epoch=2))
    other = RunWrite(
        ANNA,
        BEARER,
        "run_c",
        2,
        (
            thought("run_c", "one"),
            thought("run_c", "two", b'{"text":"otherwise"}'),
            thought("run_c", "three"),
        ),
    )
    await writer.submit(other)

    assert rows(KEYS) == [(1, "run_c:one"), (2, "run_c:two"), (3, "run_c:three")]
    assert heard.seqs_of() == [1, 2, 1, 2, 3]
    assert "otherwise" not in "".join(event.frame for event in heard.events)


async def test_the_end_of_a_run_is_its_last_event(writer: EventWriter, rows: Rows) -> None:
    """The lease goes with the last event; what comes after it, even in one batch, is refused."""
    outcomes = await errors_of(
        [
            writer.submit(a_write(ANNA, "run_a", "last", ends_run=True)),
            writer.submit(a_write(ANNA, "run_a", "after")),
        ]
    )

    assert outcomes == [None, LeaseLost]
    assert rows("SELECT run_id FROM t_run_leases") == [("run_b",)]
    assert rows(KEYS) == [(1, "run_a:last")]


@pytest.mark.sqlite_only
async def test_an_unanswering_store_fails_what_was_to_be_written(
    store: Path, database: Database, bus: MemoryBus, logged: LogLines, rows: Rows
) -> None:
    """Each write is told that the database is away, the health report too; then it goes on."""
    await accept(database, ANNA, "run_c", epoch=1)
    aside = store.with_name("aside.db")
    writer = EventWriter(database, bus)
    async with running(writer):
        shutil.move(store, aside)
        outcomes = await errors_of(
            [
                writer.submit(a_write(ANNA, "run_a", "one")),
                writer.submit(a_write(BERT, "run_b", "one")),
            ]
        )
        problem = writer.problem
        shutil.move(aside, store)
        await writer.submit(a_write(ANNA, "run_c", "one"))

        assert outcomes == [DatabaseUnavailable, DatabaseUnavailable]
        assert problem
        assert writer.problem is None
    assert rows(KEYS) == [(1, "run_c:one")]
    assert logged.only("journal_unavailable")
    assert logged.only("journal_available")


async def test_a_commit_that_took_effect_unseen_is_found(
    database: Database, bus: MemoryBus, heard: Heard, rows: Rows
) -> None:
    """When the answer to a commit is lost, the journal is asked: nothing is doubled or unheard."""
    engine = beneath(database)

    def commit_and_lose(connection: Any) -> None:
        event.remove(engine, "commit", commit_and_lose)
        connection.connection.dbapi_connection.commit()
        raise outage()

    event.listen(engine, "commit", commit_and_lose)
    writer = EventWriter(database, bus)
    futures = [
        writer.submit(a_write(ANNA, "run_a", "one")),
        writer.submit(a_write(ANNA, "run_a", "last", ends_run=True)),
        writer.submit(a_write(BERT, "run_b", "one")),
    ]
    async with running(writer):
        outcomes = await errors_of(futures)

    assert outcomes == [None, None, None]
    assert rows(KEYS) == [(1, "run_a:one"), (2, "run_a:last")]
    assert heard.seqs_of() == [1, 2]
    assert heard.seqs_of("usr_bert") == [1]


async def test_a_commit_that_did_not_take_effect_is_done_again(
    database: Database, bus: MemoryBus, heard: Heard, rows: Rows
) -> None:
    """When the commit is lost itself, what it held is written after all, once."""
    engine = beneath(database)

    def lose(_connection: Any) -> None:
        event.remove(engine, "commit", lose)
        raise outage()

    event.listen(engine, "commit", lose)
    writer = EventWriter(database, bus)
    async with running(writer):
        await writer.submit(a_write(ANNA, "run_a", "one", "last", ends_run=True))

    assert rows(KEYS) == [(1, "run_a:one"), (2, "run_a:last")]
    assert heard.seqs_of() == [1, 2]


async def test_a_store_that_stays_away_after_a_lost_commit_leaves_doubt(
    database: Database, bus: MemoryBus, rows: Rows
) -> None:
    """Nobody is told that something was, or was not, written when that is not known."""
    await accept(database, ANNA, "run_c", epoch=1)

    def lose(_connection: Any) -> None:
        raise outage()

    event.listen(beneath(database), "commit", lose)
    writer = EventWriter(database, bus)
    futures = [
        writer.submit(a_write(ANNA, "run_a", "one")),
        writer.submit(a_write(ANNA, "run_c", "one")),
    ]
    async with running(writer):
        outcomes = await errors_of(futures)

    assert outcomes == [InternalError, InternalError]
    assert rows(KEYS) == []


async def test_a_writer_that_dies_lets_nobody_wait(
    database: Database, bus: MemoryBus, heard: Heard
) -> None:
    """What it had in hand and what waited fails at once, as does what comes while it is dead.

    Begun again, it writes.
    """
    writer = EventWriter(database, bus)
    arrived, held, released = asyncio.Event(), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    of_loop = threading.get_ident()

    def die(_connection: Any) -> None:
        loop.call_soon_threadsafe(arrived.set)
        if threading.get_ident() == of_loop:
            await_only(released.wait())
        else:
            held.wait()

    event.listen(beneath(database), "begin", die)
    async with running(writer) as task:
        in_hand = writer.submit(a_write(ANNA, "run_a", "one"))
        await asyncio.wait_for(arrived.wait(), 10 * UNIT)
        waiting = writer.submit(a_write(BERT, "run_b", "one"))
        flushing = asyncio.create_task(writer.flushed())
        await asyncio.sleep(0)
        task.cancel()
        outcomes = await asyncio.wait_for(errors_of([in_hand, waiting]), 10 * UNIT)
        await asyncio.wait_for(flushing, 10 * UNIT)
        late = await errors_of([writer.submit(a_write(BERT, "run_b", "two"))])
        await asyncio.wait_for(writer.flushed(), 10 * UNIT)
        problem = writer.problem
    held.set()
    released.set()
    event.remove(beneath(database), "begin", die)
    await accept(database, ANNA, "run_c", epoch=1)
    async with running(writer):
        await writer.submit(a_write(ANNA, "run_c", "one"))

    assert outcomes == [InternalError, InternalError]
    assert late == [InternalError]
    assert problem
    assert heard.events[-1].run_id == "run_c"


async def test_there_is_one_writer(writer: EventWriter) -> None:
    """A second `run` of one writer is refused and does not harm the first."""
    with pytest.raises(InternalError):
        await writer.run()

    await writer.submit(a_write(ANNA, "run_a", "one"))


async def test_who_may_submit_waits_until_there_is_room(database: Database, bus: MemoryBus) -> None:
    """With as much waiting as may, `ready` lets nobody pass before some of it is written."""
    writer = EventWriter(database, bus, max_pending=2)
    await asyncio.wait_for(writer.ready(), 10 * UNIT)
    writer.submit(a_write(ANNA, "run_a", "one", "two"))
    passing = asyncio.create_task(writer.ready())
    await asyncio.sleep(0)

    assert not passing.done()

    async with running(writer):
        await asyncio.wait_for(passing, 10 * UNIT)


async def test_flushing_waits_for_what_was_submitted_before(
    writer: EventWriter, rows: Rows
) -> None:
    """After it everything submitted before is in the journal or has failed."""
    writer.submit(a_write(ANNA, "run_a", "one"))
    failed = writer.submit(a_write(ANNA, "run_b", "one"))
    await writer.flushed()

    assert rows(KEYS) == [(1, "run_a:one")]
    assert isinstance(failed.exception(), LeaseLost)


async def test_a_cancelled_wait_takes_nothing_back(writer: EventWriter, rows: Rows) -> None:
    """Who stops waiting for a write has it written nevertheless, and harms nobody."""
    future = writer.submit(a_write(ANNA, "run_a", "one"))
    future.cancel()
    await writer.submit(a_write(ANNA, "run_a", "two"))

    assert rows(KEYS) == [(1, "run_a:one"), (2, "run_a:two")]


async def test_a_broken_sink_costs_nobody_an_event(
    writer: EventWriter, bus: MemoryBus, logged: LogLines
) -> None:
    """A listener that raises is logged; the write is done, and the next listener hears of it."""

    def raise_it(_events: Sequence[JournaledEvent]) -> None:
        raise ZeroDivisionError

    bus.subscribe("usr_anna", raise_it)
    heard = Heard(bus)
    await writer.submit(a_write(ANNA, "run_a", "one"))

    assert heard.seqs_of() == [1]
    assert logged.only("event_sink_failed")["error_type"] == "ZeroDivisionError"


async def test_no_line_of_the_log_says_what_an_event_says(
    writer: EventWriter, logged: LogLines
) -> None:
    """Payloads stay out of the log, also when a write is at fault in several ways."""
    secret = json.dumps({"text": "a very private thought"}).encode()
    same = thought("run_a", "same", secret)
    await errors_of([writer.submit(RunWrite(ANNA, BEARER, "run_a", 1, (same, same)))])
    broken = thought("run_b", "one", secret[:-1])
    await errors_of([writer.submit(RunWrite(BERT, BEARER, "run_b", 1, (broken,)))])

    assert len(logged.of("journal_write_failed")) == 2
    assert "private" not in logged.text
