"""An agent, the principal it works for, and what a package must offer to add one.

How a run goes and what it emits is not decided here.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

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


class Agent(Protocol):
    """One agent, made for one asker; it is never handed to another."""

    @property
    def name(self) -> str:
        """The name it was asked for by."""

    @property
    def asker(self) -> Asker:
        """The asker it was made for."""


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
