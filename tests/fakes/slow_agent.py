"""An agent that takes its time, for tests that interrupt it; installed as a third party's would be.

Its question is JSON: `{"mark": …, "path": …, "calls": …, "seconds": …}`. It calls its tool so many
times, and every call leaves a line in the file, so that a test sees what was done, and done again.
"""

import asyncio
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

import msgspec

from fakes.installed_agent import installed as installed_agent
from netra.agent_api import Asker, Question, Run, Tool, ToolContext
from netra.policy import Permission

NAME: Final = "slow"


class Stamping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the tool is told."""

    mark: str
    call: int
    path: str
    seconds: float


class Stamp(msgspec.Struct, frozen=True):
    """A line of the file: a call of the tool was carried out."""

    mark: str
    call: int
    pid: int
    at: float


async def _stamp(told: Stamping, _context: ToolContext) -> dict[str, Any]:
    await asyncio.sleep(told.seconds)
    line = msgspec.json.encode(Stamp(told.mark, told.call, os.getpid(), time.monotonic())) + b"\n"
    # One write of one line at the end of the file: no other process's can come between.
    descriptor = os.open(told.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
    return {"mark": told.mark, "call": told.call}


class SlowAgent:
    """Works for one asker."""

    def __init__(self, name: str, asker: Asker, more_calls: int = 0) -> None:
        self.name = name
        self.asker = asker
        self._more_calls = more_calls
        self.tools: Sequence[Tool] = (
            Tool("stamp", "Leave a line.", Permission.AGENTS_RUN, Stamping, _stamp),
        )

    async def answer(self, question: Question, run: Run) -> str:
        """Do what the question says."""
        told = json.loads(question.text)
        await run.think("Working.")
        for call in range(told["calls"] + self._more_calls):
            stamping = {name: told[name] for name in ("mark", "path", "seconds")}
            await run.call("stamp", stamping | {"call": call})
            await run.say(f"{call} ")
        return f"{told['mark']} for {self.asker.principal}"


class SlowPackage:
    """Makes slow agents."""

    description = "Takes its time."

    def __init__(self, more_calls: int = 0) -> None:
        self._more_calls = more_calls

    def make(self, name: str, asker: Asker) -> SlowAgent:
        """Make one."""
        return SlowAgent(name, asker, self._more_calls)


PACKAGE: Final = SlowPackage()
NEXT: Final = SlowPackage(1)
"""Its next version, which uses its tool once more than it is told to."""


def installed(folder: Path) -> Path:
    """Make a folder that, on the import path, offers the agent by its entry point."""
    return installed_agent(folder, NAME, "fakes.slow_agent:PACKAGE")


def upgraded(folder: Path) -> None:
    """Let such a folder offer the next version."""
    installed_agent(folder, NAME, "fakes.slow_agent:NEXT")


def uninstalled(folder: Path) -> None:
    """Let such a folder offer nothing any more."""
    for described in folder.iterdir():
        rmtree(described)


def question(mark: str, path: Path, *, calls: int = 3, seconds: float = 0.03) -> str:
    """Write a question for it."""
    return json.dumps({"mark": mark, "path": str(path), "calls": calls, "seconds": seconds})


def stamps(path: Path) -> list[Stamp]:
    """Read what was done so far."""
    if not path.exists():
        return []
    return [msgspec.json.decode(line, type=Stamp) for line in path.read_bytes().splitlines()]
