"""A run from its message to its end: what is said, what tools may, and how it fails honestly."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fakes.log_lines import LogLines
from fakes.run_engines import SUBPROTOCOL, Journal, person, running_engine, slower
from fakes.scripted_agents import Script, Words, catalogue, tool
from fakes.timing import UNIT, eventually
from netra.agent_api import Question, Run, RunFailed, ToolContext, ToolFailed, ToolRefused
from netra.clock import SystemClock
from netra.errors import Conflict, NotFound
from netra.policy import Permission
from netra.wire.chat_protocol import EventName, FailureReason
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.threads.service import ThreadService

STARTED, THINKING = EventName.AGENT_STARTED, EventName.AGENT_THINKING
EXECUTING, COMPLETED = EventName.TOOL_EXECUTING, EventName.TOOL_COMPLETED
DELTA = EventName.TEXT_DELTA
ANSWERED, FAILED = EventName.AGENT_COMPLETED, EventName.AGENT_FAILED


class Waiting:
    """An agent that says something and then waits in a tool until it is stopped."""

    def __init__(self) -> None:
        self.used, self.stopped = asyncio.Event(), asyncio.Event()

    def alone(self) -> AgentCatalogue:
        """Give a catalogue of nobody else."""
        return catalogue(self._answer, tool("wait", self._wait))

    async def _answer(self, _question: Question, run: Run) -> str:
        await run.say("something private")
        await run.call("wait", {"text": "something private"})
        return "something private"

    async def _wait(self, _words: Words, _context: ToolContext) -> object:
        self.used.set()
        try:
            return await asyncio.Event().wait()
        finally:
            self.stopped.set()


async def who(_words: Words, context: ToolContext) -> object:
    """Say for whom the tool works."""
    return {"user_id": str(context.principal)}


async def ran(
    store: Path, journal: Journal, agents: AgentCatalogue, **limits: Any
) -> tuple[str, dict[str, Any]]:
    """Ask an agent one thing and wait for the end; gives the run's id and its last payload."""
    async with running_engine(store, agents, limits=slower(**limits)) as running:
        turn = await running.ask()
        await journal.ended(turn.run_id)
    journal.check()
    end = journal.end(turn.run_id)
    assert end is not None
    return turn.run_id, end


async def test_a_turn_says_its_events_in_order_and_persists_the_answer(
    store: Path, journal: Journal
) -> None:
    """Thought, tool, streamed text and answer come in the order of the grammar, gapless.

    The answer is a message of the thread before the run is said to be completed.
    """

    async def answer(_question: Question, run: Run) -> str:
        await run.think("I look who asks.")
        found = await run.call("who", {})
        await run.say("You are ")
        await run.say(found["user_id"])
        return f"You are {found['user_id']}"

    run_id, end = await ran(store, journal, catalogue(answer, tool("who", who)))

    names = [STARTED, THINKING, EXECUTING, COMPLETED, DELTA, DELTA, ANSWERED]
    assert journal.names(run_id) == names
    assert end["text"] == "You are usr_anna"
    assert end["tools"] == 1
    [(text, author)] = journal.rows(
        "SELECT text, author FROM t_messages WHERE id = ?", end["message_id"]
    )
    assert (text, author) == ("You are usr_anna", "agent")
    events = journal.events(run_id)
    assert [one.seq for one in events] == list(range(1, 8))
    assert events[2].payload["arguments"] == {}
    assert events[3].payload["result"] == {"user_id": "usr_anna"}
    assert events[2].payload["call_id"] == events[3].payload["call_id"]
    assert [one.payload["index"] for one in events[4:6]] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"text": 5}, "Expected `str`"),
        ({"other": "x"}, "no parameter"),
        ({"text": object()}, "no JSON object"),
        ({"text": "x" * 60_000}, "too large"),
        ({1: "x"}, "no JSON object"),
    ],
)
async def test_wrong_arguments_are_refused_before_the_tool_is_used(
    store: Path, journal: Journal, arguments: dict[Any, Any], why: str
) -> None:
    """Arguments are checked strictly; what is wrong with them is said, and the run goes on."""
    used: list[str] = []

    async def note(words: Words, _context: ToolContext) -> object:
        used.append(words.text)
        return None

    async def answer(_question: Question, run: Run) -> str:
        with pytest.raises(ToolRefused, match=why):
            await run.call("note", arguments)
        return "refused"

    run_id, end = await ran(store, journal, catalogue(answer, tool("note", note)))

    assert used == []
    assert end["text"] == "refused"
    [completed] = [one for one in journal.events(run_id) if one.name is COMPLETED]
    assert completed.payload["ok"] is False


