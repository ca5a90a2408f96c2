"""What an agent sees, and what a package must offer to add one."""

from netra.agent_api.agent import Agent, AgentPackage, Asker, Question
from netra.agent_api.offers import PlacedPackage, RestrictedPackage, Surroundings, ToolOffer
from netra.agent_api.run import NotApproved, Run, RunFailed, ToolRefused, Usage
from netra.agent_api.tools import (
    OwnChanges,
    OwnRecords,
    Saying,
    ThreadSummary,
    Tool,
    ToolContext,
    ToolFailed,
)

__all__ = [
    "Agent",
    "AgentPackage",
    "Asker",
    "NotApproved",
    "OwnChanges",
    "OwnRecords",
    "PlacedPackage",
    "Question",
    "RestrictedPackage",
    "Run",
    "RunFailed",
    "Saying",
    "Surroundings",
    "ThreadSummary",
    "Tool",
    "ToolContext",
    "ToolFailed",
    "ToolOffer",
    "ToolRefused",
    "Usage",
]
