"""A tool that needs approval waits for its person's answer, and is used once or not at all."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

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
from fakes.clock import ManualClock
from fakes.run_engines import (
    QUICK,
    SUBPROTOCOL,
    FakeStandings,
    Journal,
    person,
    running_engine,
    slower,
)
from fakes.scripted_agents import Words, catalogue, tool
from fakes.timing import UNIT, eventually
from netra.agent_api import NotApproved, Question, Run, ToolContext, ToolRefused
from netra.errors import Conflict, NetraError, NotFound, PermissionDenied
from netra.policy import CredentialMethod, Permission
from netra.principal import ServicePrincipal
from netra.wire.chat_protocol import Approval, EventName, FailureReason, RefusalReason
from netra_backend.app.runs.approvals.service import Answered

STARTED, THOUGHT = EventName.AGENT_STARTED, EventName.AGENT_THINKING
EXECUTING, COMPLETED = EventName.TOOL_EXECUTING, EventName.TOOL_COMPLETED
ENDED, FAILED = EventName.AGENT_COMPLETED, EventName.AGENT_FAILED
DAY = 86_400.0


@pytest.fixture
def careful() -> Careful:
    """Give an agent that asks before it burns something."""
    return Careful()


async def test_a_tool_waits_for_a_yes_and_is_used_once(
    store: Path, journal: Journal, careful: Careful
) -> None:
    """Nothing is used before the yes is committed; then exactly what was shown is used, once."""
    async with running_engine(store, careful.agents) as running:
        turn = await running.ask("letters")
        question = await asked(journal, turn)

        assert careful.used == []
        assert question.payload["tool_name"] == "burn"
        assert question.payload["arguments"] == {"text": "letters"}
        assert question.payload["description"] == "Does what a test wrote down."
        given = await answer(running, question)
        await journal.ended(turn.run_id)

    journal.check()
    assert given.approve
    assert not given.duplicate
    assert careful.used == ["letters"]
    assert journal.names(turn.run_id) == [
        STARTED,
        THOUGHT,
        NEEDED,
        GIVEN,
        EXECUTING,
        COMPLETED,
        ENDED,
    ]
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["text"] == "Burnt letters."


async def test_a_no_is_told_to_the_agent_and_fails_nothing(
    store: Path, journal: Journal, careful: Careful
) -> None:
    """The agent hears that the person refused, and answers; the tool was never used."""
    async with running_engine(store, careful.agents) as running:
        turn = await running.ask("letters")
        await answer(running, await asked(journal, turn), approve=False)
        await journal.ended(turn.run_id)

    journal.check()
    assert careful.used == []
    assert journal.names(turn.run_id) == [STARTED, THOUGHT, NEEDED, REFUSED, ENDED]
    [refused] = [one for one in journal.events(turn.run_id) if one.name is REFUSED]
    assert refused.payload["reason"] == RefusalReason.REFUSED
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["text"] == "Left alone: The person refused this, so it was not done."


async def test_nobody_else_can_answer(store: Path, journal: Journal, careful: Careful) -> None:
    """A foreign question, an unknown one and one of another run are not found, one like another."""
    async with running_engine(store, careful.agents) as running:
        turn = await running.ask("letters")
        other = await running.ask("books", who=person("berta"))
        question, others = await asked(journal, turn), await asked(journal, other)
        unknown = "apr_01k9zzzzzzzzzzzzzzzzzzzzzz"
        wrong: list[dict[str, Any]] = [
            {"who": person("berta")},
            {"approval_id": unknown},
            {"approval_id": others.payload["approval_id"]},
            {"run_id": "run_01k9zzzzzzzzzzzzzzzzzzzzzz"},
            {"run_id": other.run_id},
        ]
        told = set()
        for change in wrong:
            with pytest.raises(NotFound) as refused:
                await answer(running, question, **change)
            told.add((refused.value.code, refused.value.detail, refused.value.reason))

        assert len(told) == 1
        assert is_parked(journal, turn.run_id)
        assert careful.used == []


async def test_a_service_can_answer_nothing(
    store: Path, journal: Journal, careful: Careful
) -> None:
    """Whatever scopes a service holds, a question to a person is not its to answer."""
    service = ServicePrincipal(
        "robot", frozenset(one.value for one in Permission), "tok_robot", 9e9
    )
    async with running_engine(store, careful.agents) as running:
        question = await asked(journal, await running.ask("letters"))
        said = Approval(question.run_id, question.payload["approval_id"], approve=True)
        for method in (SUBPROTOCOL, CredentialMethod.BEARER):
            with pytest.raises(PermissionDenied):
                await running.chat.answer(service, method, said)  # type: ignore[arg-type]  # that is the point

        assert is_parked(journal, question.run_id)


async def test_the_same_answer_again_changes_nothing(
    store: Path, journal: Journal, careful: Careful
) -> None:
    """Said again before, while and after the run goes on, it is the same answer; another is not."""
    async with running_engine(store, careful.agents) as running:
        turn = await running.ask("letters")
        question = await asked(journal, turn)
        first = await answer(running, question)
        second = await answer(running, question)
        with pytest.raises(Conflict) as otherwise:
            await answer(running, question, approve=False)
        await journal.ended(turn.run_id)
        after = await answer(running, question)
        with pytest.raises(Conflict) as later:
            await answer(running, question, approve=False)

    journal.check()
    assert [one.duplicate for one in (first, second, after)] == [False, True, True]
    assert otherwise.value.detail == later.value.detail == "This was approved before."
    assert careful.used == ["letters"]


@pytest.mark.parametrize("both", [(True, True), (True, False), (False, True)])
async def test_of_two_answers_at_once_one_holds(
    store: Path, journal: Journal, careful: Careful, both: tuple[bool, bool]
) -> None:
    """Two windows answer at the same moment, in two processes: one answer is acted on, once."""
    async with (
        running_engine(store, careful.agents) as one,
        running_engine(store, careful.agents) as two,
    ):
        turn = await one.ask("letters")
        question = await asked(journal, turn)
        results = await asyncio.gather(
            answer(one, question, approve=both[0]),
            answer(two, question, approve=both[1]),
            return_exceptions=True,
        )
        await journal.ended(turn.run_id)

    journal.check()
    won = [one for one in results if isinstance(one, Answered) and not one.duplicate]
    assert len(won) == 1
    lost = next(one for one in results if one is not won[0])
    if both[0] is both[1]:
        assert isinstance(lost, Answered)
        assert lost.duplicate
    else:
        assert isinstance(lost, Conflict)
    assert careful.used == (["letters"] if won[0].approve else [])
    answers = [name for name in journal.names(turn.run_id) if name in ANSWERED]
    assert answers == [GIVEN if won[0].approve else REFUSED]


async def test_without_an_answer_it_counts_as_refused(
    store: Path, journal: Journal, careful: Careful
) -> None:
    """A day after it was asked the run goes on without; the answer then comes too late."""
    clock = ManualClock(1_800_000_000.0)
    async with running_engine(store, careful.agents, clock=clock) as running:
        turn = await running.ask("letters")
        question = await asked(journal, turn)
        assert question.payload["expires_at"] == clock.timestamp() + DAY
        clock.advance(DAY - 1)
        assert is_parked(journal, turn.run_id)
        running.engine._is_closing = True
        clock.advance(2)
        with pytest.raises(Conflict) as late:
            await answer(running, question)
        running.engine._is_closing = False
        await journal.ended(turn.run_id)
        with pytest.raises(Conflict):
            await answer(running, question)
        assert (await answer(running, question, approve=False)).duplicate

    journal.check()
    assert late.value.detail is not None
    assert "has passed" in late.value.detail
    assert careful.used == []
    [refused] = [one for one in journal.events(turn.run_id) if one.name is REFUSED]
    assert refused.payload["reason"] == RefusalReason.EXPIRED
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["text"].startswith("Left alone: The person did not answer in time")


async def test_a_waiting_run_takes_nobodys_turn(
    store: Path, journal: Journal, careful: Careful
) -> None:
    """Any number of waiting runs leave both turns of their person free; each counts as unfinished.

    In its own thread what is said later waits for it, so that answers come in order.
    """
    limits = slower(unfinished_per_user=6)
    async with running_engine(store, careful.agents, limits=limits) as running:
        waiting = [await running.ask(f"{number}") for number in range(4)]
        questions = [await asked(journal, turn) for turn in waiting]
        behind = await running.ask("behind", thread_id=waiting[0].thread_id)
        free = await running.ask("free")
        await asked(journal, free)
        with pytest.raises(NetraError) as too_many:
            await running.ask("one too many")
        assert journal.names(behind.run_id) == []

        await answer(running, questions[0], approve=False)
        await journal.ended(waiting[0].run_id)
        await asked(journal, behind)
        for turn in (*waiting[1:], behind, free):
            question = question_of(journal, turn.run_id)
            assert question is not None
            await answer(running, question, approve=False)
        await journal.ended(*(turn.run_id for turn in (*waiting, behind, free)))

    assert too_many.value.code == "too_many_requests"
    journal.check()


async def test_an_answer_is_told_before_the_run_has_its_turn(store: Path, journal: Journal) -> None:
    """With both turns taken by others, every window hears the answer at once; the run waits."""
    go_on = asyncio.Event()

    async def script(question: Question, run: Run) -> str:
        if question.text == "busy":
            await go_on.wait()
            return "done"
        return str(await run.call("burn", {}))

    async def burn(_words: Words, _context: ToolContext) -> object:
        return "burnt"

    agents = catalogue(script, tool("burn", burn, needs_approval=True))
    async with running_engine(store, agents) as running:
        turn = await running.ask("burn")
        question = await asked(journal, turn)
        busy = [await running.ask("busy") for _ in range(2)]
        await eventually(lambda: all(journal.names(b.run_id) for b in busy), within=10 * UNIT)
        await answer(running, question)
        await eventually(lambda: GIVEN in journal.names(turn.run_id), within=10 * UNIT)
        assert EXECUTING not in journal.names(turn.run_id)
        go_on.set()
        await journal.ended(turn.run_id, *(one.run_id for one in busy))

    journal.check()


async def test_stop_ends_a_waiting_run(store: Path, journal: Journal, careful: Careful) -> None:
    """Its question is closed, its end is said, and nothing is used, whatever is answered then."""
    async with running_engine(store, careful.agents) as running:
        turn = await running.ask("letters")
        question = await asked(journal, turn)
        await running.chat.cancel(person(), SUBPROTOCOL, turn.run_id)
        await journal.ended(turn.run_id, within=5 * UNIT)
        with pytest.raises(Conflict):
            await answer(running, question)

    journal.check()
    assert journal.names(turn.run_id)[-3:] == [NEEDED, REFUSED, FAILED]
    [refused] = [one for one in journal.events(turn.run_id) if one.name is REFUSED]
    assert refused.payload["reason"] == RefusalReason.ENDED
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["reason"] == FailureReason.CANCELLED
    assert careful.used == []


async def test_a_stop_that_is_stored_before_a_crash_is_heeded(
    store: Path, journal: Journal, careful: Careful
) -> None:
    """A waiting run that was stopped in the last moment of its process is ended by the next."""
    async with running_engine(store, careful.agents) as first:
        turn = await first.ask("letters")
        question = await asked(journal, turn)
        first.engine._is_closing = True
        await first.chat.cancel(person(), SUBPROTOCOL, turn.run_id)
        with pytest.raises(Conflict):
            await answer(first, question)
        first.crash()
    assert journal.end(turn.run_id) is None
    async with running_engine(store, careful.agents):
        await journal.ended(turn.run_id, within=5 * UNIT)

    journal.check()
    assert careful.used == []


async def test_deleting_the_thread_ends_its_waiting_run(
    store: Path, journal: Journal, careful: Careful
) -> None:
    """The question goes with the thread, and nobody finds it any more."""
    async with running_engine(store, careful.agents) as running:
        turn = await running.ask("letters")
        question = await asked(journal, turn)
        await running.chat.delete_thread(person(), SUBPROTOCOL, turn.thread_id)
        with pytest.raises(NotFound):
            await answer(running, question)

    assert journal.unfinished() == []
    assert journal.rows("SELECT * FROM t_run_steps") == []
    assert {str(one.payload) for one in journal.events(turn.run_id)} == {"{'erased': True}"}
    assert careful.used == []


async def test_a_withdrawn_question_ends_its_waiting_run(
    store: Path, journal: Journal, careful: Careful
) -> None:
    """Who deletes the message that led to it is not asked any more."""
    async with running_engine(store, careful.agents) as running:
        turn = await running.ask("letters")
        await asked(journal, turn)
        await running.chat.withdraw(person(), SUBPROTOCOL, turn.thread_id, turn.message_id)
        await journal.ended(turn.run_id, within=5 * UNIT)

    journal.check()
    assert careful.used == []


async def test_erasing_the_person_ends_all_that_waits(
    store: Path, journal: Journal, careful: Careful
) -> None:
    """With the account's data go its questions; the engine has nothing left to wait for."""
    async with running_engine(store, careful.agents) as running:
        turn = await running.ask("letters")
        question = await asked(journal, turn)
        with journal.writing() as connection:
            for table in ("run_leases", "run_steps", "runs", "messages", "threads"):
                connection.execute(f"DELETE FROM t_{table}")  # noqa: S608 - a name of ours
            connection.execute("DELETE FROM t_events")
        with pytest.raises(NotFound):
            await answer(running, question)
        assert running.engine.problem() is None

    assert journal.unfinished() == []
    assert careful.used == []


