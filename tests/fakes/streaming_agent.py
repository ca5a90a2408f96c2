"""An agent that says its answer in pieces at a steady pace, as a language model does.

Its question is JSON: `{"pieces": …, "seconds": …}`, how many and the time before each.
"""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fakes.installed_agent import installed as installed_agent
from netra.agent_api import Asker, Question, Run, Tool

NAME: Final = "streaming"


class StreamingAgent:
    """Works for one asker."""

    def __init__(self, name: str, asker: Asker) -> None:
        self.name = name
        self.asker = asker
        self.tools: Sequence[Tool] = ()

    async def answer(self, question: Question, run: Run) -> str:
        """Say as many pieces as the question asks for."""
        told = json.loads(question.text)
        for number in range(told["pieces"]):
            await asyncio.sleep(told["seconds"])
            await run.say(f"word {number} ")
        return "said"


class StreamingPackage:
    """Makes streaming agents."""

    description = "Says its answer in pieces."

    def make(self, name: str, asker: Asker) -> StreamingAgent:
        """Make one."""
        return StreamingAgent(name, asker)


PACKAGE: Final = StreamingPackage()


def installed(folder: Path) -> Path:
    """Make a folder that, on the import path, offers the agent by its entry point."""
    return installed_agent(folder, NAME, "fakes.streaming_agent:PACKAGE")


def question(pieces: int, seconds: float) -> str:
    """Write a question for it."""
    return json.dumps({"pieces": pieces, "seconds": seconds})
