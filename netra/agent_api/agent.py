"""An agent, the principal it works for, and what a package must offer to add one.

How a run is made durable, and who hears of it, is not decided here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from netra.agent_api.run import Run
from netra.agent_api.tools import Tool
from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom an agent works: one verified principal and what it may do.

    Attributes:
        principal: Who asked.
        permissions: What the policy grants the principal by the credential it came with; an agent
            may do nothing beyond it.
    """

    principal: AuthenticatedPrincipal
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True)
class Question:
    """What the person said, and where."""

    text: str = field(repr=False)
    thread_id: str
    message_id: str


class Agent(Protocol):
    """One agent, made for one asker; it is never handed to another."""

    @property
    def name(self) -> str:
        """The name it was asked for by."""

    @property
    def asker(self) -> Asker:
        """The asker it was made for."""

    @property
    def tools(self) -> Sequence[Tool]:
        """What it can use; a run offers it those of them that the asker is permitted."""

    async def answer(self, question: Question, run: Run) -> str:
        """Answer in Markdown, saying through `run` what it does on the way.

        After the death of a process the run is begun again from here: what went through
        `run.call` and `run.step` and was completed is then given back and not done again. So
        everything else in here must be the same when done again: no clock, no chance, no input or
        output except through the run.

        Raises:
            RunFailed: There is no answer, for a reason the person is told.
        """


@runtime_checkable
class AgentPackage(Protocol):
    """What the object behind an entry point of the group `netra.agents` must offer.

    The entry point's name is the agent's name.
    """

    @property
    def description(self) -> str:
        """Say in one sentence what the agent is good for."""

    def make(self, name: str, asker: Asker) -> Agent:
        """Make a new agent for an asker; two calls never give the same object."""
