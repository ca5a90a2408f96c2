"""A process of its own whose agents ask for approval, and that takes answers, until it is killed.

Started as `python -m fakes.approval_process STORE DONE [URL]`. A line of its input is a person's
name and an approval frame; a line of its output is the frame that was acknowledged. What its tool
did stands as lines in DONE.
"""

import asyncio
import logging
import sys
from pathlib import Path

import msgspec

from fakes.run_engines import QUICK, SUBPROTOCOL, RunningEngine, person, running_engine
from fakes.scripted_agents import Words, catalogue, tool
from fakes.stores import heard
from netra.agent_api import NotApproved, Question, Run, ToolContext
from netra.errors import NetraError
from netra.wire.chat_protocol import Approval
from netra_backend.app.agents.catalogue import AgentCatalogue


def agents(done: Path) -> AgentCatalogue:
    """Give an agent that asks twice, and leaves a line in a file for each yes."""

    async def burn(words: Words, _context: ToolContext) -> object:
        with done.open("a") as file:
            file.write(f"{words.text}\n")
        await asyncio.sleep(0.005)
        return words.text

    async def answer(_question: Question, run: Run) -> str:
        said = []
        for number in range(2):
            try:
                await run.call("burn", {"text": f"{run.run_id} {number}"})
                said.append("yes")
            except NotApproved:
                said.append("no")
            await run.say(f"{number} ")
        return " ".join(said)

    return catalogue(answer, tool("burn", burn, needs_approval=True))


async def take(running: RunningEngine, line: str) -> None:
    """Store one answer and say that it is stored."""
    name, _, frame = line.partition(" ")
    said = msgspec.json.decode(frame, type=Approval)
    try:
        await running.chat.answer(person(name), SUBPROTOCOL, said)
    except NetraError as error:
        sys.stderr.write(f"{error!r}\n")
        return
    sys.stdout.write(f"{said.approval_id}\n")
    sys.stdout.flush()


async def work(store: Path, done: Path) -> None:
    """Carry out runs and take answers for ever."""
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with (
        running_engine(store, agents(done), limits=QUICK) as running,
        asyncio.TaskGroup() as group,
    ):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while line := (await lines.readline()).decode().strip():
            group.create_task(take(running, line))
        await asyncio.Event().wait()


if __name__ == "__main__":
    logging.disable(logging.INFO)
    asyncio.run(work(*heard(sys.argv[1:])))
