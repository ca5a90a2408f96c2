"""Processes that are really killed while their runs ask, wait and are answered."""

import asyncio
import random
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from fakes import stores
from fakes.approval_process import agents
from fakes.approvals import ANSWERED, GIVEN, NEEDED
from fakes.run_engines import Journal, Journaled, person, running_engine
from fakes.timing import UNIT, eventually
from netra.wire.chat_protocol import Approval, encoded

TESTS: Final = Path(__file__).parents[2]
PEOPLE: Final = 10
EACH: Final = 3
KILLS: Final = 12


class Killable:
    """One process that can be told answers until it is killed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.acknowledged: set[str] = set()
        self._hearing = asyncio.create_task(self._hear())

    @classmethod
    async def started(cls, store: Path, done: Path) -> "Killable":
        """Start it over a store."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "fakes.approval_process",
            *stores.told(store, done),
            cwd=TESTS,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 30 * UNIT) == b"ready\n"
        return cls(process)

    async def tell(self, name: str, said: Approval) -> None:
        """Answer a question."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name} {encoded(said)}\n".encode())
        await self._process.stdin.drain()

    async def kill(self) -> None:
        """Kill it as the kernel does when memory runs out."""
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        await self._hearing

    async def _hear(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self.acknowledged.add(line.decode().strip())


def unanswered(journal: Journal, acknowledged: set[str]) -> list[Journaled]:
    """List the questions whose answer nobody has acknowledged."""
    return [
        one
        for one in journal.events()
        if one.name is NEEDED and one.payload["approval_id"] not in acknowledged
    ]


def wish(question: Journaled) -> bool:
    """Say what the person wants, always the same of one question."""
    return question.seq % 3 != 0


async def told(process: Killable, questions: list[Journaled]) -> None:
    """Answer questions, again if need be, as a page does after every reconnect."""
    for question in questions:
        said = Approval(question.run_id, question.payload["approval_id"], wish(question))
        await process.tell(question.owner_id.removeprefix("usr_"), said)


async def some_asked(journal: Journal, acknowledged: set[str]) -> None:
    """Wait until there is something to answer."""
    await eventually(
        lambda: unanswered(journal, acknowledged) or not journal.unfinished(), within=20 * UNIT
    )


@pytest.mark.long
async def test_kills_around_the_wait_lose_no_question_and_double_no_answer(
    store: Path, journal: Journal
) -> None:
    """A dozen kills before, while and after answers are stored: each is acted on as it was given.

    An answer that was acknowledged is never asked for again. A use that was interrupted may be
    done again, so there are at most as many surplus uses as runs that were live at the kills.
    """
    done = store.with_name("done")
    done.touch()
    async with running_engine(store, agents(done)) as running:
        running.engine._is_closing = True
        turns = [
            await running.ask(f"{again}", who=person(f"user{number}"))
            for number in range(PEOPLE)
            for again in range(EACH)
        ]
    chance = random.Random(20_261_128)  # noqa: S311 - chooses when to kill
    acknowledged: set[str] = set()
    surplus = 0
    for _ in range(KILLS):
        process = await Killable.started(store, done)
        await some_asked(journal, acknowledged)
        await told(process, unanswered(journal, acknowledged)[: len(turns) // 4])
        await asyncio.sleep(chance.uniform(0, 0.04))
        await process.kill()
        surplus += journal.rows("SELECT count(*) FROM t_run_leases WHERE slot IS NOT NULL")[0][0]
        acknowledged |= process.acknowledged
    process = await Killable.started(store, done)

    async def all_ended() -> bool:
        await told(process, unanswered(journal, acknowledged | process.acknowledged))
        await asyncio.sleep(0.1)
        return not journal.unfinished()

    await eventually(all_ended, within=60 * UNIT)
    await process.kill()

    journal.check()
    used = Counter(done.read_text().splitlines())
    for turn in turns:
        events = journal.events(turn.run_id)
        asked = {one.payload["approval_id"]: one for one in events if one.name is NEEDED}
        answers = {one.payload["approval_id"]: one for one in events if one.name in ANSWERED}
        assert len(asked) == 2
        assert sum(one.name in ANSWERED for one in events) == 2
        for number, (approval_id, question) in enumerate(asked.items()):
            assert (answers[approval_id].name is GIVEN) is wish(question)
            assert (f"{turn.run_id} {number}" in used) is wish(question)
    assert sum(used.values()) - len(used) <= surplus
