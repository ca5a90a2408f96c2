"""What the backend's contract asks of the variables that name a language model."""

import pytest

from fakes.environments import backend_environment, strong_secret
from netra.contract import Configuration, Violation, ViolationKind, load
from netra.contract.declared.netra_backend import CONTRACT
from netra.isolated_environment import IsolatedEnvironment
from netra_backend.app.settings import LanguageModel, Settings

KIND = ViolationKind


def violations(**variables: str | None) -> list[Violation]:
    """Give the violations of a valid backend's environment with these variables besides."""
    loaded = load(CONTRACT, IsolatedEnvironment.of(backend_environment(**variables)))
    return [] if isinstance(loaded, Configuration) else list(loaded)


def settings(**variables: str | None) -> Settings:
    """Give the settings of such an environment."""
    loaded = load(CONTRACT, IsolatedEnvironment.of(backend_environment(**variables)))
    assert isinstance(loaded, Configuration), loaded
    return Settings.from_configuration(loaded)


@pytest.mark.parametrize("model", ["openai:gpt-5", "anthropic:claude-x", "google:gemini-2.5-pro"])
def test_a_providers_own_api_needs_a_key(model: str) -> None:
    """A model at its provider's address without a key does not start, and the key is named."""
    (violation,) = violations(NETRA_MODEL=model)

    assert (violation.variable, violation.problem) == ("NETRA_MODEL_API_KEY", KIND.MISSING)
    assert "NETRA_MODEL begins with openai: or anthropic: or google:" in violation.says
    assert violations(NETRA_MODEL=model, NETRA_MODEL_API_KEY=strong_secret()) == []


@pytest.mark.parametrize("model", ["openai:local", "ollama:llama3.2:3b", "google:gemma"])
def test_another_address_needs_no_key(model: str) -> None:
    """A model of one's own may want no key, and so may a model of Ollama on this machine."""
    assert violations(NETRA_MODEL=model, NETRA_MODEL_BASE_URL="http://127.0.0.1:8080/v1") == []
    assert violations(NETRA_MODEL="ollama:llama3.2:3b") == []


def test_an_address_without_a_model_is_a_mistake() -> None:
    """An address of a model that is not named is refused rather than passed over."""
    (violation,) = violations(NETRA_MODEL_BASE_URL="http://127.0.0.1:8080/v1")

    assert (violation.variable, violation.problem) == ("NETRA_MODEL", KIND.CONFLICTING)


@pytest.mark.parametrize(
    "model", ["gpt-5", "mystery:gpt-5", "openai:", "openai:a b", "OPENAI:gpt-5", "openai:a\x00"]
)
def test_a_model_is_named_by_its_provider(model: str) -> None:
    """What is no provider and name is refused."""
    key = strong_secret()

    assert violations(NETRA_MODEL=model, NETRA_MODEL_API_KEY=key)[0].variable == "NETRA_MODEL"


@pytest.mark.parametrize(
    "url",
    [
        "http://ai.example.org/v1",
        "https://ai.example.org/v1/",
        "https://ai.example.org/",
        "https://ai.example.org/v1?key=x",
        "https://ai.example.org/../v1",
        "https://user:word@ai.example.org/v1",
        "https://AI.example.org/v1",
        "file:///etc/passwd",
        "ai.example.org/v1",
    ],
)
def test_an_address_that_could_not_be_meant(url: str) -> None:
    """An address in clear text to another machine, or written loosely, is refused by name."""
    (violation,) = violations(NETRA_MODEL="ollama:llama", NETRA_MODEL_BASE_URL=url)

    assert violation.variable == "NETRA_MODEL_BASE_URL"


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("changeme", KIND.PLACEHOLDER),
        ("your-api-key", KIND.PLACEHOLDER),
        ("openai-api-key", KIND.UNRESOLVED),
        ("sk-1x", KIND.TOO_SHORT),
        ("${OPENAI_KEY}", KIND.UNRESOLVED),
    ],
)
def test_a_key_that_is_none(key: str, problem: ViolationKind) -> None:
    """A key that was never filled in is refused without being repeated (checklist 61)."""
    (violation,) = violations(NETRA_MODEL="openai:gpt-5", NETRA_MODEL_API_KEY=key)

    assert (violation.variable, violation.problem) == ("NETRA_MODEL_API_KEY", problem)
    assert key not in str(violation)


def test_the_services_own_secret_is_no_key() -> None:
    """The service's secret must not be sent to somebody else's API."""
    key = strong_secret()

    (violation,) = violations(
        NETRA_MODEL="openai:gpt-5", NETRA_MODEL_API_KEY=key, SERVICE_SECRET=key
    )

    assert (violation.variable, violation.problem) == ("NETRA_MODEL_API_KEY", KIND.CONFLICTING)


def test_the_settings_hold_the_model() -> None:
    """The provider ends at the first colon, and without the variable there is no model."""
    key = strong_secret()

    model = settings(NETRA_MODEL="ollama:llama3.2:3b", NETRA_MODEL_API_KEY=key).model

    assert isinstance(model, LanguageModel)
    assert (model.provider, model.name, str(model)) == (
        "ollama",
        "llama3.2:3b",
        "ollama:llama3.2:3b",
    )
    assert key not in repr(model)
    assert settings().model is None
