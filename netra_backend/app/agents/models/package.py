"""The language model as a package of agents, like those that come by entry point.

Importing this needs the extra `llm`; `bootstrap` does so only where a model was chosen.
"""

from collections.abc import Sequence

import pydantic_ai

from netra.agent_api import Asker, Tool
from netra_backend.app.agents.models.agent import ModelAgent, ModelLimits
from netra_backend.app.agents.models.providers import OpenModel, opened
from netra_backend.app.settings import LanguageModel

# What a process writes is its log lines and nothing else.
pydantic_ai.BANNER_ENABLED = False


class ModelAgentPackage:
    """Makes agents that answer with the language model of the settings."""

    def __init__(
        self,
        chosen: LanguageModel,
        tools: Sequence[Tool],
        *,
        client: OpenModel | None = None,
        limits: ModelLimits | None = None,
    ) -> None:
        """Open the model.

        Args:
            chosen: Which language model.
            tools: What its agents can use.
            client: How it is asked; by default as `chosen` says.
            limits: How much a run may ask of it.

        Raises:
            ConfigurationInvalid: There is no such provider.
        """
        self._chosen = str(chosen)
        self._tools = tuple(tools)
        self._opened = client or opened(chosen)
        self._limits = limits or ModelLimits()

    @property
    def description(self) -> str:
        """Say in one sentence what the agent is good for."""
        return f"Answers anything with the language model {self._chosen}."

    def make(self, name: str, asker: Asker) -> ModelAgent:
        """Make a new agent for an asker."""
        return ModelAgent(
            name,
            asker,
            self._tools,
            opened=self._opened,
            chosen=self._chosen,
            limits=self._limits,
        )

    async def aclose(self) -> None:
        """Close every connection to the model."""
        await self._opened.aclose()