async def test_a_tool_beyond_the_askers_permissions_is_refused(
    store: Path, journal: Journal
) -> None:
    """An agent is not offered what the asker may not do, and calling it anyway is refused."""
    used: list[str] = []

    async def erase(_words: Words, _context: ToolContext) -> object:
        used.append("erased")
        return None

    forbidden = tool("erase", erase, permission=Permission.DATA_MAINTAIN)
    allowed = tool("who", who)

    async def answer(_question: Question, run: Run) -> str:
        assert [one.name for one in run.tools] == ["who"]
        with pytest.raises(ToolRefused, match="not allowed"):
            await run.call("erase", {})
        with pytest.raises(ToolRefused, match="no such tool"):
            await run.call("No such tool!", {})
        return "no"

    run_id, _ = await ran(store, journal, catalogue(answer, forbidden, allowed))

    assert used == []
    assert journal.names(run_id).count(COMPLETED) == 2


async def silent(_words: Words, _context: ToolContext) -> object:
    """Never come to an end."""
    return await asyncio.Event().wait()


async def stubborn(_words: Words, _context: ToolContext) -> object:
    """Come to an end later than told to."""
    for _ in range(40):
        try:
            await asyncio.sleep(0.1 * UNIT)
        except asyncio.CancelledError:
            continue
    return "late"


async def broken(_words: Words, _context: ToolContext) -> object:
    """Fail as no tool should."""
    raise ZeroDivisionError("the secret word is xyzzy")


async def quits(_words: Words, _context: ToolContext) -> object:
    """Cancel itself."""
    raise asyncio.CancelledError


async def honest(_words: Words, _context: ToolContext) -> object:
    """Say why it cannot."""
    raise ToolFailed("The moon is in the wrong house.")


async def unwritable(_words: Words, _context: ToolContext) -> object:
    """Give what JSON cannot hold."""
    return object()


async def huge(_words: Words, _context: ToolContext) -> object:
    """Give more than fits."""
    return "x" * 20_000


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (silent, "too long"),
        (stubborn, "too long"),
        (broken, "The tool failed"),
        (quits, "stopped by itself"),
        (honest, "wrong house"),
        (unwritable, "cannot be kept"),
        (huge, "too large"),
    ],
)
async def test_a_tool_that_goes_wrong_is_a_refusal_and_not_the_end(
    store: Path, journal: Journal, logged: LogLines, call: Any, why: str
) -> None:
    """However a tool fails, its end is said, the agent hears why, and the run goes on.

    What a failing tool said is in no log line.
    """

    async def answer(_question: Question, run: Run) -> str:
        with pytest.raises(ToolRefused, match=why):
            await run.call("bad", {})
        return "and on"

    bad = tool("bad", call, timeout_seconds=0.05 * UNIT)
    run_id, end = await ran(store, journal, catalogue(answer, bad))

    assert end["text"] == "and on"
    assert journal.names(run_id) == [STARTED, EXECUTING, COMPLETED, ANSWERED]
    assert "xyzzy" not in logged.text


async def fails(_question: Question, _run: Run) -> str:
    """Fail as no agent should."""
    raise ZeroDivisionError("the secret word is xyzzy")


async def says_why(_question: Question, _run: Run) -> str:
    """Fail as an agent should."""
    raise RunFailed("model_unavailable", "The model is away.")


async def invents_a_reason(_question: Question, _run: Run) -> str:
    """Give a reason that is none."""
    raise RunFailed("bored", "No.")


async def cancels_itself(_question: Question, _run: Run) -> str:
    """Cancel itself."""
    raise asyncio.CancelledError


async def gives_no_text(_question: Question, _run: Run) -> str:
    """Give something else than a text."""
    return 5  # type: ignore[return-value]  # what an agent outside of our checks may do


async def gives_nothing(_question: Question, _run: Run) -> str:
    """Give an empty text."""
    return " \n"


