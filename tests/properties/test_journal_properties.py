"""Whatever is written, poisoned or taken over: journals have no gap, leases no two holders."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from fakes.log_lines import log_lines
from fakes.running_backend import migrated
from fakes.unfinished_runs import BEARER, a_write, accept, opened, person
from netra.clock import SystemClock
from netra_backend.app.db.leases import RunLeases
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.db.tables import Event
from netra_backend.app.events.bus import MemoryBus
from netra_backend.app.events.journal import JournaledEvent, events_after, head
from netra_backend.app.events.writer import EventWriter
from netra_backend.app.runs.service import RunService

CAP: Final = 2
LEASE: Final = 10

_numbers = itertools.count()


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """Give one event loop to all examples."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def database(loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Open one store for all examples; each has people of its own."""
    stack = AsyncExitStack()

    async def begin() -> Database:
        store = await migrated(tmp_path_factory.mktemp("store") / "netra-backend.db")
        return await stack.enter_async_context(opened(store))

    yield loop.run(begin())
    loop.run(stack.aclose())


# Writing.


@dataclass(frozen=True)
class Said:
    """What one write of an example says; a key that comes twice in it poisons it."""

    owner: int
    run: int
    epoch: int
    keys: str
    ends: bool


said = st.builds(
    Said,
    owner=st.integers(0, 1),
    run=st.integers(0, 1),
    epoch=st.sampled_from((1, 1, 1, 1, 2)),
    keys=st.text("abcde", min_size=1, max_size=2),
    ends=st.sampled_from((False, False, False, False, True)),
)
batches = st.lists(st.lists(said, min_size=1, max_size=6), min_size=1, max_size=4)


class Example:
    """Two people with two runs each, what they say, and what becomes of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.number = next(_numbers)
        self.people = [person(f"{self.number}_{owner}") for owner in range(2)]
        self.heard: dict[int, list[JournaledEvent]] = {0: [], 1: []}
        self.done: list[tuple[Said, str, BaseException | None]] = []

    def run_of(self, each: Said) -> str:
        """Name the run of a write."""
        return self.runs_of(each.owner)[each.run]

    def runs_of(self, owner: int) -> list[str]:
        """Name the runs of a person."""
        return [f"run_{self.number}_{owner}_{run}" for run in range(2)]

    async def play(self, example: list[list[Said]]) -> None:
        """Write batch by batch, under keys that no other write has."""
        bus = MemoryBus()
        for owner, principal in enumerate(self.people):
            for run_id in self.runs_of(owner):
                await accept(self.database, principal, run_id, epoch=1)
            bus.subscribe(principal.user_id, self.heard[owner].extend)
        writer = EventWriter(self.database, bus)
        task = asyncio.create_task(writer.run())
        await asyncio.sleep(0)
        for place, batch in enumerate(example):
            futures = []
            for index, each in enumerate(batch):
                keys = (f"{place}{index}{key}" for key in each.keys)
                principal, run_id = self.people[each.owner], self.run_of(each)
                write = a_write(principal, run_id, *keys, epoch=each.epoch, ends_run=each.ends)
                futures.append(writer.submit(write))
            outcomes = await asyncio.gather(*futures, return_exceptions=True)
            self.done += [
                (each, f"{self.run_of(each)}:{place}{index}", outcomes[index])
                for index, each in enumerate(batch)
            ]
        task.cancel()
        await asyncio.wait((task,))

    async def stored(self, owner: int) -> tuple[list[str], Sequence[JournaledEvent], int]:
        """Read a person's journal: its keys, its events and its head."""
        async with self.database.session_for(self.people[owner], BEARER, writes=False) as session:
            keys = (await session.scalars(select(Event.key).order_by(Event.seq))).all()
            return list(keys), await events_after(session, 0, 1000), await head(session)


@settings(max_examples=20)
@given(example=batches)
def test_no_journal_has_a_gap(
    loop: asyncio.Runner, database: Database, example: list[list[Said]]
) -> None:
    """Journals count 1, 2, 3; a write is there whole and in order, or not at all; all is heard."""
    played = Example(database)
    with log_lines():
        loop.run(played.play(example))
    expected: dict[str, list[str]] = defaultdict(list)
    ended: set[str] = set()
    failed: set[tuple[str, int]] = set()
    for each, name, outcome in played.done:
        run = played.run_of(each)
        poisoned = len(set(each.keys)) < len(each.keys)
        fails = each.epoch != 1 or run in ended or (run, each.epoch) in failed or poisoned
        assert (outcome is not None) == fails, (each, outcome)
        if fails:
            failed.add((run, each.epoch))
        else:
            expected[run] += [f"{name}{key}" for key in each.keys]
            ended |= {run} if each.ends else set()

    for owner in range(2):
        keys, stored, last = loop.run(played.stored(owner))
        assert [event.seq for event in stored] == list(range(1, last + 1))
        assert played.heard[owner] == stored
        for run_id in played.runs_of(owner):
            assert [key for key in keys if key.startswith(f"{run_id}:")] == expected[run_id]


# Leases.

runs, holders = st.integers(0, 5), st.integers(0, 2)
claims = st.builds(
    lambda run, holder, needs, dead: ("claim", run, holder, needs, dead),
    runs,
    holders,
    st.booleans(),
    st.sets(holders, max_size=1),
)
steps = st.lists(
    st.one_of(
        claims,
        claims,
        st.tuples(st.sampled_from(("release", "postpone", "park")), runs, holders),
        st.tuples(st.just("renew"), holders),
        st.tuples(st.sampled_from(("end", "call")), runs),
        st.tuples(st.just("wait"), st.integers(1, 2 * LEASE)),
    ),
    max_size=20,
)


