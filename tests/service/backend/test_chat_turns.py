"""Turns: a message is accepted once, waits its turn, and is stopped when its person says so."""

import asyncio
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from fakes.log_lines import LogLines
from fakes.run_engines import SUBPROTOCOL, Journal, person, running_engine, slower
from fakes.scripted_agents import Words, catalogue, tool
from fakes.timing import UNIT, eventually
from netra.agent_api import Question, Run, ToolContext
from netra.errors import Conflict, ContentInvalid, NotFound, PermissionDenied, TooManyRequests
from netra.ids import row_id
from netra.policy import CredentialMethod
from netra.wire.chat_protocol import EventName, FailureReason

STARTED, FAILED = EventName.AGENT_STARTED, EventName.AGENT_FAILED


async def echo(question: Question, _run: Run) -> str:
    """Give back what was said."""
    return question.text


async def test_the_same_message_again_is_the_same_turn(store: Path, journal: Journal) -> None:
    """A client that did not hear the acceptance says it again; nothing is begun twice.

    Something else under the same id is refused: to call it a repetition would lose it.
    """
    async with running_engine(store, catalogue(echo)) as running:
        first = await running.ask("one", client_id="client_a")
        again = await running.ask("one", client_id="client_a")
        await journal.ended(first.run_id)
        later = await running.ask("one", client_id="client_a", thread_id=first.thread_id)
        with pytest.raises(Conflict):
            await running.ask("something else", client_id="client_a")
        with pytest.raises(Conflict):
            await running.ask("one", client_id="client_a", thread_id=row_id("thr"))
        other = await running.ask("one", client_id="client_a", who=person("berta"))
        await journal.ended(other.run_id)

    assert not first.duplicate
    assert again.duplicate
    assert later.duplicate
    assert not other.duplicate
    assert {again.run_id, later.run_id} == {first.run_id}
    assert journal.rows("SELECT count(*) FROM t_messages WHERE author = 'user'") == [(2,)]
    journal.check()


async def test_a_message_said_by_two_sockets_at_once_is_one_turn(
    store: Path, journal: Journal
) -> None:
    """In a race of the same client id exactly one turn is begun and all hear of it."""
    async with (
        running_engine(store, catalogue(echo)) as one,
        running_engine(store, catalogue(echo)) as two,
    ):
        turns = await asyncio.gather(
            *(engine.ask("hi", client_id="client_a") for engine in (one, two) for _ in range(5))
        )
        await journal.ended(turns[0].run_id)

    assert len({turn.run_id for turn in turns}) == 1
    assert sum(not turn.duplicate for turn in turns) == 1
    journal.check()


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("\n  \n  first\tline  here \nsecond", "first line here"),
        (" \n ", "New conversation"),
        ("w" * 80, "w" * 59 + "…"),
        ("word " * 20, "word word word word word word word word word word word word…"),
    ],
)
async def test_a_new_thread_is_called_by_its_first_line(
    store: Path, journal: Journal, text: str, title: str
) -> None:
    """The title is the first line that says something, cut at a word."""
    async with running_engine(store, catalogue(echo)) as running:
        turn = await running.ask(text)
        await journal.ended(turn.run_id)

    [(found,)] = journal.rows("SELECT title FROM t_threads WHERE id = ?", turn.thread_id)
    assert found == title
    assert len(found) <= 60


async def test_what_cannot_be_accepted_is_refused_and_stores_nothing(
    store: Path, journal: Journal
) -> None:
    """Foreign threads, unknown agents, texts no database holds and wrong credentials."""
    async with running_engine(store, catalogue(echo)) as running:
        berta = await running.ask("mine", who=person("berta"))
        await journal.ended(berta.run_id)
        with pytest.raises(NotFound):
            await running.ask("yours", thread_id=berta.thread_id)
        with pytest.raises(NotFound):
            await running.ask("hello", agent="nobody")
        with pytest.raises(ContentInvalid):
            await running.ask("a\x00b")
        with pytest.raises(NotFound):
            await running.chat.cancel(person(), SUBPROTOCOL, berta.run_id)
        with pytest.raises(PermissionDenied):
            await running.chat.cancel(person(), CredentialMethod.CLIENT_SECRET, berta.run_id)

    assert journal.rows("SELECT DISTINCT owner_id FROM t_messages") == [("usr_berta",)]


