"""A run survives the death of its process: nothing completed is done again, nothing said twice."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.clock import ManualClock
from fakes.log_lines import LogLines
from fakes.run_engines import (
    COUNTED,
    QUICK,
    FakeStandings,
    Journal,
    RunningEngine,
    person,
    running_engine,
    slower,
)
from fakes.scripted_agents import Script, Words, catalogue, tool
from fakes.timing import UNIT, eventually
from fakes.undertaker import Undertaker, unheard_commit
from netra.agent_api import Question, Run, ToolContext, ToolRefused
from netra.errors import DatabaseUnavailable
from netra.wire.auth_api import SubjectStanding
from netra.wire.chat_protocol import EventName, FailureReason
from netra_backend.app.agents.catalogue import AgentCatalogue


def steps_and_tools(done: Counter[str]) -> AgentCatalogue:
    """Give an agent that thinks, uses two tools, does a streaming step and answers."""

    async def note(words: Words, _context: ToolContext) -> object:
        done[f"tool {words.text}"] += 1
        return {"noted": words.text}

    async def answer(_question: Question, run: Run) -> str:
        await run.think("first")
        one = await run.call("note", {"text": "one"})

        async def model() -> str:
            await run.think("in the step")
            await run.say("streamed ", step="model")
            await run.say("text", step="model")
            done["step model"] += 1
            return "streamed text"

        text = await run.step("model", model)
        await run.think("second")
        two = await run.call("note", {"text": "two"})
        await run.say("and the rest")
        return f"{one['noted']} {text} {two['noted']}"

    return catalogue(answer, tool("note", note))


@pytest.mark.parametrize("commits", range(1, 18))
async def test_a_crash_after_any_commit_loses_nothing_and_doubles_nothing(
    store: Path, journal: Journal, commits: int
) -> None:
    """Whatever was committed last, the successor goes on from there to exactly one answer.

    A step that was recorded is not done again; the one that was not is done once more at most.
    """
    done: Counter[str] = Counter()
    agents = steps_and_tools(done)
    async with running_engine(store, agents, limits=COUNTED) as first:
        undertaker = Undertaker(first.database, commits)
        turn = await first.ask("go")
        await eventually(
            lambda: undertaker.reached.is_set() or not journal.unfinished(), within=10 * UNIT
        )
        first.crash()
        recorded = recorded_steps(journal)
        before = Counter(done)
        async with running_engine(store, agents) as second:
            await journal.ended(turn.run_id)
            assert second.standings.asked in ([], ["usr_anna"])

    journal.check()
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["text"] == "one streamed text two"
    assert {name: before[name] for name in recorded} == {name: done[name] for name in recorded}
    assert sum(done.values()) <= 4
    keys = [one.key for one in journal.events(turn.run_id)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("takes_effect", [True, False])
async def test_a_message_whose_commit_was_not_heard_of_is_said_again(
    store: Path, journal: Journal, *, takes_effect: bool
) -> None:
    """Whoever says it again under the same client id has said it once, and gets one answer."""
    agents = steps_and_tools(Counter())
    async with running_engine(store, agents, limits=COUNTED) as running:
        with (
            unheard_commit(running.database, takes_effect=takes_effect),
            pytest.raises(DatabaseUnavailable),
        ):
            await running.ask("go", client_id="client_of_anna")
        turn = await running.ask("go", client_id="client_of_anna")
        await journal.ended(turn.run_id)

    assert turn.duplicate is takes_effect
    journal.check()
    said = journal.rows("SELECT author, text FROM t_messages ORDER BY author")
    assert said == [("agent", "one streamed text two"), ("user", "go")]


def recorded_steps(journal: Journal) -> set[str]:
    """Name what the agent above need not do again."""
    names = {"tool:note#0": "tool one", "tool:note#1": "tool two", "step:model#0": "step model"}
    keys = [key for (key,) in journal.rows("SELECT key FROM t_run_steps")]
    return {name for start, name in names.items() if any(key.startswith(start) for key in keys)}


async def test_the_rounds_above_cover_every_commit_of_the_turn(
    store: Path, journal: Journal
) -> None:
    """An undisturbed turn commits fewer times than there are rounds."""
    async with running_engine(store, steps_and_tools(Counter()), limits=COUNTED) as running:
        undertaker = Undertaker(running.database, 1000)
        turn = await running.ask("go")
        await journal.ended(turn.run_id)

        assert 8 <= undertaker.commits <= 17


async def test_one_who_was_only_slow_writes_nothing_more(
    store: Path, journal: Journal, logged: LogLines
) -> None:
    """A process thought dead that goes on is refused: its late result is nobody's (fencing)."""
    go_on = asyncio.Event()
    used: list[str] = []

    async def note(words: Words, _context: ToolContext) -> object:
        used.append(words.text)
        if len(used) == 1:
            await go_on.wait()
        return f"use {len(used)}"

    async def answer(_question: Question, run: Run) -> str:
        return str(await run.call("note", {"text": "x"}))

    agents = catalogue(answer, tool("note", note))
    slow = slower(renew_seconds=1000.0)
    async with running_engine(store, agents, limits=slow) as first:
        turn = await first.ask()
        await eventually(lambda: used, within=10 * UNIT)
        # Only now, or the second might have been the one to take the run.
        async with running_engine(store, agents) as second:
            first.crash()
            await journal.ended(turn.run_id)
            go_on.set()
            await eventually(lambda: not first.engine._active, within=10 * UNIT)
            assert second.engine.problem() is None

    journal.check()
    assert used == ["x", "x"]
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["text"] == "use 2"
    assert not logged.of("run_broken")