async def gives_too_much(_question: Question, _run: Run) -> str:
    """Give more than is kept."""
    return "x" * 2_000_000


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (fails, FailureReason.INTERNAL_ERROR),
        (says_why, FailureReason.MODEL_UNAVAILABLE),
        (invents_a_reason, FailureReason.INTERNAL_ERROR),
        (cancels_itself, FailureReason.INTERNAL_ERROR),
        (gives_no_text, FailureReason.INTERNAL_ERROR),
        (gives_nothing, FailureReason.INTERNAL_ERROR),
        (gives_too_much, FailureReason.TOO_LARGE),
    ],
)
async def test_an_agent_without_an_answer_fails_with_a_reason(
    store: Path, journal: Journal, logged: LogLines, script: Script, reason: FailureReason
) -> None:
    """However an agent fails, the person gets one end with a reason, and the log no content."""
    run_id, end = await ran(store, journal, catalogue(script))

    assert journal.names(run_id) == [STARTED, FAILED]
    assert end["reason"] == reason
    assert end["message"]
    assert "xyzzy" not in logged.text
    assert journal.rows("SELECT state FROM t_runs") == [("failed",)]


async def test_a_run_that_takes_too_long_is_stopped(store: Path, journal: Journal) -> None:
    """After its time the agent is stopped in the middle of a tool, and the person is told."""

    async def answer(_question: Question, run: Run) -> str:
        await run.call("silent", {})
        return "never"

    agents = catalogue(answer, tool("silent", silent))
    run_id, end = await ran(store, journal, agents, run_seconds=0.1 * UNIT)

    assert journal.names(run_id) == [STARTED, EXECUTING, COMPLETED, FAILED]
    assert end["reason"] == FailureReason.TIMED_OUT


async def test_what_an_agent_says_fits_and_can_be_stored(store: Path, journal: Journal) -> None:
    """Long, broken and hostile texts are split, cut and cleaned; nothing is refused for them."""
    strange = "a\x00b\ud800c" + "é\x01" * 20_000

    async def answer(_question: Question, run: Run) -> str:
        await run.think(strange)
        await run.say(strange)
        await run.say("")
        return strange

    run_id, end = await ran(store, journal, catalogue(answer))

    said = [one.payload["text"] for one in journal.events(run_id) if one.name is DELTA]
    assert "".join(said) == "a\ufffdb?c" + "é\x01" * 20_000
    assert end["text"] is None
    [(text,)] = journal.rows("SELECT text FROM t_messages WHERE id = ?", end["message_id"])
    assert text == "".join(said)


async def test_tools_used_at_once_stand_one_after_the_other(store: Path, journal: Journal) -> None:
    """An agent that calls, thinks and speaks in parallel still keeps the grammar."""

    async def slow(_words: Words, _context: ToolContext) -> object:
        await asyncio.sleep(0.01)
        return 1

    async def answer(_question: Question, run: Run) -> str:
        calls = [run.call("slow", {"text": str(number)}) for number in range(5)]
        await asyncio.gather(*calls, run.think("meanwhile"), run.say("and"))
        return "done"

    run_id, end = await ran(store, journal, catalogue(answer, tool("slow", slow)))

    assert end["tools"] == 5
    assert len(journal.events(run_id)) == 14


async def test_a_tool_does_not_speak_through_its_run(store: Path, journal: Journal) -> None:
    """A tool that got hold of the run is refused at once, so its two events stay together."""
    held: list[Run] = []

    async def cheeky(_words: Words, _context: ToolContext) -> object:
        await held[0].say("me too")
        return None

    async def answer(_question: Question, run: Run) -> str:
        held.append(run)
        with pytest.raises(ToolRefused):
            await run.call("cheeky", {})
        return "done"

    run_id, _ = await ran(store, journal, catalogue(answer, tool("cheeky", cheeky)))

    assert DELTA not in journal.names(run_id)


async def test_the_history_is_what_was_said_before_the_question(
    store: Path, journal: Journal
) -> None:
    """Earlier questions and their answers are read, the question and later ones are not."""
    seen: dict[str, list[tuple[str, str]]] = {}
    go_on = asyncio.Event()

    async def answer(question: Question, run: Run) -> str:
        if question.text == "one":
            await go_on.wait()
        said = await run.history(10)
        seen[question.text] = [(one.author, one.text) for one in said]
        return f"answer to {question.text}"

    async with running_engine(store, catalogue(answer)) as running:
        first = await running.ask("one")
        others = [await running.ask(text, thread_id=first.thread_id) for text in ("two", "three")]
        go_on.set()
        await journal.ended(first.run_id, *(turn.run_id for turn in others))
    journal.check()

    assert seen["one"] == []
    assert seen["two"] == [("user", "one"), ("agent", "answer to one")]
    assert sorted(seen["three"]) == sorted(
        [("user", "one"), ("agent", "answer to one"), ("user", "two"), ("agent", "answer to two")]
    )


