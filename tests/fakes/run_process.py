"""A process of its own that carries out the runs of a store until it is killed.

Started as `python -m fakes.run_process STORE DONE [URL]`; what its tools did stands as lines in
DONE.
"""

import asyncio
import logging
import sys
from pathlib import Path

from fakes.run_engines import QUICK, running_engine
from fakes.scripted_agents import Words, catalogue, tool
from fakes.stores import heard
from netra.agent_api import Question, Run, ToolContext
from netra_backend.app.agents.catalogue import AgentCatalogue

STEPS = 4


def agents(done: Path) -> AgentCatalogue:
    """Give an agent whose tools leave a line in a file when they have done their work."""

    async def note(words: Words, _context: ToolContext) -> object:
        await asyncio.sleep(0.01)
        with done.open("a") as file:
            file.write(f"{words.text}\n")
        return words.text

    async def answer(question: Question, run: Run) -> str:
        noted = []
        for number in range(STEPS):
            await run.think(f"step {number}")
            noted.append(await run.call("note", {"text": f"{run.run_id} {number}"}))
            await run.say(f"{number} ")
        return f"{question.text}: {len(noted)}"

    return catalogue(answer, tool("note", note))


async def work(store: Path, done: Path) -> None:
    """Carry out runs for ever."""
    async with running_engine(store, agents(done), limits=QUICK):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    logging.disable(logging.INFO)
    asyncio.run(work(*heard(sys.argv[1:])))
