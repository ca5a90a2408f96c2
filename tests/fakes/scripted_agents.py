"""Agents that do what a test wrote down, and a catalogue of them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec

from netra.agent_api import Agent, Asker, Question, Run, Tool, ToolContext
from netra.policy import Permission
from netra_backend.app.agents.catalogue import AgentCatalogue

Script = Callable[[Question, Run], Awaitable[str]]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of the tests' tools."""

    text: str = ""


@dataclass
class ScriptedAgent:
    """An agent whose answer is a test's function."""

    name: str
    asker: Asker
    script: Script
    tools: Sequence[Tool] = ()

    async def answer(self, question: Question, run: Run) -> str:
        """Do what the test wrote down."""
        return await self.script(question, run)


@dataclass
class ScriptedPackage:
    """Offers such an agent."""

    script: Script
    tools: Sequence[Tool] = ()
    description: str = "Does what a test wrote down."

    def make(self, name: str, asker: Asker) -> Agent:
        """Make a new one."""
        return ScriptedAgent(name, asker, self.script, self.tools)


def tool(
    name: str,
    call: Callable[[Words, ToolContext], Awaitable[object]],
    *,
    permission: Permission = Permission.THREADS_READ,
    timeout_seconds: float = 10.0,
    max_result_bytes: int = 16_384,
    needs_approval: bool = False,
) -> Tool:
    """Make a tool of a function."""
    return Tool(
        name=name,
        description="Does what a test wrote down.",
        permission=permission,
        parameters=Words,
        call=call,
        timeout_seconds=timeout_seconds,
        max_result_bytes=max_result_bytes,
        needs_approval=needs_approval,
    )


def catalogue(script: Script, *tools: Tool, name: str = "assistant") -> AgentCatalogue:
    """Give a catalogue of one agent."""
    return AgentCatalogue({name: ScriptedPackage(script, tools)})