async def test_whether_the_person_may_still_act_is_asked_before_a_yes_is_acted_on(
    store: Path, journal: Journal, careful: Careful
) -> None:
    """Hours may have passed: while nobody can be asked, the answer stands and nothing is done."""
    standings = FakeStandings()
    limits = slower(longest_pause_seconds=0.05 * UNIT)
    async with running_engine(store, careful.agents, standings=standings, limits=limits) as running:
        turn = await running.ask("letters")
        question = await asked(journal, turn)
        standings.is_away = True
        await answer(running, question)
        await eventually(lambda: len(standings.asked) > 2, within=10 * UNIT)
        assert careful.used == []
        standings.is_away = False
        await journal.ended(turn.run_id)

    journal.check()
    assert careful.used == ["letters"]


async def test_what_would_be_refused_anyway_is_not_asked(store: Path, journal: Journal) -> None:
    """Nobody is asked about a tool that is unknown or not permitted, or about wrong arguments."""
    used: list[str] = []
    told: list[str] = []

    async def burn(words: Words, _context: ToolContext) -> object:
        used.append(words.text)
        return None

    async def script(_question: Question, run: Run) -> str:
        told.clear()
        for name, arguments in (
            ("unknown", {}),
            ("locked", {}),
            ("burn", {"text": 1}),
            ("burn", {"other": "x"}),
            ("burn", {"text": "x" * 60_000}),
        ):
            try:
                await run.call(name, arguments)
            except ToolRefused as refused:
                told.append(type(refused).__name__)
        return "done"

    agents = catalogue(
        script,
        tool("burn", burn, needs_approval=True),
        tool("locked", burn, needs_approval=True, permission=Permission.KEYS_ADMIN),
    )
    async with running_engine(store, agents) as running:
        turn = await running.ask()
        await journal.ended(turn.run_id)

    journal.check()
    assert used == []
    assert told == ["ToolRefused"] * 5
    assert NEEDED not in journal.names(turn.run_id)


