"""The clients of the language models' APIs, made from the settings and from nothing else.

OpenAI's language is spoken to OpenAI, Google, Ollama and any server that is compatible with it.
"""

from dataclasses import dataclass
from typing import Final

import httpx2
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.google import google_model_profile
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from netra.errors import ConfigurationInvalid
from netra_backend.app.settings import LanguageModel

_ADDRESSES: Final = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "google": "https://generativelanguage.googleapis.com/v1beta/openai",
    "ollama": "http://127.0.0.1:11434/v1",
}
_NO_KEY: Final = "none"
"""The clients insist on sending one."""
_LIMIT_BY_ITS_OLD_NAME: Final = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
"""Ollama knows `max_tokens` alone; the newer name, which OpenAI demands, it passes over."""
_CONNECT_SECONDS: Final = 5.0
_ATTEMPT_SECONDS: Final = 60.0
_AGAIN: Final = 2
"""How often a request is made again that was refused for the moment or did not arrive."""


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A language model that can be asked until it is closed.

    Attributes:
        model: What pydantic-ai asks.
        connections: What it asks through.
        is_priced: Whether the provider itself answers, whose prices are published.
    """

    model: Model
    connections: httpx2.AsyncClient
    is_priced: bool

    async def aclose(self) -> None:
        """Close every connection."""
        await self.connections.aclose()


def opened(chosen: LanguageModel, *, again: int = _AGAIN) -> OpenModel:
    """Make the client of a language model; it connects to nothing before it is asked.

    Args:
        chosen: Which, where, and with what key.
        again: How often a request is repeated that may then succeed.

    Raises:
        ConfigurationInvalid: There is no such provider.
    """
    address = chosen.base_url or _ADDRESSES.get(chosen.provider)
    if address is None:
        raise ConfigurationInvalid(f"NETRA_MODEL names no known provider: {chosen.provider}.")
    connections = httpx2.AsyncClient(
        timeout=httpx2.Timeout(_ATTEMPT_SECONDS, connect=_CONNECT_SECONDS),
        # The settings alone say where requests go, and a redirect could take the key elsewhere.
        trust_env=False,
        follow_redirects=False,
    )
    is_priced = chosen.base_url is None and chosen.provider != "ollama"
    if chosen.provider == "anthropic":
        model: Model = _anthropic(chosen, address, connections, again)
    else:
        model = _openai(chosen, address, connections, again)
    return OpenModel(model, connections, is_priced)


def _anthropic(
    chosen: LanguageModel, address: str, connections: httpx2.AsyncClient, again: int
) -> AnthropicModel:
    client = AsyncAnthropic(
        api_key=_key(chosen), base_url=address, http_client=connections, max_retries=again
    )
    return AnthropicModel(chosen.name, provider=AnthropicProvider(anthropic_client=client))


def _openai(
    chosen: LanguageModel, address: str, connections: httpx2.AsyncClient, again: int
) -> OpenAIChatModel:
    client = AsyncOpenAI(
        api_key=_key(chosen),
        admin_api_key=_NO_KEY,
        # Given, so that the client does not look for them in the environment; not sent.
        organization="",
        project="",
        base_url=address,
        http_client=connections,
        max_retries=again,
    )
    client.organization = client.project = None
    if chosen.provider == "ollama":
        ollama = OllamaProvider(openai_client=client)
        return OllamaModel(chosen.name, provider=ollama, profile=_LIMIT_BY_ITS_OLD_NAME)
    if chosen.provider == "google":
        provider = OpenAICompatibleProvider(
            "google", openai_client=client, profile=google_model_profile
        )
        return OpenAIChatModel(chosen.name, provider=provider)
    if chosen.base_url is None:
        return OpenAIChatModel(chosen.name, provider=OpenAIProvider(openai_client=client))
    compatible = OpenAICompatibleProvider("openai-compatible", openai_client=client)
    return OpenAIChatModel(chosen.name, provider=compatible)


def _key(chosen: LanguageModel) -> str:
    return _NO_KEY if chosen.api_key is None else chosen.api_key.reveal()
