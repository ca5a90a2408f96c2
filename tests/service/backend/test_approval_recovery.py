"""A question survives the death of its process, and its one answer is acted on once."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from fakes.approvals import (
    ANSWERED,
    GIVEN,
    NEEDED,
    REFUSED,
    Careful,
    answer,
    asked,
    is_parked,
    question_of,
)
from fakes.run_engines import (
    COUNTED,
    SUBPROTOCOL,
    Journal,
    Journaled,
    RunningEngine,
    person,
    running_engine,
    slower,
)
from fakes.scripted_agents import Script, Words, catalogue, tool
from fakes.timing import UNIT, eventually
from fakes.undertaker import Undertaker
from netra.agent_api import NotApproved, Question, Run, ToolContext, ToolRefused
from netra.errors import NetraError
from netra.wire.chat_protocol import EventName, FailureReason, RefusalReason
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.chat.turn import AcceptedTurn

ROUNDS: Final = 20


class Sworn(Careful):
    """Looks each time it burns whether the yes is in the store."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    async def burn(self, words: Words, context: ToolContext) -> object:
        """Burn something that was approved."""
        answers = self._journal.rows("SELECT result FROM t_run_steps WHERE key LIKE 'answer:%'")
        assert answers == [('{"refusal":null}',)]
        return await super().burn(words, context)


async def answered_or_dead(
    running: RunningEngine,
    journal: Journal,
    turn: AcceptedTurn,
    dead: asyncio.Event,
    *,
    approve: bool,
) -> None:
    """Answer as soon as it is asked, as one at the page does; end when the process is dead."""
    await eventually(
        lambda: dead.is_set() or question_of(journal, turn.run_id) or not journal.unfinished(),
        within=10 * UNIT,
    )
    question = question_of(journal, turn.run_id)
    if question is not None and journal.unfinished():
        with suppress(NetraError):
            await answer(running, question, approve=approve)
    await eventually(lambda: dead.is_set() or not journal.unfinished(), within=10 * UNIT)


@pytest.mark.long
@pytest.mark.parametrize("approve", [True, False])
@pytest.mark.parametrize("commits", range(1, ROUNDS))
async def test_a_crash_after_any_commit_loses_no_question_and_doubles_no_answer(
    store: Path, journal: Journal, commits: int, *, approve: bool
) -> None:
    """Whatever was committed last, the question is still there, and one answer ends it.

    The tool is used after a committed yes alone; a use that was not recorded is done once more.
    """
    sworn = Sworn(journal)
    async with running_engine(store, sworn.agents, limits=COUNTED) as first:
        undertaker = Undertaker(first.database, commits)
        turn = await first.ask("letters")
        await answered_or_dead(first, journal, turn, undertaker.reached, approve=approve)
        first.crash()
    # Only now: what was under way at the death may still have been done.
    before = len(sworn.used)
    recorded = journal.rows("SELECT 1 FROM t_run_steps WHERE key LIKE 'tool:burn#0%'")
    async with running_engine(store, sworn.agents) as second:
        await eventually(
            lambda: is_parked(journal, turn.run_id) or not journal.unfinished(), within=10 * UNIT
        )
        question = question_of(journal, turn.run_id)
        assert question is not None
        # Whoever got no word on it says it again, as the page does.
        await answer(second, question, approve=approve)
        await journal.ended(turn.run_id)

    journal.check()
    names = journal.names(turn.run_id)
    assert names.count(NEEDED) == 1
    assert [name for name in names if name in ANSWERED] == [GIVEN if approve else REFUSED]
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["text"].startswith("Burnt" if approve else "Left alone")
    assert len(sworn.used) - before <= (0 if recorded else 1)
    assert len(sworn.used) in ((1, 2) if approve else (0,))


async def test_the_rounds_above_cover_every_commit_of_the_turn(
    store: Path, journal: Journal
) -> None:
    """An undisturbed turn with a question and a yes commits fewer times than there are rounds."""
    async with running_engine(store, Careful().agents, limits=COUNTED) as running:
        undertaker = Undertaker(running.database, 1000)
        turn = await running.ask("letters")
        await answered_or_dead(running, journal, turn, undertaker.reached, approve=True)

        assert 8 <= undertaker.commits < ROUNDS


