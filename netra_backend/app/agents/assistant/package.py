"""Offers the built-in assistant to the catalogue by its entry point."""

from typing import Final

from netra.agent_api import Agent, Asker
from netra_backend.app.agents.assistant.assistant import BuiltInAssistant


class AssistantPackage:
    """Makes built-in assistants."""

    @property
    def description(self) -> str:
        """Say in one sentence what the agent is good for."""
        return (
            "Finds and summarises your own messages, counts days and does arithmetic; it knows a "
            "fixed set of questions and is not a language model."
        )

    def make(self, name: str, asker: Asker) -> Agent:
        """Make a new assistant for an asker."""
        return BuiltInAssistant(name, asker)


PACKAGE: Final = AssistantPackage()
