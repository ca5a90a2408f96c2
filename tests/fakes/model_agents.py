"""A model agent that is asked something, with a tool and nobody's records."""

import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import msgspec
from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from fakes.agent_run import FakeRun
from fakes.clock import ManualClock
from netra.agent_api import (
    Asker,
    Question,
    Saying,
    ThreadSummary,
    Tool,
    ToolContext,
    ToolFailed,
)
from netra.policy import Permission
from netra.principal import UserPrincipal
from netra.secret import Secret
from netra_backend.app.agents.models.agent import ModelAgent, ModelLimits
from netra_backend.app.agents.models.package import ModelAgentPackage
from netra_backend.app.agents.models.providers import OpenModel
from netra_backend.app.settings import LanguageModel

THREAD = "thr_00000000000000000000000001"
KEY = "sk-Zk3vQ9xL7mT2pW8rYb5HsKd1NfGj6Uc0"
NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing is asked over it, and loading certificates takes time."""
QUESTION = "What is the zanzibar of the quux?"


class Weighing(msgspec.Struct):
    """What the scales want to know."""

    thing: str
    times: int = 1


@dataclass
class Scales:
    """A tool that counts how often it was used."""

    used: list[Weighing] = field(default_factory=list)
    fails: bool = False

    def tool(self, permission: Permission = Permission.THREADS_READ) -> Tool:
        """Give the tool."""
        return Tool("weigh", "Weigh a thing.", permission, Weighing, self._weigh)

    async def _weigh(self, arguments: Weighing, _context: ToolContext) -> Any:
        self.used.append(arguments)
        if self.fails:
            raise ToolFailed("The scales are broken.")
        return {"thing": arguments.thing, "grams": 7 * arguments.times}


@dataclass
class Sayings:
    """The asker's records: what was said in the one thread."""

    said: list[Saying] = field(default_factory=list)

    def add(self, author: str, text: str) -> None:
        """Say something."""
        message_id = f"msg_{len(self.said):026d}"
        self.said.append(Saying(message_id, THREAD, "A thread", author, text, "2027-01-15T08:00Z"))

    async def search(self, words: str, limit: int) -> Sequence[Saying]:
        """Find nothing."""
        del words, limit
        return ()

    async def sayings(self, thread_id: str, limit: int) -> Sequence[Saying]:
        """Read the last things said."""
        assert thread_id == THREAD
        return self.said[-limit:]

    async def threads(self, limit: int) -> Sequence[ThreadSummary]:
        """List nothing."""
        del limit
        return ()


def asker(*permissions: Permission) -> Asker:
    """Give somebody who asks; by default one who may read threads."""
    principal = UserPrincipal(
        user_id="usr_00000000000000000000000001",
        session_id="ses_00000000000000000000000001",
        client_id="netra-cli",
        scopes=frozenset({"profile"}),
        roles=frozenset(),
        token_id="jti",
        expires_at=1_900_000_000.0,
    )
    return Asker(principal, frozenset(permissions or {Permission.THREADS_READ}))


def chosen(model: str, url: str | None = None, key: str | None = KEY) -> LanguageModel:
    """Give the settings of a model."""
    provider, _, name = model.partition(":")
    return LanguageModel(provider, name, None if key is None else Secret(key), url)


class Finishing(WrapperModel):
    """A model that says that it has come to its end, as every provider's does."""

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Ask."""
        asked = super().request_stream(
            messages, model_settings, model_request_parameters, run_context
        )
        async with asked as stream:
            stream.finish_reason, stream.provider_details = "stop", {"finish_reason": "stop"}
            yield stream


def agent_of(model: Model, *tools: Tool, say_every_seconds: float = 0.0) -> ModelAgent:
    """Give an agent whose model is a function of the test's and costs nothing."""
    limits = ModelLimits(say_every_seconds=say_every_seconds)
    finishing = Finishing(model)
    client = OpenModel(
        finishing, httpx2.AsyncClient(trust_env=False, verify=NO_TLS), is_priced=False
    )
    offer = ModelAgentPackage(chosen("openai:gpt-x"), tools, client=client, limits=limits)
    return offer.make("model", asker())


def run_of(
    agent: ModelAgent, done: dict[str, Any] | None = None, said: Sequence[Saying] = ()
) -> FakeRun:
    """Give a run of an agent, after what was done before."""
    question = Question(QUESTION, THREAD, "msg_00000000000000000000000099")
    return FakeRun(agent, question, Sayings(list(said)), ManualClock(), done=done or {})