async def test_a_question_waits_through_any_number_of_restarts(
    store: Path, journal: Journal
) -> None:
    """Processes come and go, and none begins the agent again before there is an answer."""
    careful = Careful()
    async with running_engine(store, careful.agents) as first:
        turn = await first.ask("letters")
        question = await asked(journal, turn)
    for _ in range(7):
        async with running_engine(store, careful.agents) as later:
            await eventually(lambda: later.engine.problem() is None, within=10 * UNIT)
            assert is_parked(journal, turn.run_id)
    assert careful.begun == 1
    async with running_engine(store, careful.agents) as last:
        await answer(last, question)
        await journal.ended(turn.run_id)

    journal.check()
    assert careful.used == ["letters"]
    assert careful.begun == 2


async def test_an_answer_that_comes_while_the_run_is_being_put_to_wait_is_heard(
    store: Path, journal: Journal
) -> None:
    """However quick a person is: the run does not wait for what is there already."""
    careful = Careful()
    limits = slower(look_seconds=1000.0)
    async with running_engine(store, careful.agents, limits=limits) as running:
        for number in range(20):
            turn = await running.ask(f"{number}")
            question = await just_asked(journal, turn)
            await answer(running, question)
            await journal.ended(turn.run_id, within=5 * UNIT)

    journal.check()
    assert careful.used == [f"{number}" for number in range(20)]


async def test_a_stop_that_comes_while_the_run_is_being_put_to_wait_is_heard(
    store: Path, journal: Journal
) -> None:
    """Nor does it go on waiting when it was stopped in that moment."""
    careful = Careful()
    limits = slower(look_seconds=1000.0, per_user=1)
    async with running_engine(store, careful.agents, limits=limits) as running:
        for number in range(20):
            turn = await running.ask(f"{number}")
            await just_asked(journal, turn)
            for _ in range(number):
                await asyncio.sleep(0)
            await running.chat.cancel(person(), SUBPROTOCOL, turn.run_id)
            await journal.ended(turn.run_id, within=5 * UNIT)

    journal.check()
    assert careful.used == []


async def just_asked(journal: Journal, turn: AcceptedTurn) -> Journaled:
    """Wait until a run has asked, whether it is put to wait by then or not."""
    question = await eventually(lambda: question_of(journal, turn.run_id), within=10 * UNIT)
    assert question is not None
    return question


async def left_waiting(store: Path, journal: Journal, agents: AgentCatalogue) -> AcceptedTurn:
    """Leave a run behind that has asked."""
    async with running_engine(store, agents) as first:
        turn = await first.ask("letters")
        await asked(journal, turn)
    return turn


async def gone(_question: Question, run: Run) -> str:
    """Want what is here no more, as an agent of an older version may."""
    try:
        await run.call("burn", {"text": "letters"})
    except ToolRefused as refused:
        return f"refused: {refused}"
    return "burnt"


async def otherwise(_question: Question, run: Run) -> str:
    """Want nothing any more."""
    await run.say("I changed.")
    return "I changed."


@pytest.mark.parametrize("approve", [True, False])
async def test_a_version_without_the_tool_ends_the_run_cleanly(
    store: Path, journal: Journal, *, approve: bool
) -> None:
    """After a yes the agent hears that the tool is gone; nothing is used and nothing stays open."""
    turn = await left_waiting(store, journal, Careful().agents)
    async with running_engine(store, catalogue(gone)) as older:
        question = question_of(journal, turn.run_id)
        assert question is not None
        await answer(older, question, approve=approve)
        await journal.ended(turn.run_id)

    journal.check()
    end = journal.end(turn.run_id)
    assert end is not None
    expected = "refused: There is no such tool." if approve else "refused: The person refused this"
    assert end["text"].startswith(expected)


async def test_a_version_without_the_agent_ends_the_run_cleanly(
    store: Path, journal: Journal
) -> None:
    """The run is given up with a reason, and its question is closed before."""
    turn = await left_waiting(store, journal, Careful().agents)
    async with running_engine(store, catalogue(gone, name="another")) as older:
        question = question_of(journal, turn.run_id)
        assert question is not None
        await answer(older, question)
        await journal.ended(turn.run_id)

    journal.check()
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["reason"] == FailureReason.GAVE_UP


@pytest.mark.parametrize("script", [gone, otherwise])
async def test_a_question_that_nobody_asks_any_more_is_closed(
    store: Path, journal: Journal, script: Script
) -> None:
    """Begun again without an answer, an agent that wants something else leaves no card open."""
    turn = await left_waiting(store, journal, Careful().agents)
    with journal.writing() as connection:
        connection.execute("UPDATE t_run_leases SET expires_at = 0")
    async with running_engine(store, catalogue(script)):
        await journal.ended(turn.run_id)

    journal.check()
    [closed] = [one for one in journal.events(turn.run_id) if one.name in ANSWERED]
    assert closed.payload["reason"] == RefusalReason.ENDED