async def test_a_graceful_stop_hands_the_run_over_at_once(store: Path, journal: Journal) -> None:
    """The successor need not wait for a lease to run out."""
    used: list[str] = []

    async def wait(_words: Words, _context: ToolContext) -> object:
        used.append("x")
        if len(used) == 1:
            await asyncio.Event().wait()
        return len(used)

    async def answer(_question: Question, run: Run) -> str:
        return str(await run.call("wait", {}))

    agents = catalogue(answer, tool("wait", wait))
    async with running_engine(store, agents) as first:
        turn = await first.ask()
        await eventually(lambda: used, within=10 * UNIT)
    assert journal.rows("SELECT holder, slot FROM t_run_leases") == [(None, None)]
    async with running_engine(store, agents):
        await journal.ended(turn.run_id, within=5 * UNIT)

    journal.check()
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["text"] == "2"


async def interrupted(store: Path, journal: Journal, agents: AgentCatalogue) -> str:
    """Have a process die while an agent's tool `hang` is used; gives the run's id."""
    async with running_engine(store, agents) as first:
        turn = await first.ask()
        await eventually(
            lambda: EventName.TOOL_EXECUTING in journal.names(turn.run_id)[-1:], within=10 * UNIT
        )
        Undertaker(first.database, 0)
        first.crash()
    return turn.run_id


async def hang(_words: Words, _context: ToolContext) -> object:
    """Never come to an end."""
    return await asyncio.Event().wait()


async def quick(words: Words, _context: ToolContext) -> object:
    """Give back what was given."""
    return words.text


async def hangs(_question: Question, run: Run) -> str:
    """Use a tool that never comes to an end."""
    return str(await run.call("hang", {"text": "before"}))


async def calls_otherwise(_question: Question, run: Run) -> str:
    """Use another tool than before the crash."""
    return str(await run.call("quick", {"text": "other"}))


async def calls_with_other_arguments(_question: Question, run: Run) -> str:
    """Use the same tool with other arguments than before the crash."""
    return str(await run.call("hang", {"text": "after"}))


async def only_speaks(_question: Question, run: Run) -> str:
    """Use no tool any more."""
    await run.say("I changed.")
    return "I changed."


