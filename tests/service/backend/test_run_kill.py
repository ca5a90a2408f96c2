"""Processes that are really killed: what they were doing is gone on with by the next one."""

import asyncio
import random
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from fakes.run_engines import SUBPROTOCOL, Journal, RunningEngine, person, running_engine
from fakes.run_process import STEPS, agents
from fakes.stores import told
from fakes.timing import UNIT, eventually
from netra.wire.chat_protocol import FailureReason
from netra_backend.app.chat.turn import AcceptedTurn

TESTS: Final = Path(__file__).parents[2]


async def started(store: Path, done: Path) -> asyncio.subprocess.Process:
    """Start a process that carries out the store's runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "fakes.run_process",
        *told(store, done),
        cwd=TESTS,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 30 * UNIT) == b"ready\n"
    return process


async def killed(process: asyncio.subprocess.Process) -> None:
    """Kill a process as the kernel does when memory runs out."""
    process.send_signal(signal.SIGKILL)
    await process.wait()


async def asked(store: Path, done: Path, people: int, each: int) -> list[AcceptedTurn]:
    """Accept turns without working on them."""
    async with running_engine(store, agents(done)) as running:
        running.engine._is_closing = True
        return await _all_of(running, people, each)


async def fewer_than(number: int, journal: Journal) -> None:
    """Wait until fewer runs than so many are unfinished."""
    await eventually(lambda: len(journal.unfinished()) < number, within=30 * UNIT)


async def _all_of(running: RunningEngine, people: int, each: int) -> list[AcceptedTurn]:
    return [
        await running.ask(f"{number} {again}", who=person(f"user{number}"))
        for number in range(people)
        for again in range(each)
    ]


@pytest.mark.long
async def test_after_every_kill_the_next_process_goes_on(store: Path, journal: Journal) -> None:
    """Ten kills at random moments: each message is answered once, no completed tool used again.

    A tool that was interrupted may be used again, so there are at most as many surplus uses as
    runs that were live at the kills.
    """
    done = store.with_name("done")
    turns = await asked(store, done, people=10, each=20)
    chance = random.Random(20_261_122)  # noqa: S311 - chooses when to kill
    process = await started(store, done)
    kills = surplus = 0
    while kills < 10 and len(journal.unfinished()) > 2:
        await fewer_than(len(journal.unfinished()), journal)
        await asyncio.sleep(chance.uniform(0, 0.03))
        await killed(process)
        kills += 1
        surplus += journal.rows("SELECT count(*) FROM t_run_leases WHERE slot IS NOT NULL")[0][0]
        process = await started(store, done)
    await journal.ended(*(turn.run_id for turn in turns), within=120 * UNIT)
    await killed(process)

    journal.check()
    assert kills == 10
    ends = [journal.end(turn.run_id) or {} for turn in turns]
    given_up = [end for end in ends if "text" not in end]
    # What was killed again and again before its next step says so.
    assert {end["reason"] for end in given_up} <= {FailureReason.GAVE_UP}
    assert len(given_up) < kills
    assert all(end["text"].endswith(f": {STEPS}") for end in ends if "text" in end)
    used = Counter(done.read_text().splitlines())
    assert len(turns) * STEPS - len(given_up) * STEPS <= len(used) <= len(turns) * STEPS
    assert sum(used.values()) - len(used) <= surplus


async def test_a_killed_process_is_succeeded_at_once(store: Path, journal: Journal) -> None:
    """The successor takes over long before the lease would have run out, here within a second.

    A cancel that was stored while nobody worked on the run is heeded.
    """
    done = store.with_name("done")
    [first, second] = await asked(store, done, people=2, each=1)
    process = await started(store, done)
    await eventually(lambda: journal.rows("SELECT * FROM t_run_steps"), within=20 * UNIT)
    await killed(process)
    before = {turn.run_id: len(journal.events(turn.run_id)) for turn in (first, second)}
    with journal.writing() as connection:
        connection.execute("UPDATE t_runs SET cancelled = TRUE WHERE id = ?", (second.run_id,))
    async with running_engine(store, agents(done)) as running:
        left = set(journal.unfinished())
        await eventually(
            lambda: all(len(journal.events(run)) > before[run] for run in left), within=2 * UNIT
        )
        await journal.ended(first.run_id, second.run_id)
        await running.chat.cancel(person("user0"), SUBPROTOCOL, first.run_id)

    journal.check()
