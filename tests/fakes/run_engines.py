"""The real engine of runs over a real store, with its writer and turns, as one process has them."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from fakes.stores import Plain, plain, store_url
from fakes.timing import UNIT, eventually
from netra.clock import Clock, SystemClock
from netra.errors import CouldNotDecide
from netra.policy import CredentialMethod
from netra.principal import UserPrincipal
from netra.secret import Secret
from netra.serving import Standby
from netra.wire.auth_api import SubjectStanding
from netra.wire.chat_protocol import TERMINAL, EventName, SendMessage
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.chat.turn import AcceptedTurn, ChatTurns
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.presence.opening import presence_at
from netra_backend.app.db.presence.port import Presence
from netra_backend.app.db.presence.sessions import DatabasePresence
from netra_backend.app.db.session import Database
from netra_backend.app.events.bus import MemoryBus
from netra_backend.app.events.writer import EventWriter
from netra_backend.app.runs.engine import RunLimits
from netra_backend.app.runs.grammar import RunState, after
from netra_backend.app.runs.journal.engine import JournalRunEngine

SUBPROTOCOL: Final = CredentialMethod.SUBPROTOCOL
QUICK: Final = RunLimits(
    grace_seconds=0.2 * UNIT, look_seconds=0.05 * UNIT, renew_seconds=0.1 * UNIT
)
"""The limits of the product, but looking more often, so that tests need not wait."""

_numbers = itertools.count(1)


def person(name: str = "anna") -> UserPrincipal:
    """Make a user's principal, whose token holds for long."""
    return UserPrincipal(
        f"usr_{name}", f"ses_{name}", "netra-chat", frozenset(), frozenset(), f"tok_{name}", 9e9
    )


class FakeStandings:
    """How people stand, as a test says; active unless it says otherwise."""

    def __init__(self) -> None:
        self.of: dict[str, SubjectStanding] = {}
        self.is_away = False
        self.asked: list[str] = []
        self.in_doubt: set[str] = set()

    def is_in_doubt(self, principal: UserPrincipal) -> bool:
        """Say whether the test made it doubtful."""
        return principal.user_id in self.in_doubt

    async def __call__(self, principal: UserPrincipal) -> SubjectStanding:
        """Say how a person stands.

        Raises:
            CouldNotDecide: The test says that nobody can be asked.
        """
        self.asked.append(principal.user_id)
        if self.is_away:
            raise CouldNotDecide("nobody can be asked")
        return self.of.get(principal.user_id, SubjectStanding.ACTIVE)


@dataclass
class RunningEngine:
    """One process's parts; `crash` ends it as a kill would, as far as others can see."""

    database: Database
    bus: MemoryBus
    writer: EventWriter
    engine: JournalRunEngine
    chat: ChatTurns
    holders: Presence
    standings: FakeStandings
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    is_dead: bool = False

    async def ask(
        self,
        text: str = "hello",
        *,
        who: UserPrincipal | None = None,
        thread_id: str | None = None,
        client_id: str | None = None,
        agent: str | None = None,
    ) -> AcceptedTurn:
        """Say something to an agent."""
        message = SendMessage(
            client_id=client_id or f"client_{next(_numbers):08}",
            text=text,
            thread_id=thread_id,
            agent=agent,
        )
        return await self.chat.begin(who or person(), SUBPROTOCOL, message)

    def crash(self) -> None:
        """Write nothing any more from now on, and be known to be dead."""
        self.is_dead = True
        if isinstance(self.holders, DatabasePresence):
            self.holders._is_released = True
            if self.holders._driver is not None:
                self.holders._driver.terminate()
            return
        # What it does waits for nothing.
        with suppress(StopIteration):
            self.holders.release().send(None)


@asynccontextmanager
async def running_engine(
    store: Path,
    agents: AgentCatalogue,
    *,
    limits: RunLimits = QUICK,
    clock: Clock | None = None,
    standings: FakeStandings | None = None,
    standby: Standby | None = None,
) -> AsyncIterator[RunningEngine]:
    """Run an engine over a migrated store for the length of the context."""
    clock = clock or SystemClock()
    database = Database(open_engine(Secret(store_url(store))))
    bus = MemoryBus()
    writer = EventWriter(database, bus)
    holders = presence_at(Secret(store_url(store)), database.origin, bus)
    standing = standings or FakeStandings()
    engine = JournalRunEngine(database, holders, writer, agents, standing, clock, limits, standby)
    chat = ChatTurns(database, engine, agents, clock, limits)
    running = RunningEngine(database, bus, writer, engine, chat, holders, standing)
    running.tasks = [
        asyncio.create_task(writer.run()),
        asyncio.create_task(engine.run()),
        asyncio.create_task(holders.listen()),
    ]
    try:
        yield running
    finally:
        writing, looking, listening = running.tasks
        listening.cancel()
        await asyncio.wait((listening,))
        looking.cancel()
        await asyncio.wait((looking,))
        await engine.aclose()
        writing.cancel()
        await asyncio.wait((writing,))
        await database.aclose()