async def test_usage_is_booked_once_on_the_asker(store: Path, journal: Journal) -> None:
    """What a step cost is filled in by its body and stored with the step under the asker."""

    class Spent:
        model = "m" * 200
        input_tokens = 0
        output_tokens = 0
        cost_micros: int | None = None

    async def answer(_question: Question, run: Run) -> str:
        spent = Spent()

        async def request() -> str:
            spent.input_tokens, spent.output_tokens = 7, 3
            return "text"

        return str(await run.step("model", request, usage=spent))

    run_id, _ = await ran(store, journal, catalogue(answer))

    rows = journal.rows("SELECT owner_id, run_id, input_tokens, output_tokens FROM t_model_usage")
    assert rows == [("usr_anna", run_id, 7, 3)]


async def test_an_agents_steps_are_named_and_give_json(store: Path, journal: Journal) -> None:
    """A name that cannot be a key, and a result that JSON cannot hold, are errors of the agent."""

    async def nothing() -> object:
        return object()

    async def pair() -> object:
        return (1, 2)

    async def answer(_question: Question, run: Run) -> str:
        with pytest.raises(ValueError, match="name"):
            await run.step("a b", pair)
        with pytest.raises(ValueError, match="name"):
            await run.say("x", step="ü")
        with pytest.raises(TypeError, match="JSON"):
            await run.step("bad", nothing)
        return str(await run.step("good", pair))

    _, end = await ran(store, journal, catalogue(answer))

    assert end["text"] == "[1, 2]"


async def test_a_deleted_thread_stops_its_run_and_leaves_the_journal_gapless(
    store: Path, journal: Journal
) -> None:
    """With its thread a run is gone: it writes nothing more, and its events keep their places."""
    agent = Waiting()
    async with running_engine(store, agent.alone()) as running:
        turn = await running.ask("private question")
        await asyncio.wait_for(agent.used.wait(), 10 * UNIT)
        await eventually(lambda: journal.events(turn.run_id), within=10 * UNIT)
        async with running.database.session_for(person(), SUBPROTOCOL) as session:
            await ThreadService(session, SystemClock()).delete_thread(turn.thread_id)
        await asyncio.wait_for(agent.stopped.wait(), 10 * UNIT)
        next_turn = await running.ask("and now?")
        await running.chat.cancel(person(), SUBPROTOCOL, next_turn.run_id)
        await journal.ended(next_turn.run_id)

    journal.check()
    erased = journal.events(turn.run_id)
    assert {str(one.payload) for one in erased} == {"{'erased': True}"}
    assert journal.rows("SELECT count(*) FROM t_run_steps WHERE run_id = ?", turn.run_id) == [(0,)]


async def test_a_run_whose_thread_is_deleted_says_its_end(store: Path, journal: Journal) -> None:
    """Who deletes a conversation that is being answered sees the run end; no word of it stays."""
    patient = slower(renew_seconds=1000.0)
    agent = Waiting()
    async with running_engine(store, agent.alone(), limits=patient) as running:
        turn = await running.ask("private question")
        waiting = await running.ask("and another", thread_id=turn.thread_id)
        await asyncio.wait_for(agent.used.wait(), 10 * UNIT)
        await running.chat.delete_thread(person(), SUBPROTOCOL, turn.thread_id)

        assert agent.stopped.is_set()
        assert journal.unfinished() == []
        with pytest.raises(NotFound):
            await running.chat.delete_thread(person(), SUBPROTOCOL, turn.thread_id)

    journal.check()
    for run_id in (turn.run_id, waiting.run_id):
        erased = journal.events(run_id)
        assert erased[-1].name is FAILED
        assert {str(one.payload) for one in erased} == {"{'erased': True}"}
    assert journal.rows("SELECT count(*) FROM t_threads") == [(0,)]
    assert journal.rows("SELECT count(*) FROM t_messages") == [(0,)]