@pytest.mark.parametrize("script", [calls_otherwise, calls_with_other_arguments, only_speaks])
async def test_an_agent_that_changed_meanwhile_leaves_no_tool_open(
    store: Path, journal: Journal, script: Script
) -> None:
    """What the old agent was using is closed before the new one says anything else."""
    run_id = await interrupted(store, journal, catalogue(hangs, tool("hang", hang)))
    changed = catalogue(script, tool("hang", quick), tool("quick", quick))
    async with running_engine(store, changed):
        await journal.ended(run_id)

    journal.check()
    first_completed = next(
        one for one in journal.events(run_id) if one.name is EventName.TOOL_COMPLETED
    )
    assert first_completed.payload["ok"] is False
    end = journal.end(run_id)
    assert end is not None
    assert end["text"] in {"other", "after", "I changed."}


async def test_an_agent_that_is_gone_is_given_up_honestly(store: Path, journal: Journal) -> None:
    """A run whose agent was uninstalled ends with a reason, its tool closed before."""
    run_id = await interrupted(store, journal, catalogue(hangs, tool("hang", hang)))
    async with running_engine(store, catalogue(only_speaks, name="another")):
        await journal.ended(run_id)

    journal.check()
    end = journal.end(run_id)
    assert end is not None
    assert end["reason"] == FailureReason.GAVE_UP


async def test_what_an_earlier_attempt_streamed_is_marked_by_its_attempt(
    store: Path, journal: Journal
) -> None:
    """A client can tell the pieces of the second attempt from those of the first."""
    attempts: list[int] = []

    async def answer(_question: Question, run: Run) -> str:
        attempts.append(1)
        await run.say("one ")
        if len(attempts) == 1:
            await run.call("hang", {})
        await run.say("two")
        return "one two"

    run_id = await interrupted(store, journal, catalogue(answer, tool("hang", hang)))
    async with running_engine(store, catalogue(answer, tool("hang", hang))):
        await journal.ended(run_id)

    journal.check()
    deltas = [
        (one.payload["attempt"], one.payload["index"], one.payload["text"])
        for one in journal.events(run_id)
        if one.name is EventName.TEXT_DELTA
    ]
    assert deltas == [(1, 0, "one "), (2, 0, "one "), (2, 1, "two")]


async def dead_or_done(engine: RunningEngine, journal: Journal) -> None:
    """Wait until a process died, or no run is left."""
    await eventually(lambda: engine.is_dead or not journal.unfinished(), within=20 * UNIT)


async def test_a_poisonous_run_is_given_up(store: Path, journal: Journal) -> None:
    """A run that takes its process down each time ends after five takings, others go on."""
    begun: list[str] = []
    dead: list[Callable[[], None]] = []

    async def answer(question: Question, _run: Run) -> str:
        if question.text != "poison":
            return "fine"
        begun.append("x")
        dead[-1]()
        return await asyncio.Event().wait()  # type: ignore[return-value]  # never returns

    run_id = ""
    for _ in range(7):
        async with running_engine(store, catalogue(answer)) as engine:

            def die(running: RunningEngine = engine) -> None:
                Undertaker(running.database, 0)
                running.crash()

            dead.append(die)
            if not run_id:
                run_id = (await engine.ask("poison")).run_id
            await dead_or_done(engine, journal)
    async with running_engine(store, catalogue(answer)) as engine:
        await journal.ended((await engine.ask("well")).run_id)

    journal.check()
    assert len(begun) == 5
    end = journal.end(run_id)
    assert end is not None
    assert end["reason"] == FailureReason.GAVE_UP