@settings(max_examples=20)
@given(example=steps)
def test_a_lease_has_one_holder_and_an_owner_so_many(
    loop: asyncio.Runner, database: Database, example: list[tuple[Any, ...]]
) -> None:
    """Whatever is claimed, kept, given back, put to wait or lost: one holder, never over the cap.

    Six runs in four threads of one person, three holders; a claim is granted exactly if the lease
    is free and, unless the run is only to be ended, first of its thread with a slot to be had.
    A run that waits is free as soon as it was called for, whether before or after it was put so.
    """
    loop.run(Model(database).play(example))


@dataclass
class Held:
    """What a lease should be."""

    thread: int
    holder: int | None = None
    slot: bool = False
    epoch: int = 0
    until: int = 0
    called: bool = False


class Model:
    """What leases should be, beside what they are."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.leases = RunLeases(database)
        self.number, self.now = next(_numbers), 1000
        self.owner = person(f"{self.number}")
        self.names = [f"run_{self.number}_{run}" for run in range(6)]
        self.held = {run: Held(thread) for run, thread in enumerate((0, 0, 0, 1, 2, 3))}

    async def play(self, example: list[tuple[Any, ...]]) -> None:
        """Do every step in both and compare."""
        for run, held in self.held.items():
            thread_id = f"thr_{self.number}_{held.thread}"
            await accept(self.database, self.owner, self.names[run], thread_id=thread_id)
        for what, *arguments in example:
            await getattr(self, what)(*arguments)
            assert sum(each.slot for each in self.held.values()) <= CAP
        assert await self.leases.unfinished_of(self.owner.user_id) == len(self.held)
        for name in self.names:
            await self.leases.drop(name)

    async def claim(self, run: int, holder: int, needs: bool, dead: set[int]) -> None:  # noqa: FBT001 - drawn by position
        """Compare what a claim gives with whether it may."""
        lease = await self.leases.claim(
            self.names[run],
            holder=f"hld_{holder}",
            now=self.now,
            lease_us=LEASE,
            slots=CAP,
            needs_slot=needs,
            dead_holders=[f"hld_{each}" for each in dead],
        )
        expected = self._expected(run, dead, needs=needs)
        if expected is None:
            assert lease is None
            return
        assert lease is not None
        expected.holder, expected.epoch = holder, expected.epoch + 1
        expected.until, expected.called = self.now + LEASE, False
        assert (lease.holder, lease.epoch, lease.expires_at, lease.slot is not None) == (
            f"hld_{holder}",
            expected.epoch,
            expected.until,
            expected.slot,
        )

    def _expected(self, run: int, dead: set[int], *, needs: bool) -> Held | None:
        """Give what is taken, its slot given, or None."""

        def is_free(each: Held) -> bool:
            return each.until <= self.now or each.holder in dead

        mine = self.held.get(run)
        if mine is None or not is_free(mine):
            return None
        earlier = [each for other, each in self.held.items() if other < run]
        if needs and any(each.thread == mine.thread for each in earlier):
            return None
        if needs and not mine.slot:
            sitting = [each for each in self.held.values() if each.slot]
            dead_ones = [each for each in sitting if is_free(each)]
            if len(sitting) >= CAP and not dead_ones:
                return None
            if len(sitting) >= CAP:
                # Which of two dead ones loses its slot is not promised, so only one may be there.
                assume(len(dead_ones) == 1)
                dead_ones[0].slot, dead_ones[0].holder = False, None
            mine.slot = True
        return mine

    async def release(self, run: int, holder: int) -> None:
        """Give a lease back."""
        await self.leases.release([self.names[run]], holder=f"hld_{holder}")
        self._gave_back(run, holder, 0)

    async def postpone(self, run: int, holder: int) -> None:
        """Give a lease back for later."""
        until = self.now + LEASE
        await self.leases.postpone(self.names[run], holder=f"hld_{holder}", until=until)
        self._gave_back(run, holder, until)

    async def park(self, run: int, holder: int) -> None:
        """Put a run to wait for its person, unless it was called for since it was taken."""
        until = self.now + LEASE
        await self.leases.park(self.names[run], holder=f"hld_{holder}", until=until)
        mine = self.held.get(run)
        self._gave_back(run, holder, 0 if mine is not None and mine.called else until)

    async def call(self, run: int) -> None:
        """Call for a run, as an answer and a stop do."""

        async def call(session: PrincipalSession) -> None:
            await RunService(session, SystemClock()).call_for(self.names[run])

        await self.database.work_for(self.owner, BEARER, call)
        mine = self.held.get(run)
        if mine is not None:
            mine.called = True
            mine.until = 0 if mine.holder is None else mine.until

    def _gave_back(self, run: int, holder: int, until: int) -> None:
        mine = self.held.get(run)
        if mine is not None and mine.holder == holder:
            mine.holder, mine.slot, mine.until = None, False, until

    async def renew(self, holder: int) -> None:
        """Keep all that a holder has."""
        kept = await self.leases.renew(
            self.names, holder=f"hld_{holder}", now=self.now, lease_us=LEASE
        )
        mine = {run for run, each in self.held.items() if each.holder == holder}
        assert kept == {self.names[run] for run in mine}
        for run in mine:
            self.held[run].until = self.now + LEASE

    async def end(self, run: int) -> None:
        """End a run."""
        await self.leases.drop(self.names[run])
        self.held.pop(run, None)

    async def wait(self, time: int) -> None:
        """Let time pass."""
        self.now += time
