"""What an agent's approved tool can change: the asker's own threads, while its run is held."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fakes.approvals import answer, asked
from fakes.run_engines import SUBPROTOCOL, Journal, RunningEngine, person, running_engine
from fakes.scripted_agents import Words, catalogue, tool
from fakes.stores import smuggle
from fakes.timing import UNIT, eventually
from netra.agent_api import OwnChanges, Question, Run, ToolContext, ToolFailed, ToolRefused
from netra.clock import SystemClock
from netra.errors import Conflict
from netra.principal import UserPrincipal
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.threads.own_changes import BUSY, OTHER_TITLE, OWN_THREAD
from netra_backend.app.threads.service import ThreadService


class Deleting:
    """An agent that deletes the thread it is told, once its person approves.

    Attributes:
        title: The title it gives.
        before: Awaited by the tool before it deletes.
        told: What the tool said when it could not.
    """

    def __init__(self, title: str = "Old") -> None:
        self.title = title
        self.before: asyncio.Event | None = None
        self.reached = asyncio.Event()
        self.told: list[str] = []

    async def delete(self, words: Words, context: ToolContext) -> object:
        """Delete a thread."""
        self.reached.set()
        if self.before is not None:
            await self.before.wait()
        changes: OwnChanges | None = context.changes
        assert changes is not None
        try:
            return await changes.delete_thread(words.text, self.title)
        except Conflict as error:
            raise ToolFailed(error.detail or "") from error

    async def answer(self, question: Question, run: Run) -> str:
        """Delete what the question names, or wait if it says so."""
        if question.text == "wait":
            return await asyncio.Event().wait()  # type: ignore[return-value]  # never returns
        thread_id = question.thread_id if question.text == "this" else question.text
        try:
            return str(await run.call("delete", {"text": thread_id}))
        except ToolRefused as refused:
            self.told.append(str(refused))
            return f"refused: {refused}"

    @property
    def agents(self) -> AgentCatalogue:
        """Give a catalogue of this agent."""
        return catalogue(self.answer, tool("delete", self.delete, needs_approval=True))


async def begun(
    running: RunningEngine, title: str = "Old", who: UserPrincipal | None = None
) -> str:
    """Begin a thread of a title."""

    async def begin(session: PrincipalSession) -> str:
        message = await ThreadService(session, SystemClock()).begin_thread(title, "Something.")
        return message.thread_id

    return await running.database.work_for(who or person(), SUBPROTOCOL, begin)


async def approved(running: RunningEngine, journal: Journal, text: str) -> str:
    """Ask for a deletion, approve of it, and give what was answered."""
    turn = await running.ask(text)
    await answer(running, await asked(journal, turn))
    await journal.ended(turn.run_id)
    end = journal.end(turn.run_id)
    assert end is not None
    return str(end["text"])


def titles(journal: Journal) -> set[Any]:
    """Read the titles of all threads."""
    return {title for (title,) in journal.rows("SELECT title FROM t_threads")}


async def test_a_thread_is_deleted_with_all_that_was_said(store: Path, journal: Journal) -> None:
    """It is gone, and gone it stays: to delete it again is no fault."""
    async with running_engine(store, Deleting().agents) as running:
        thread_id = await begun(running)

        assert await approved(running, journal, thread_id) == "True"
        assert "Old" not in titles(journal)
        assert await approved(running, journal, thread_id) == "False"

    journal.check()


async def test_anybody_elses_thread_stays(store: Path, journal: Journal) -> None:
    """A foreign id is answered like one that is gone, and nothing of it is touched."""
    async with running_engine(store, Deleting().agents) as running:
        foreign = await begun(running, who=person("berta"))
        before = journal.rows("SELECT * FROM t_threads WHERE id = ?", foreign)

        assert await approved(running, journal, foreign) == "False"
        assert journal.rows("SELECT * FROM t_threads WHERE id = ?", foreign) == before

    journal.check()


async def test_what_is_not_what_was_shown_or_is_in_use_stays(store: Path, journal: Journal) -> None:
    """Another title, a thread in which something runs, and the run's own thread are not deleted."""
    deleting = Deleting()
    async with running_engine(store, deleting.agents) as running:
        renamed = await begun(running, "Renamed meanwhile")
        busy = await begun(running)
        waiting = await running.ask("wait", thread_id=busy)
        for thread_id in (renamed, busy, "this"):
            await approved(running, journal, thread_id)
        await running.chat.cancel(person(), SUBPROTOCOL, waiting.run_id)
        await journal.ended(waiting.run_id)

    journal.check()
    assert deleting.told == [OTHER_TITLE, BUSY, OWN_THREAD]
    assert {"Renamed meanwhile", "Old"} <= titles(journal)


async def test_a_run_that_is_held_by_another_changes_nothing(store: Path, journal: Journal) -> None:
    """One who was only slow is fenced off from changes as from everything else."""
    deleting = Deleting()
    deleting.before = asyncio.Event()
    async with running_engine(store, deleting.agents) as running:
        thread_id = await begun(running)
        turn = await running.ask(thread_id)
        await answer(running, await asked(journal, turn))
        await asyncio.wait_for(deleting.reached.wait(), 10 * UNIT)
        smuggle(store, "UPDATE t_run_leases SET epoch = epoch + 1, holder = 'another'")
        deleting.before.set()
        await eventually(lambda: not running.engine._active, within=10 * UNIT)

        assert "Old" in titles(journal)
        assert journal.unfinished() == [turn.run_id]


async def test_a_stop_comes_before_a_change(store: Path, journal: Journal) -> None:
    """Stopped after the yes but before the deletion, the run ends and the thread stays."""
    deleting = Deleting()
    deleting.before = asyncio.Event()
    async with running_engine(store, deleting.agents) as running:
        thread_id = await begun(running)
        turn = await running.ask(thread_id)
        await answer(running, await asked(journal, turn))
        await asyncio.wait_for(deleting.reached.wait(), 10 * UNIT)
        with journal.writing() as connection:
            connection.execute("UPDATE t_runs SET cancelled = TRUE WHERE id = ?", (turn.run_id,))
        deleting.before.set()
        await journal.ended(turn.run_id)

        assert "Old" in titles(journal)
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["reason"] == "cancelled"


@pytest.mark.parametrize("needs_approval", [True, False])
async def test_only_what_needs_approval_can_change_anything(
    store: Path, journal: Journal, *, needs_approval: bool
) -> None:
    """A tool that asks nobody has nothing to change things with, whatever its permission."""
    given: list[object] = []

    async def look(_words: Words, context: ToolContext) -> object:
        given.append(context.changes)
        return None

    async def script(_question: Question, run: Run) -> str:
        return str(await run.call("look", {}))

    agents = catalogue(script, tool("look", look, needs_approval=needs_approval))
    async with running_engine(store, agents) as running:
        turn = await running.ask()
        if needs_approval:
            await answer(running, await asked(journal, turn))
        await journal.ended(turn.run_id)

    assert [changes is not None for changes in given] == [needs_approval]