async def test_too_many_unfinished_runs_are_refused(store: Path, journal: Journal) -> None:
    """A person has at most so many runs that have not ended; another person is not touched."""
    go_on = asyncio.Event()

    async def wait(_question: Question, _run: Run) -> str:
        await go_on.wait()
        return "done"

    limits = slower(unfinished_per_user=4)
    async with running_engine(store, catalogue(wait), limits=limits) as running:
        turns = [await running.ask(client_id=f"client_{number}") for number in range(4)]
        with pytest.raises(TooManyRequests) as refused:
            await running.ask()
        again = await running.ask(client_id="client_0")
        other = await running.ask(who=person("berta"))
        go_on.set()
        await journal.ended(other.run_id, *(turn.run_id for turn in turns))
        one_more = await running.ask()
        await journal.ended(one_more.run_id)

    assert refused.value.retry_after > 0
    assert again.duplicate
    journal.check()


async def test_two_runs_of_a_person_run_at_a_time_and_one_of_a_thread(
    store: Path, journal: Journal
) -> None:
    """However many processes claim at once: two per person, one per thread, in the order asked."""
    at_once: Counter[str] = Counter()
    most: Counter[str] = Counter()
    order: dict[str, list[str]] = defaultdict(list)

    async def work(question: Question, run: Run) -> str:
        async def note() -> None:
            await asyncio.sleep(0.01)

        owner = question.text.split()[0]
        for key in (owner, question.thread_id):
            at_once[key] += 1
            most[key] = max(most[key], at_once[key])
        order[question.thread_id].append(question.text)
        await run.step("work", note)
        for key in (owner, question.thread_id):
            at_once[key] -= 1
        return "done"

    names = ["anna", "berta", "carla"]
    async with (
        running_engine(store, catalogue(work)) as one,
        running_engine(store, catalogue(work)) as two,
    ):

        async def converse(name: str) -> list[str]:
            first = await one.ask(f"{name} 0", who=person(name))
            threads = [first.thread_id, None, None]
            runs = [first.run_id]
            for number in range(1, 9):
                engine = (one, two)[number % 2]
                turn = await engine.ask(
                    f"{name} {number}", who=person(name), thread_id=threads[number % 3]
                )
                threads[number % 3] = turn.thread_id
                runs.append(turn.run_id)
            return runs

        runs = await asyncio.gather(*(converse(name) for name in names))
        await journal.ended(*(run for some in runs for run in some), within=40 * UNIT)

    journal.check()
    assert {name: most[name] for name in names} == dict.fromkeys(names, 2)
    assert all(most[thread_id] == 1 for thread_id in order)
    for said in order.values():
        assert said == sorted(said, key=lambda text: int(text.split()[1]))


async def test_many_people_are_answered_each_their_own(store: Path, journal: Journal) -> None:
    """A hundred people at once each get one answer to what they said, in their own journal."""

    async def who(_words: Words, context: ToolContext) -> object:
        return str(context.principal)

    async def answer(question: Question, run: Run) -> str:
        return f"{await run.call('who', {})}: {question.text}"

    async with running_engine(store, catalogue(answer, tool("who", who))) as running:
        turns = await asyncio.gather(
            *(running.ask(f"I am {n}", who=person(f"user{n}")) for n in range(100))
        )
        await journal.ended(*(turn.run_id for turn in turns), within=60 * UNIT)

    journal.check()
    for number, turn in enumerate(turns):
        end = journal.end(turn.run_id)
        assert end is not None
        assert end["text"] == f"usr_user{number}: I am {number}"
        assert {one.owner_id for one in journal.events(turn.run_id)} == {f"usr_user{number}"}


async def test_a_running_run_is_cancelled_in_its_tool(
    store: Path, journal: Journal, logged: LogLines
) -> None:
    """Cancelling stops the tool, closes it honestly, and ends the run as cancelled."""
    began, ended = asyncio.Event(), asyncio.Event()

    async def wait(_words: Words, _context: ToolContext) -> object:
        began.set()
        try:
            return await asyncio.Event().wait()
        finally:
            ended.set()

    async def answer(_question: Question, run: Run) -> str:
        return str(await run.call("wait", {}))

    async with running_engine(store, catalogue(answer, tool("wait", wait))) as running:
        turn = await running.ask()
        await asyncio.wait_for(began.wait(), 10 * UNIT)
        await running.chat.cancel(person(), SUBPROTOCOL, turn.run_id)
        await journal.ended(turn.run_id, within=5 * UNIT)
        await running.chat.cancel(person(), SUBPROTOCOL, turn.run_id)

    assert ended.is_set()
    journal.check()
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["reason"] == FailureReason.CANCELLED
    assert [line["outcome"] for line in logged.of("run_ended")] == ["agent_failed"]