async def test_a_step_gives_a_run_new_lives(store: Path, journal: Journal) -> None:
    """A run that comes further each time is not given up, however often it is taken."""
    dead: list[Callable[[], None]] = []
    fresh: list[str] = []

    async def note(words: Words, _context: ToolContext) -> object:
        fresh.append(words.text)
        return None

    async def answer(_question: Question, run: Run) -> str:
        for number in range(8):
            before = len(fresh)
            await run.call("note", {"text": str(number)})
            if len(fresh) > before:
                dead[-1]()
                await asyncio.Event().wait()
        return "all eight"

    run_id = ""
    for _ in range(9):
        async with running_engine(store, catalogue(answer, tool("note", note))) as engine:

            def die(running: RunningEngine = engine) -> None:
                Undertaker(running.database, 0)
                running.crash()

            dead.append(die)
            if not run_id:
                run_id = (await engine.ask()).run_id
            await dead_or_done(engine, journal)

    journal.check()
    assert fresh == [str(number) for number in range(8)]
    end = journal.end(run_id)
    assert end is not None
    assert end["text"] == "all eight"


async def test_a_person_who_is_gone_is_answered_by_nobody(store: Path, journal: Journal) -> None:
    """A run of a deleted account is not resumed: its lease goes, nothing is said."""
    run_id = await interrupted(store, journal, catalogue(hangs, tool("hang", hang)))
    said = len(journal.events(run_id))
    standings = FakeStandings()
    standings.of["usr_anna"] = SubjectStanding.GONE
    async with running_engine(store, catalogue(hangs, tool("hang", quick)), standings=standings):
        await journal.ended(run_id)

    assert len(journal.events(run_id)) == said


async def test_a_disabled_person_waits_until_enabled(store: Path, journal: Journal) -> None:
    """A run of a disabled account is not resumed, but goes on once the account is enabled."""
    run_id = await interrupted(store, journal, catalogue(hangs, tool("hang", hang)))
    said = len(journal.events(run_id))
    standings = FakeStandings()
    standings.of["usr_anna"] = SubjectStanding.DISABLED
    async with running_engine(
        store,
        catalogue(hangs, tool("hang", quick)),
        standings=standings,
        limits=slower(disabled_seconds=0.1 * UNIT),
    ):
        await eventually(lambda: len(standings.asked) >= 2, within=10 * UNIT)
        assert len(journal.events(run_id)) == said
        standings.of.clear()
        await journal.ended(run_id)

    journal.check()


async def test_while_nobody_can_be_asked_a_run_waits(store: Path, journal: Journal) -> None:
    """With the auth service away nothing is resumed; that costs the run none of its lives."""
    run_id = await interrupted(store, journal, catalogue(hangs, tool("hang", hang)))
    standings = FakeStandings()
    standings.is_away = True
    async with running_engine(
        store,
        catalogue(hangs, tool("hang", quick)),
        standings=standings,
        limits=slower(longest_pause_seconds=0.05 * UNIT),
    ):
        await eventually(lambda: len(standings.asked) >= 8, within=10 * UNIT)
        assert journal.unfinished() == [run_id]
        standings.is_away = False
        await journal.ended(run_id)

    journal.check()
    end = journal.end(run_id)
    assert end is not None
    assert end["text"] == "before"


async def test_a_run_whose_token_ended_while_it_waited_asks_first(
    store: Path, journal: Journal
) -> None:
    """A first taking needs no question only while the token it came with would still hold."""
    clock = ManualClock(8e9)
    standings = FakeStandings()
    go_on = asyncio.Event()

    async def answer(_question: Question, _run: Run) -> str:
        await go_on.wait()
        return "done"

    async with running_engine(
        store, catalogue(answer), clock=clock, standings=standings
    ) as running:
        first = await running.ask()
        second = await running.ask(thread_id=first.thread_id)
        await eventually(lambda: journal.names(first.run_id), within=10 * UNIT)
        clock.jump(2e9)
        go_on.set()
        await journal.ended(first.run_id, second.run_id)

    assert standings.asked == ["usr_anna"]
    journal.check()


