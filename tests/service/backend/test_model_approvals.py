"""A language model's tool waits for the person's yes, on the real engine, and goes on after it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from pydantic_ai.messages import ModelMessage, ToolReturnPart
from pydantic_ai.models.function import (
    AgentInfo,
    DeltaToolCall,
    DeltaToolCalls,
    FunctionModel,
)

from fakes.approvals import GIVEN, NEEDED, REFUSED, answer, asked
from fakes.model_agents import NO_TLS, Finishing, chosen
from fakes.run_engines import Journal, running_engine
from fakes.scripted_agents import Words, tool
from netra.agent_api import ToolContext
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.agents.models.agent import ModelLimits
from netra_backend.app.agents.models.package import ModelAgentPackage
from netra_backend.app.agents.models.providers import OpenModel

WANTED: Final = '{"text":"the letters"}'


class Burner:
    """A model that wants something burnt, and says what its tool gave.

    Attributes:
        requests: How often it was asked.
        told: What it was told of its tools, and whether as an answer.
        described: How the tool was described to it.
        burnt: What was burnt.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.told: list[tuple[Any, str]] = []
        self.described = ""
        self.burnt: list[str] = []

    async def say(
        self, messages: list[ModelMessage], info: AgentInfo
    ) -> AsyncIterator[str | DeltaToolCalls]:
        """Use the tool, then answer."""
        self.requests += 1
        self.described = info.function_tools[0].description or ""
        returned = [
            part
            for message in messages
            for part in message.parts
            if isinstance(part, ToolReturnPart)
        ]
        if not returned:
            yield "Let me see. "
            yield {0: DeltaToolCall("burn", WANTED, tool_call_id="call_1")}
            return
        self.told = [(part.content, part.outcome) for part in returned]
        yield f"It said: {returned[0].content}"

    @property
    def agents(self) -> AgentCatalogue:
        """Give a catalogue of an agent with this model and its tool."""
        client = OpenModel(
            Finishing(FunctionModel(stream_function=self.say, model_name="burner")),
            httpx2.AsyncClient(trust_env=False, verify=NO_TLS),
            is_priced=False,
        )
        burn = tool("burn", self._burn, needs_approval=True)
        package = ModelAgentPackage(
            chosen("openai:gpt-x"), [burn], client=client, limits=ModelLimits()
        )
        return AgentCatalogue({"model": package})

    async def _burn(self, words: Words, _context: ToolContext) -> object:
        self.burnt.append(words.text)
        return f"burnt {words.text}"


@pytest.mark.parametrize("approve", [True, False])
async def test_a_model_waits_for_the_answer_and_is_not_asked_again(
    store: Path, journal: Journal, *, approve: bool
) -> None:
    """What the model said before the question is not asked for a second time after a restart.

    A no comes to it as the tool's answer, in words: it is no failure, and the run goes on.
    """
    burner = Burner()
    async with running_engine(store, burner.agents) as first:
        turn = await first.ask("burn the letters", agent="model")
        question = await asked(journal, turn)
    assert question.payload["arguments"] == {"text": "the letters"}
    assert (burner.requests, burner.burnt) == (1, [])
    async with running_engine(store, burner.agents) as second:
        await answer(second, question, approve=approve)
        await journal.ended(turn.run_id)

    journal.check()
    assert burner.requests == 2
    assert burner.burnt == (["the letters"] if approve else [])
    said = "burnt the letters" if approve else "The person refused this, so it was not done."
    assert burner.told == [(said, "success")]
    end = journal.end(turn.run_id)
    assert end is not None
    assert end["text"] == f"It said: {said}"
    names = journal.names(turn.run_id)
    assert [name for name in names if name in {NEEDED, GIVEN, REFUSED}] == [
        NEEDED,
        GIVEN if approve else REFUSED,
    ]


async def test_a_model_is_told_that_a_tool_is_asked_about(store: Path, journal: Journal) -> None:
    """So that it need not ask the person itself before it uses the tool."""
    burner = Burner()
    async with running_engine(store, burner.agents) as running:
        await asked(journal, await running.ask("burn the letters", agent="model"))

    assert burner.described.endswith(
        "The person is asked to approve of each use before it is done."
    )