async def test_two_uses_are_two_questions(store: Path, journal: Journal) -> None:
    """A yes is for one use: the next use of the same tool, with the same arguments, asks again."""
    used: list[str] = []

    async def burn(words: Words, _context: ToolContext) -> object:
        used.append(words.text)
        return None

    async def script(_question: Question, run: Run) -> str:
        said = []
        for _ in range(2):
            try:
                await run.call("burn", {"text": "x"})
                said.append("yes")
            except NotApproved:
                said.append("no")
        return " ".join(said)

    async with running_engine(
        store, catalogue(script, tool("burn", burn, needs_approval=True))
    ) as running:
        turn = await running.ask()
        first = await asked(journal, turn)
        await answer(running, first)
        await eventually(lambda: journal.names(turn.run_id).count(NEEDED) == 2, within=10 * UNIT)
        second = await asked(journal, turn)
        assert second.payload["approval_id"] != first.payload["approval_id"]
        await answer(running, second, approve=False)
        await journal.ended(turn.run_id)

    journal.check()
    assert used == ["x"]
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["text"] == "yes no"


async def test_what_was_approved_is_what_is_done(store: Path, journal: Journal) -> None:
    """An agent that wants something else after the yes is asked about anew: the yes is not its."""
    wanted = ["letters", "the house"]
    used: list[str] = []

    async def burn(words: Words, _context: ToolContext) -> object:
        used.append(words.text)
        return None

    async def script(_question: Question, run: Run) -> str:
        try:
            await run.call("burn", {"text": wanted[0]})
        except NotApproved:
            return "no"
        return "yes"

    async with running_engine(
        store, catalogue(script, tool("burn", burn, needs_approval=True))
    ) as running:
        turn = await running.ask()
        first = await asked(journal, turn)
        wanted.pop(0)
        await answer(running, first)
        await eventually(lambda: journal.names(turn.run_id).count(NEEDED) == 2, within=10 * UNIT)
        second = await asked(journal, turn)
        assert second.payload["arguments"] == {"text": "the house"}
        assert used == []
        await answer(running, second, approve=False)
        await journal.ended(turn.run_id)

    journal.check()
    assert used == []