async def test_a_revoked_subjects_live_run_stops_until_it_was_asked(
    store: Path, journal: Journal
) -> None:
    """A live run of somebody whose tokens were all revoked is stopped and taken anew."""
    standings = FakeStandings()
    used: list[str] = []

    async def wait(_words: Words, _context: ToolContext) -> object:
        used.append("x")
        return await asyncio.Event().wait()

    async def answer(_question: Question, run: Run) -> str:
        return str(await run.call("wait", {}))

    agents = catalogue(answer, tool("wait", wait))
    async with running_engine(store, agents, standings=standings) as running:
        turn = await running.ask()
        other = await running.ask(who=person("berta"))
        await eventually(lambda: len(used) == 2, within=10 * UNIT)
        standings.of["usr_anna"] = SubjectStanding.GONE
        running.engine.subjects_ended({"usr_anna"})
        await journal.ended(turn.run_id)

        assert standings.asked == ["usr_anna"]
        assert journal.unfinished() == [other.run_id]


async def test_a_run_that_waited_while_its_account_ended_never_begins(
    store: Path, journal: Journal
) -> None:
    """What waits for its turn begins for nobody whose account was deleted (checklist 48)."""
    standings = FakeStandings()
    used: list[str] = []

    async def wait(_words: Words, _context: ToolContext) -> object:
        used.append("x")
        return await asyncio.Event().wait()

    async def answer(_question: Question, run: Run) -> str:
        return str(await run.call("wait", {}))

    agents = catalogue(answer, tool("wait", wait))
    async with running_engine(store, agents, standings=standings) as running:
        turns = [await running.ask(), await running.ask(), await running.ask()]
        await eventually(lambda: len(used) == 2, within=10 * UNIT)
        # A step may be taken before the events that led to it are in the store.
        await eventually(
            lambda: sum(journal.events(turn.run_id) != [] for turn in turns) == 2, within=10 * UNIT
        )
        standings.of["usr_anna"] = SubjectStanding.GONE
        standings.in_doubt.add("usr_anna")
        running.engine.subjects_ended({"usr_anna"})
        await journal.ended(*(turn.run_id for turn in turns))

    assert len(used) == 2
    # Whichever of them waited: its turn never came.
    assert sum(journal.events(turn.run_id) == [] for turn in turns) == 1


@pytest.mark.parametrize(
    "record", ["", "{}", '{"version":2}', "null", "not json", '{"version":1,"user_id":"usr_eve"}']
)
async def test_a_record_that_is_no_principal_opens_nothing(
    store: Path, journal: Journal, logged: LogLines, record: str
) -> None:
    """A run whose recorded principal cannot be read is dropped, and that is told."""
    async with running_engine(store, catalogue(only_speaks), limits=QUICK) as running:
        running.engine._is_closing = True
        turn = await running.ask()
    with journal.writing() as connection:
        connection.execute("UPDATE t_runs SET principal = ?", (record,))
    async with running_engine(store, catalogue(only_speaks)):
        await journal.ended(turn.run_id)

    assert journal.events(turn.run_id) == []
    assert logged.of("run_dropped")


@pytest.mark.sqlite_only
async def test_a_database_that_goes_away_costs_no_run(store: Path, journal: Journal) -> None:
    """While the store does not answer nothing is lost; when it answers again the run goes on."""
    away = asyncio.Event()
    back: list[Callable[[], object]] = []

    async def note(_words: Words, _context: ToolContext) -> object:
        if not away.is_set():
            away.set()
            moved = store.with_name("moved")
            shutil.move(store, moved)
            back.append(lambda: shutil.move(moved, store))
        return "noted"

    async def answer(_question: Question, run: Run) -> str:
        try:
            return str(await run.call("note", {}))
        except ToolRefused:
            return "refused"

    async with running_engine(
        store,
        catalogue(answer, tool("note", note)),
        limits=slower(longest_pause_seconds=0.1 * UNIT, lease_seconds=1.0 * UNIT),
    ) as running:
        turn = await running.ask()
        await away.wait()
        await eventually(running.engine.problem, within=10 * UNIT)
        back[0]()
        await journal.ended(turn.run_id)
        await eventually(lambda: running.engine.problem() is None, within=10 * UNIT)

    journal.check()
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["text"] == "noted"