async def test_a_thread_whose_run_nobody_stops_is_not_deleted(
    store: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an engine at work the deletion is refused, and everything is still there."""
    monkeypatch.setattr("netra_backend.app.chat.turn._STOPPING_SECONDS", UNIT / 10)
    used = asyncio.Event()

    async def answer(_question: Question, _run: Run) -> str:
        used.set()
        return str(await asyncio.Event().wait())

    async with running_engine(store, catalogue(answer)) as running:
        turn = await running.ask("a question")
        await asyncio.wait_for(used.wait(), 10 * UNIT)
    with pytest.raises(Conflict):
        await running.chat.delete_thread(person(), SUBPROTOCOL, turn.thread_id)
    await running.database.aclose()

    assert journal.rows("SELECT count(*) FROM t_messages") == [(1,)]
    assert journal.unfinished() == [turn.run_id]


async def test_a_deleted_message_takes_what_its_run_said_along(
    store: Path, journal: Journal
) -> None:
    """Deleting an answer, or a question, leaves no word of its run, and no gap in the journal."""

    async def answer(_question: Question, run: Run) -> str:
        await run.call("note", {"text": "something private"})
        await run.say("something private")
        return "something private"

    async def note(words: Words, _context: ToolContext) -> object:
        return words.text

    async with running_engine(store, catalogue(answer, tool("note", note))) as running:
        answered, asked, kept = [await running.ask(text) for text in ("one", "two", "three")]
        await journal.ended(answered.run_id, asked.run_id, kept.run_id)
        journal.check()
        end = journal.end(answered.run_id)
        assert end is not None
        for turn, message_id in ((answered, end["message_id"]), (asked, asked.message_id)):
            async with running.database.session_for(person(), SUBPROTOCOL) as session:
                threads = ThreadService(session, SystemClock())
                await threads.delete_message(turn.thread_id, message_id)

    numbers = [seq for (seq,) in journal.rows("SELECT seq FROM t_events ORDER BY seq")]
    assert numbers == list(range(1, len(numbers) + 1))
    for turn in (answered, asked):
        payloads = {str(one.payload) for one in journal.events(turn.run_id)}
        assert payloads == {"{'erased': True}"}
    assert "something private" in str(journal.events(kept.run_id))
    assert journal.rows("SELECT count(*) FROM t_run_steps") == [(0,)]


async def test_a_deleted_question_stops_its_run_and_leaves_no_word_of_it(
    store: Path, journal: Journal
) -> None:
    """Who deletes a question while it is answered gets no answer, and nothing said stays."""
    patient = slower(renew_seconds=1000.0)
    agent = Waiting()
    agents = agent.alone()
    async with running_engine(store, agents, limits=patient) as running:
        turn = await running.ask("something private")
        await asyncio.wait_for(agent.used.wait(), 10 * UNIT)
        await running.chat.withdraw(person(), SUBPROTOCOL, turn.thread_id, turn.message_id)
        await asyncio.wait_for(agent.stopped.wait(), 10 * UNIT)
        await journal.ended(turn.run_id)

    journal.check()
    assert "something private" not in str(journal.events(turn.run_id))
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["reason"] == "cancelled"
    assert journal.rows("SELECT count(*) FROM t_messages") == [(0,)]
    assert "something private" not in str(journal.rows("SELECT * FROM t_run_steps"))


async def test_a_question_deleted_while_its_process_is_dead_is_not_answered_later(
    store: Path, journal: Journal
) -> None:
    """Whoever takes the run up after a deletion says nothing more, and erases what was said."""
    agent = Waiting()
    agents = agent.alone()
    async with running_engine(store, agents) as first:
        turn = await first.ask("something private")
        await asyncio.wait_for(agent.used.wait(), 10 * UNIT)
    assert journal.unfinished() == [turn.run_id]
    async with running_engine(store, agents) as second:
        await second.chat.withdraw(person(), SUBPROTOCOL, turn.thread_id, turn.message_id)
        await journal.ended(turn.run_id)

    journal.check()
    assert "something private" not in str(journal.events(turn.run_id))
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["reason"] == "cancelled"


async def test_nothing_is_deleted_from_under_an_answer_that_is_just_being_written(
    store: Path, journal: Journal
) -> None:
    """Between a run's end and its last event a deletion is refused, and can be tried again."""
    used = asyncio.Event()

    async def answer(_question: Question, _run: Run) -> str:
        used.set()
        return str(await asyncio.Event().wait())

    async with running_engine(store, catalogue(answer)) as running:
        turn = await running.ask("a question")
        await asyncio.wait_for(used.wait(), 10 * UNIT)
        for state, refused in (("completed", True), ("accepted", False)):
            with journal.writing() as connection:
                connection.execute("UPDATE t_runs SET state = ?", (state,))
            withdrawal = running.chat.withdraw(
                person(), SUBPROTOCOL, turn.thread_id, turn.message_id
            )
            if refused:
                with pytest.raises(Conflict):
                    await withdrawal
                assert journal.rows("SELECT count(*) FROM t_messages") == [(1,)]
            else:
                await withdrawal
        await journal.ended(turn.run_id)
    assert journal.rows("SELECT count(*) FROM t_messages") == [(0,)]
