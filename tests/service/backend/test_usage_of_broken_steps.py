"""What is spent on a step that comes to nothing is booked all the same, once for each time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fakes.run_engines import (
    SUBPROTOCOL,
    Journal,
    RunningEngine,
    person,
    running_engine,
    slower,
)
from fakes.scripted_agents import catalogue
from fakes.timing import UNIT, eventually
from netra.agent_api import Question, Run, RunFailed
from netra.clock import SystemClock
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.chat.turn import AcceptedTurn
from netra_backend.app.runs.usage.service import UsageService
from netra_backend.app.threads.service import ThreadService

BOOKED = "SELECT owner_id, run_id, model, input_tokens, output_tokens, cost_micros"


@dataclass
class Spent:
    """What a step used so far."""

    model: str = "some:model"
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int | None = None


class Spender:
    """An agent whose one step spends something and does what the test says."""

    def __init__(self, then: Callable[[], Awaitable[Any]]) -> None:
        self._then = then
        self.spent = asyncio.Event()

    @property
    def agents(self) -> AgentCatalogue:
        """Give it as the one agent there is."""
        return catalogue(self._answer)

    async def _answer(self, _question: Question, run: Run) -> str:
        usage = Spent()

        async def request() -> Any:
            try:
                self.spent.set()
                return await self._then()
            finally:
                usage.input_tokens, usage.output_tokens = 7, 3

        return str(await run.step("request", request, usage=usage))


def booked(journal: Journal) -> list[tuple[Any, ...]]:
    """Read what was booked."""
    return journal.rows(f"{BOOKED} FROM t_model_usage")


def row(turn: AcceptedTurn) -> tuple[Any, ...]:
    """Give what is to be booked for one time."""
    return ("usr_anna", turn.run_id, "some:model", 7, 3, None)


async def for_ever() -> None:
    """Never end."""
    await asyncio.Event().wait()


async def refused() -> None:
    """End without anything."""
    raise RunFailed("model_unavailable", "Away.")


async def unwritable() -> object:
    """Give what cannot be kept."""
    return object()


async def too_large() -> str:
    """Give more than can be kept."""
    return "x" * 5_000_000


@pytest.mark.parametrize("then", [refused, unwritable, too_large])
async def test_a_step_that_fails_is_booked(
    store: Path, journal: Journal, then: Callable[[], Awaitable[Any]]
) -> None:
    """A step that raises, or whose result cannot be kept, has cost what it says it has."""
    async with running_engine(store, Spender(then).agents) as running:
        turn = await running.ask()
        await journal.ended(turn.run_id)

    journal.check()
    assert booked(journal) == [row(turn)]


async def test_nothing_is_spent_before_the_run_has_left_its_trace(
    store: Path, journal: Journal
) -> None:
    """A step that costs begins when the run's beginning is stored: then its cost finds its owner.

    Without a trace, a thread deleted in that moment would have made the step free.
    """
    traces: list[list[str]] = []

    async def look() -> str:
        traces.append([event.name.value for event in journal.events()])
        return "Seven."

    async with running_engine(store, Spender(look).agents) as running:
        turn = await running.ask()
        await journal.ended(turn.run_id)

    assert traces == [["agent_started"]]


async def test_a_step_that_is_cancelled_is_booked(store: Path, journal: Journal) -> None:
    """Stopping an answer makes nothing that it used undone."""
    spender = Spender(for_ever)
    async with running_engine(store, spender.agents) as running:
        turn = await running.ask()
        await asyncio.wait_for(spender.spent.wait(), 10 * UNIT)
        await running.chat.cancel(person(), SUBPROTOCOL, turn.run_id)
        await journal.ended(turn.run_id)

        assert booked(journal) == [row(turn)]
    journal.check()


async def test_a_step_that_ends_just_after_its_run_was_stopped_is_booked(
    store: Path, journal: Journal
) -> None:
    """A result that comes too late to be recorded was paid for too."""

    async def stubborn() -> str:
        try:
            await for_ever()
        except asyncio.CancelledError:
            return "too late"
        return "never"

    spender = Spender(stubborn)
    async with running_engine(store, spender.agents) as running:
        turn = await running.ask()
        await asyncio.wait_for(spender.spent.wait(), 10 * UNIT)
        await running.chat.cancel(person(), SUBPROTOCOL, turn.run_id)
        await journal.ended(turn.run_id)

        assert booked(journal) == [row(turn)]
    journal.check()


async def test_a_step_that_takes_too_long_is_booked(store: Path, journal: Journal) -> None:
    """A run that was stopped after its time has cost what its step used."""
    limits = slower(run_seconds=0.3 * UNIT)
    async with running_engine(store, Spender(for_ever).agents, limits=limits) as running:
        turn = await running.ask()
        await journal.ended(turn.run_id)

        assert booked(journal) == [row(turn)]
    journal.check()


async def test_what_is_done_again_is_booked_again_and_no_more(
    store: Path, journal: Journal
) -> None:
    """A step that was begun by two processes was paid for twice; taking a run up books nothing."""
    hangs = Spender(for_ever)
    async with running_engine(store, hangs.agents) as running:
        turn = await running.ask()
        await asyncio.wait_for(hangs.spent.wait(), 10 * UNIT)
    assert booked(journal) == [row(turn)]

    stays = asyncio.Event()

    async def given() -> str:
        return "Seven."

    works = Spender(given)

    async def then_waits(question: Question, run: Run) -> str:
        text = await works._answer(question, run)
        stays.set()
        await asyncio.Event().wait()
        return text

    async with running_engine(store, catalogue(then_waits)):
        await asyncio.wait_for(stays.wait(), 10 * UNIT)
    assert booked(journal) == [row(turn)] * 2

    async with running_engine(store, works.agents):
        await journal.ended(turn.run_id)
    journal.check()
    assert booked(journal) == [row(turn)] * 2


async def deleted(running: RunningEngine, turn: AcceptedTurn, *, everything: bool) -> None:
    """Delete the thread of a run, or all that its person has."""
    clock = SystemClock()
    async with running.database.session_for(person(), SUBPROTOCOL) as session:
        if everything:
            await ThreadService(session, clock).erase_everything()
            await UsageService(session, clock).erase_everything()
        else:
            await ThreadService(session, clock).delete_thread(turn.thread_id)


@pytest.mark.sqlite_only
async def test_deleting_the_thread_makes_nothing_free(store: Path, journal: Journal) -> None:
    """What was being spent while a thread was deleted is booked, as what was spent before is."""
    spender = Spender(for_ever)
    async with running_engine(store, spender.agents) as running:
        turn = await running.ask()
        await asyncio.wait_for(spender.spent.wait(), 10 * UNIT)
        await deleted(running, turn, everything=False)

        await eventually(lambda: booked(journal), within=10 * UNIT)
        assert booked(journal) == [row(turn)]
    assert booked(journal) == [row(turn)]


async def test_a_result_that_comes_after_its_thread_was_deleted_is_booked(
    store: Path, journal: Journal
) -> None:
    """A step that was done and finds its run gone was paid for."""
    go_on = asyncio.Event()

    async def waits() -> str:
        await go_on.wait()
        return "Seven."

    spender = Spender(waits)
    limits = slower(renew_seconds=100.0)
    async with running_engine(store, spender.agents, limits=limits) as running:
        turn = await running.ask()
        await asyncio.wait_for(spender.spent.wait(), 10 * UNIT)
        await deleted(running, turn, everything=False)
        go_on.set()

        await eventually(lambda: booked(journal), within=10 * UNIT)
    assert booked(journal) == [row(turn)]


async def test_nothing_is_booked_on_somebody_who_erased_everything(
    store: Path, journal: Journal
) -> None:
    """An erased person's run, stopped by the erasure, leaves no row behind."""
    spender = Spender(for_ever)
    async with running_engine(store, spender.agents) as running:
        turn = await running.ask()
        await asyncio.wait_for(spender.spent.wait(), 10 * UNIT)
        await deleted(running, turn, everything=True)
    # Ended here, the engine has waited for all its work.

    assert booked(journal) == []
    assert journal.events() == []
