"""Offers the operators' agent by its entry point; importing it costs next to nothing.

What it looks with is imported in a process of its own, when it is asked.
"""

from collections.abc import Sequence
from typing import Final

from netra.agent_api import Agent, Asker, Surroundings, Tool
from netra.policy import Permission
from netra_ops.operator_agent.agent import OperatorAgent
from netra_ops.operator_agent.looking import Looking
from netra_ops.operator_agent.tools import operator_tools


class OperatorPackage:
    """Makes operators' agents.

    Args:
        looking: Where and how they look; by default nowhere.
    """

    def __init__(self, looking: Looking | None = None) -> None:
        self._tools = operator_tools(looking or Looking(Surroundings()))

    @property
    def description(self) -> str:
        """Say in one sentence what the agent is good for."""
        return (
            "Tells operators why calls fail, what happens in the logs and what serves, with the "
            "evidence; it knows a fixed set of questions and is not a language model."
        )

    @property
    def permission(self) -> Permission:
        """What an asker must hold besides."""
        return Permission.OPERATIONS_READ

    @property
    def tools(self) -> Sequence[Tool]:
        """What it can use, and a language model for operators too."""
        return self._tools

    def placed(self, surroundings: Surroundings) -> "OperatorPackage":
        """Give the package that looks there."""
        return OperatorPackage(Looking(surroundings))

    def make(self, name: str, asker: Asker) -> Agent:
        """Make a new agent for an asker."""
        return OperatorAgent(name, asker, self._tools)


PACKAGE: Final = OperatorPackage()