@dataclass(frozen=True)
class Journaled:
    """One event as the store has it."""

    owner_id: str
    seq: int
    key: str
    run_id: str
    name: EventName
    payload: dict[str, Any]


class Journal:
    """What is in a store, read past every session and fence."""

    def __init__(self, store: Path) -> None:
        self._store = store

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Read rows."""
        with plain(self._store) as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[Plain]:
        """Change rows past every session and fence."""
        with plain(self._store) as connection:
            yield connection

    def events(self, run_id: str | None = None) -> list[Journaled]:
        """Read all events, or one run's, in the order of their owners' journals."""
        rows = self.rows(
            "SELECT owner_id, seq, key, run_id, name, payload FROM t_events ORDER BY owner_id, seq"
        )
        found = [
            Journaled(owner, seq, key, run, EventName(name), msgspec.json.decode(payload))
            for owner, seq, key, run, name, payload in rows
        ]
        return [one for one in found if run_id in {None, one.run_id}]

    def names(self, run_id: str) -> list[EventName]:
        """Read the names of a run's events."""
        return [one.name for one in self.events(run_id)]

    def end(self, run_id: str) -> dict[str, Any] | None:
        """Read the payload of a run's last event, if it has ended."""
        ends = [one.payload for one in self.events(run_id) if one.name in TERMINAL]
        return ends[0] if ends else None

    def unfinished(self) -> list[str]:
        """List the runs that have a lease."""
        return [run_id for (run_id,) in self.rows("SELECT run_id FROM t_run_leases")]

    async def ended(self, *run_ids: str, within: float = 20 * UNIT) -> None:
        """Wait until runs have ended."""
        await eventually(lambda: not set(run_ids) & set(self.unfinished()), within=within)

    def check(self) -> None:
        """Look whether all that must hold of a store without unfinished runs does."""
        assert self.unfinished() == []
        begins = self.rows("SELECT owner_id, erased_through FROM t_journal_heads")
        check_journals(self.events(), dict(begins))
        for run_id, state in self.rows("SELECT id, state FROM t_runs"):
            end = [one.name for one in self.events(run_id) if one.name in TERMINAL]
            expected = EventName.AGENT_COMPLETED if state == "completed" else EventName.AGENT_FAILED
            assert end == [expected], (run_id, state, end)
        for run_id, state, thread_id in self.rows("SELECT id, state, thread_id FROM t_runs"):
            end_payload = self.end(run_id)
            if state == "completed" and end_payload is not None:
                answer = self.rows(
                    "SELECT thread_id, author FROM t_messages WHERE id = ?",
                    end_payload["message_id"],
                )
                assert answer == [(thread_id, "agent")]
        [(answers,)] = self.rows("SELECT count(*) FROM t_messages WHERE author = 'agent'")
        [(completed,)] = self.rows("SELECT count(*) FROM t_runs WHERE state = 'completed'")
        assert answers == completed


def check_journals(
    events: Sequence[Journaled], begins: Mapping[str, int] = MappingProxyType({})
) -> None:
    """Look whether journals are gapless and every run in them keeps the grammar and has ended.

    What was asked about is used after a yes alone. A journal begins behind what was erased of it.
    """
    last: dict[str, int] = defaultdict(int, begins)
    states: dict[str, RunState] = defaultdict(lambda: RunState.NOTHING)
    calls: dict[str, Any] = {}
    unapproved: dict[str, Any] = {}
    for event in events:
        assert event.seq == last[event.owner_id] + 1, (event.owner_id, event.seq)
        last[event.owner_id] = event.seq
        states[event.run_id] = after(states[event.run_id], event.name)
        if "erased" in event.payload:
            calls.pop(event.run_id, None)
        elif event.name is EventName.APPROVAL_NEEDED:
            unapproved[event.payload["approval_id"]] = event.run_id, event.payload["call_id"]
        elif event.name is EventName.APPROVAL_GIVEN:
            del unapproved[event.payload["approval_id"]]
        elif event.name is EventName.TOOL_EXECUTING:
            calls[event.run_id] = event.payload["call_id"]
        elif event.name is EventName.TOOL_COMPLETED and event.run_id in calls:
            assert event.payload["call_id"] == calls[event.run_id]
            used = event.payload["ok"] and (event.run_id, event.payload["call_id"])
            assert used not in unapproved.values()
    # The runs of a thread that was deleted end without a word.
    whole = {event.run_id for event in events if "erased" not in event.payload}
    assert {states[run_id] for run_id in whole} <= {RunState.ENDED}


def slower(**changes: Any) -> RunLimits:
    """Change the tests' limits."""
    return replace(QUICK, **changes)


COUNTED: Final = slower(renew_seconds=1000 * UNIT)
"""For who counts commits: a renewal comes when it is time, whatever a run does."""