async def test_a_tool_that_needs_no_approval_any_more_still_waits_for_what_was_asked(
    store: Path, journal: Journal
) -> None:
    """Who was asked is not overtaken by a new version of the tool."""
    careful = Careful()
    turn = await left_waiting(store, journal, careful.agents)
    with journal.writing() as connection:
        connection.execute("UPDATE t_run_leases SET expires_at = 0")
    laxer = catalogue(careful.answer, tool("burn", careful.burn))
    async with running_engine(store, laxer) as running:
        await eventually(lambda: careful.begun == 2, within=10 * UNIT)
        await answer(running, await asked(journal, turn), approve=False)
        await journal.ended(turn.run_id)

    journal.check()
    assert careful.used == []


async def test_a_use_before_the_tool_needed_approval_is_not_asked_about_afterwards(
    store: Path, journal: Journal
) -> None:
    """What was done and recorded under the older version is not done again, and not asked about."""
    careful = Careful()
    go_on = asyncio.Event()

    async def script(question: Question, run: Run) -> str:
        text = await careful.answer(question, run)
        await go_on.wait()
        return text

    async with running_engine(store, catalogue(script, tool("burn", careful.burn))) as first:
        turn = await first.ask("letters")
        await eventually(
            lambda: EventName.TOOL_COMPLETED in journal.names(turn.run_id), within=10 * UNIT
        )
    go_on.set()
    stricter = catalogue(script, tool("burn", careful.burn, needs_approval=True))
    async with running_engine(store, stricter):
        await journal.ended(turn.run_id)

    journal.check()
    assert careful.used == ["letters"]
    assert NEEDED not in journal.names(turn.run_id)


async def test_a_use_that_is_interrupted_after_the_yes_is_done_again(
    store: Path, journal: Journal
) -> None:
    """As with any tool; the person is not asked a second time."""
    used: list[str] = []

    async def burn(words: Words, _context: ToolContext) -> object:
        used.append(words.text)
        if len(used) == 1:
            await asyncio.Event().wait()
        return {"burnt": words.text}

    async def script(question: Question, run: Run) -> str:
        try:
            return str(await run.call("burn", {"text": question.text}))
        except NotApproved:
            return "no"

    agents = catalogue(script, tool("burn", burn, needs_approval=True))
    async with running_engine(store, agents) as first:
        turn = await first.ask("letters")
        await answer(first, await asked(journal, turn))
        await eventually(lambda: used, within=10 * UNIT)
        Undertaker(first.database, 0)
        first.crash()
    async with running_engine(store, agents):
        await journal.ended(turn.run_id)

    journal.check()
    assert used == ["letters", "letters"]
    assert journal.names(turn.run_id).count(NEEDED) == 1


async def test_what_is_said_again_before_the_question_does_not_close_it(
    store: Path, journal: Journal
) -> None:
    """Begun again without an answer, however often, an agent says its pieces anew and waits."""
    begun = 0

    async def burn(_words: Words, _context: ToolContext) -> object:
        return "burnt"

    async def script(_question: Question, run: Run) -> str:
        nonlocal begun
        begun += 1
        await run.say("I am going to burn something.")

        async def think_and_burn() -> object:
            await run.think("Shall I?")
            return await run.call("burn", {})

        return str(await run.step("burn", think_and_burn))

    agents = catalogue(script, tool("burn", burn, needs_approval=True))
    turn = await left_waiting(store, journal, agents)
    for again in range(3):
        with journal.writing() as connection:
            connection.execute("UPDATE t_run_leases SET expires_at = 0")
        async with running_engine(store, agents) as running:
            await eventually(lambda: begun == again + 2, within=10 * UNIT)  # noqa: B023 - called now
            await asked(journal, turn)
    assert journal.names(turn.run_id)[-1] is EventName.AGENT_THINKING
    question = question_of(journal, turn.run_id)
    assert question is not None
    async with running_engine(store, agents) as running:
        await answer(running, question)
        await journal.ended(turn.run_id)

    journal.check()
    answers = [name for name in journal.names(turn.run_id) if name in ANSWERED]
    assert answers == [GIVEN]
    assert journal.names(turn.run_id).count(NEEDED) == 1
