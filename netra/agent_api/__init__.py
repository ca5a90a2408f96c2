"""What an agent sees, and what a package must offer to add one."""

from netra.agent_api.agent import Agent, AgentPackage, Asker

__all__ = ["Agent", "AgentPackage", "Asker"]
