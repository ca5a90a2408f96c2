"""The journal as sockets read it: the real one and the fake one keep the same contract."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.journal import FakeJournal
from fakes.running_backend import running_backend
from fakes.scripted_agents import catalogue
from fakes.stores import move_store
from fakes.timing import UNIT, eventually
from netra.agent_api import Question, Run
from netra.errors import CouldNotDecide
from netra.policy import CredentialMethod
from netra.principal import UserPrincipal
from netra.wire.chat_protocol import SendMessage
from netra_backend.app.websocket_core.event_stream import Beginning, Journal
from netra_backend.app.websocket_core.journal_reader import OwnJournal

ANNA = UserPrincipal("usr_anna", "ses_1", "netra-chat", frozenset(), frozenset(), "tok_1", 2e9)
BOB = UserPrincipal("usr_bob", "ses_2", "netra-chat", frozenset(), frozenset(), "tok_2", 2e9)
BEARER = CredentialMethod.BEARER
HEAD = 4


@dataclass
class Case:
    """A journal of a finished run's four events, and what can be done to it."""

    journal: Journal
    of_another: Journal
    begin_a_run: Callable[[], Awaitable[None]]
    take_away: Callable[[], None]


@dataclass(frozen=True)
class Reader:
    """Who reads."""

    principal: UserPrincipal


@asynccontextmanager
async def fake_case(_folder: Path) -> AsyncIterator[Case]:
    """Give the fake."""
    journal = FakeJournal()
    journal.write(HEAD)

    async def begin_a_run() -> None:
        journal.unfinished_from = len(journal.events)
        journal.write(2, run_id="run_2")

    def take_away() -> None:
        journal.away = True

    yield Case(journal, FakeJournal(owner_id="usr_bob"), begin_a_run, take_away)


@asynccontextmanager
async def real_case(folder: Path) -> AsyncIterator[Case]:
    """Give the real one, written by real runs."""

    async def think(question: Question, run: Run) -> str:
        await run.think("one")
        if question.text == "wait":
            await asyncio.Event().wait()
        await run.think("two")
        return "done"

    async with running_backend(folder / "netra-backend.db", catalogue=catalogue(think)) as backend:
        state = backend.state
        journal = OwnJournal(state, Reader(ANNA), BEARER)

        async def head() -> int:
            return (await journal.beginning(0)).head

        async def said(text: str, *, reaches: int) -> None:
            await state.chat.begin(ANNA, BEARER, SendMessage(f"{text}-{text}", text))
            await eventually(lambda: reached(reaches), within=10 * UNIT)

        async def reached(seq: int) -> bool:
            return await head() == seq

        await said("answer", reaches=HEAD)
        yield Case(
            journal,
            OwnJournal(state, Reader(BOB), BEARER),
            lambda: said("wait", reaches=HEAD + 2),
            lambda: move_store(folder, folder / "away"),
        )


@pytest.fixture(params=[fake_case, real_case], ids=["fake", "real"])
async def case(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Case]:
    """Give each journal in turn."""
    async with request.param(tmp_path) as given:
        yield given


@pytest.mark.parametrize(
    ("after", "beginning"),
    [
        (0, Beginning(0, HEAD, reset=False)),
        (3, Beginning(3, HEAD, reset=False)),
        (HEAD, Beginning(HEAD, HEAD, reset=False)),
        (HEAD + 1, Beginning(HEAD, HEAD, reset=True)),
        (2**53 - 1, Beginning(HEAD, HEAD, reset=True)),
        (None, Beginning(HEAD, HEAD, reset=False)),
    ],
)
async def test_a_stream_begins_where_its_client_was(
    case: Case, after: int | None, beginning: Beginning
) -> None:
    """At its place, at the head if the journal does not reach it, or past all that has ended."""
    assert await case.journal.beginning(after) == beginning


async def test_an_unfinished_run_is_begun_with(case: Case) -> None:
    """Who knows nothing is given what belongs to runs that have not ended, from their start."""
    await case.begin_a_run()

    assert await case.journal.beginning(None) == Beginning(HEAD, HEAD + 2, reset=False)
    assert await case.journal.beginning(1) == Beginning(1, HEAD + 2, reset=False)


async def test_events_come_in_order_and_no_more_than_asked_for(case: Case) -> None:
    """Each event behind the place, once."""
    everything = await case.journal.events_after(0, 100)
    page = await case.journal.events_after(1, 2)

    assert [event.seq for event in everything] == [1, 2, 3, 4]
    assert [event.seq for event in page] == [2, 3]
    assert list(page) == list(everything[1:3])
    assert await case.journal.events_after(HEAD, 100) == []


async def test_nobody_reads_anothers_journal(case: Case) -> None:
    """Another person's journal is another one."""
    assert await case.of_another.beginning(0) == Beginning(0, 0, reset=False)
    assert await case.of_another.events_after(0, 100) == []


async def test_a_journal_that_is_away_cannot_be_read(case: Case) -> None:
    """It is never taken for an empty one."""
    case.take_away()

    with pytest.raises(CouldNotDecide):
        await case.journal.beginning(0)
    with pytest.raises(CouldNotDecide):
        await case.journal.events_after(0, 100)