class Shifty(Mapping[str, str]):
    """Arguments that are others each time after they were read first."""

    def __init__(self) -> None:
        self._reads = 0

    def __getitem__(self, key: str) -> str:
        self._reads += 1
        return "letters" if self._reads == 1 else "the house"

    def __iter__(self) -> Iterator[str]:
        return iter(("text",))

    def __len__(self) -> int:
        return 1


async def test_arguments_that_change_under_way_are_used_as_they_were_shown(
    store: Path, journal: Journal
) -> None:
    """An agent cannot swap what was approved for something else behind the person's back."""
    used: list[str] = []

    async def burn(words: Words, _context: ToolContext) -> object:
        used.append(words.text)
        return None

    async def script(_question: Question, run: Run) -> str:
        await run.call("burn", Shifty())
        return "done"

    async with running_engine(
        store, catalogue(script, tool("burn", burn, needs_approval=True))
    ) as running:
        turn = await running.ask()
        question = await asked(journal, turn)
        await answer(running, question)
        await journal.ended(turn.run_id)

    journal.check()
    assert question.payload["arguments"] == {"text": "letters"}
    assert used == ["letters"]


async def test_a_step_is_nobodys_answer(store: Path, journal: Journal) -> None:
    """Whatever an agent records, and however it names its tools, it approves nothing by it."""
    used: list[str] = []

    async def burn(words: Words, _context: ToolContext) -> object:
        used.append(words.text)
        return None

    async def yes() -> object:
        return {"refusal": None}

    async def script(_question: Question, run: Run) -> str:
        await run.step("answer", yes)
        await run.step("answer:x", yes)
        await run.call("answer", {})
        await run.call("burn", {})
        return "done"

    async def give(_words: Words, context: ToolContext) -> object:
        assert context.changes is None
        return {"refusal": None}

    agents = catalogue(script, tool("answer", give), tool("burn", burn, needs_approval=True))
    async with running_engine(store, agents, limits=QUICK) as running:
        turn = await running.ask()
        await asked(journal, turn)

        keys = [key for (key,) in journal.rows("SELECT key FROM t_run_steps")]
        assert not [key for key in keys if key.startswith("answer:")]
        assert used == []