async def test_a_tool_that_will_not_stop_does_not_keep_the_run(
    store: Path, journal: Journal, logged: LogLines
) -> None:
    """A run is ended although its tool swallows the cancellation; what it does then is refused."""
    began, go_on = asyncio.Event(), asyncio.Event()
    refused: list[str] = []

    async def stubborn(_words: Words, context: ToolContext) -> object:
        began.set()
        while not go_on.is_set():
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                continue
        try:
            await context.records.threads(1)
        except Exception as error:  # noqa: BLE001 - any refusal is noted
            refused.append(type(error).__name__)
        return "late"

    async def answer(_question: Question, run: Run) -> str:
        try:
            await run.call("stubborn", {})
        finally:
            await run.say("I go on")
        return "never"

    async with running_engine(store, catalogue(answer, tool("stubborn", stubborn))) as running:
        turn = await running.ask()
        await asyncio.wait_for(began.wait(), 10 * UNIT)
        await running.chat.cancel(person(), SUBPROTOCOL, turn.run_id)
        await journal.ended(turn.run_id, within=10 * UNIT)
        go_on.set()
        await eventually(lambda: refused, within=5 * UNIT)

    journal.check()
    assert refused == ["RunClosed"]
    assert EventName.TEXT_DELTA not in journal.names(turn.run_id)
    assert logged.of("work_ignores_cancellation")


async def test_a_waiting_run_is_cancelled_before_its_turn(store: Path, journal: Journal) -> None:
    """A run that waits for a slot, or behind another of its thread, ends at once when cancelled.

    It says that it began and that it failed, and the ones before it go on.
    """
    go_on = asyncio.Event()
    asked: list[str] = []

    async def wait(question: Question, _run: Run) -> str:
        asked.append(question.text)
        await go_on.wait()
        return "done"

    async with running_engine(store, catalogue(wait)) as running:
        one = await running.ask("one")
        two = await running.ask("two")
        await eventually(lambda: len(asked) == 2, within=10 * UNIT)
        slotless = await running.ask("waits for a slot")
        behind = await running.ask("waits for its thread", thread_id=one.thread_id)
        for turn in (slotless, behind):
            await running.chat.cancel(person(), SUBPROTOCOL, turn.run_id)
            await journal.ended(turn.run_id, within=5 * UNIT)
            assert journal.names(turn.run_id) == [STARTED, FAILED]
        assert set(journal.unfinished()) == {one.run_id, two.run_id}
        go_on.set()
        await journal.ended(one.run_id, two.run_id)

    journal.check()
    assert sorted(asked) == ["one", "two"]


async def test_a_run_of_another_process_is_cancelled_too(store: Path, journal: Journal) -> None:
    """The process that has the run looks into its row when it renews its lease."""
    began = asyncio.Event()

    async def wait(_question: Question, _run: Run) -> str:
        began.set()
        return await asyncio.Event().wait()  # type: ignore[return-value]  # never returns

    async with (
        running_engine(store, catalogue(wait)) as one,
        running_engine(store, catalogue(wait)) as two,
    ):
        turn = await one.ask()
        await asyncio.wait_for(began.wait(), 10 * UNIT)
        await two.chat.cancel(person(), SUBPROTOCOL, turn.run_id)
        await journal.ended(turn.run_id, within=10 * UNIT)

    journal.check()
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["reason"] == FailureReason.CANCELLED


async def test_cancelling_at_any_moment_gives_one_end(store: Path, journal: Journal) -> None:
    """Whenever it comes, before, within or after the answer, the run has exactly one end."""

    async def answer(_question: Question, run: Run) -> str:
        async def nothing() -> None:
            return None

        await run.think("hm")
        await run.step("one", nothing)
        await run.say("x")
        return "done"

    ends: Counter[str] = Counter()
    async with running_engine(store, catalogue(answer)) as running:
        for number in range(25):
            turn = await running.ask(str(number))
            for _ in range(number * 6):
                await asyncio.sleep(0)
            await running.chat.cancel(person(), SUBPROTOCOL, turn.run_id)
            await journal.ended(turn.run_id)
            end = journal.end(turn.run_id)
            assert end is not None
            ends[end.get("reason", "answered")] += 1
    journal.check()

    assert set(ends) <= {"answered", "cancelled"}
    assert ends["cancelled"] > 0


async def test_a_deleted_question_wants_no_answer(store: Path, journal: Journal) -> None:
    """A waiting run whose message was deleted ends without asking the agent."""
    asked: list[str] = []

    async def answer(question: Question, _run: Run) -> str:
        asked.append(question.text)
        return "x"

    async with running_engine(store, catalogue(answer)) as running:
        running.engine._is_closing = True
        turn = await running.ask("forget it")
        with journal.writing() as connection:
            connection.execute("DELETE FROM t_messages WHERE id = ?", (turn.message_id,))
        running.engine._is_closing = False
        await journal.ended(turn.run_id)

    assert asked == []
    journal.check()
