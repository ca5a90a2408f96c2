"""What a package of agents may offer or ask for besides making them; all of it may be left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from netra.agent_api.agent import AgentPackage
from netra.agent_api.tools import Tool
from netra.policy import Permission


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the service runs, as far as it was told.

    Attributes:
        state: The path of the state directory of the local installation that it belongs to; None
            elsewhere.
        bundle: The path of the evidence bundle that operators ask about instead; None if none was
            named.
    """

    state: str | None = None
    bundle: str | None = None


@runtime_checkable
class RestrictedPackage(Protocol):
    """A package whose agent is not for everybody who may run agents."""

    @property
    def permission(self) -> Permission:
        """What an asker must hold besides; to others there is no such agent."""


@runtime_checkable
class PlacedPackage(Protocol):
    """A package that has to know where it is."""

    def placed(self, surroundings: Surroundings) -> AgentPackage:
        """Give the package that is used there."""


@runtime_checkable
class ToolOffer(Protocol):
    """A package whose tools the agent of a language model may use too.

    Whoever asks is offered those of them that they are permitted, as with any tool.
    """

    @property
    def tools(self) -> Sequence[Tool]:
        """The tools."""
