"""The clients of language models are an extra: the backend works, or says what it needs."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from fakes.environments import strong_secret
from fakes.running_backend import backend_settings
from netra.agent_api import Asker
from netra.policy import Permission
from netra.principal import UserPrincipal
from netra_backend.app.bootstrap import create_app

WITHOUT_THE_EXTRA: Final = """
import importlib, pkgutil, sys
for name in ("pydantic_ai", "openai", "anthropic", "genai_prices"):
    sys.modules[name] = None
import netra_backend
for module in pkgutil.walk_packages(netra_backend.__path__, "netra_backend."):
    if ".agents.models." not in module.name and ".migrations." not in module.name:
        importlib.import_module(module.name)
"""
A_MODEL_WITHOUT_THE_EXTRA: Final = """
from netra.errors import ConfigurationInvalid
from netra.secret import Secret
from netra_backend.app.bootstrap import _agents
from netra_backend.app.settings import LanguageModel

class Settings:
    surroundings = None
    model = LanguageModel("openai", "gpt-x", Secret("a key"))

try:
    _agents(Settings())
except ConfigurationInvalid as error:
    print(error)
"""
NO_MODEL: Final = """
import sys
import netra_backend.app.main
print([name for name in ("pydantic_ai", "openai", "anthropic") if name in sys.modules])
"""


def run(code: str) -> str:
    """Run code in a process of its own and give what it prints."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True
    )
    assert not done.stderr
    return done.stdout.strip()


def test_the_backend_needs_no_clients_of_models() -> None:
    """Every module but those of the models can be imported where the extra is not installed."""
    assert not run(WITHOUT_THE_EXTRA)


def test_a_model_without_its_client_is_refused_with_the_remedy() -> None:
    """A model that was chosen and cannot be asked is a fault of the configuration, said plainly."""
    said = run(WITHOUT_THE_EXTRA + A_MODEL_WITHOUT_THE_EXTRA)

    assert "NETRA_MODEL is set, but pydantic_ai is not installed" in said
    assert "make llm" in said


def test_no_client_is_loaded_without_a_model() -> None:
    """A backend without a model pays neither time nor memory for clients of models."""
    assert run(NO_MODEL) == "[]"


@pytest.mark.parametrize(
    "model", ["openai:gpt-x", "anthropic:claude-x", "google:gemini-x", "ollama:llama"]
)
async def test_a_chosen_model_answers_by_default(tmp_path: Path, model: str) -> None:
    """The agent `model` is asked first, and has what operators may use among its tools."""
    settings = backend_settings(
        tmp_path / "store.db", NETRA_MODEL=model, NETRA_MODEL_API_KEY=strong_secret()
    )
    state = create_app(settings).state.netra

    assert state.catalogue.names_for(frozenset(Permission))[0] == "model"
    assert {"assistant", "model"} <= set(state.catalogue.names)
    assert model in state.catalogue.package("model").description
    who = UserPrincipal("usr_a", "ses_a", "netra-chat", frozenset(), frozenset(), "tok_a", 2e9)
    offered = state.catalogue.package("model").make("model", Asker(who, frozenset())).tools
    operators = {one.name for one in offered if one.permission is Permission.OPERATIONS_READ}
    assert operators == {"diagnose_services", "summarise_logs", "list_serving_revisions"}
    await state.catalogue.package("model").aclose()
    await state.database.aclose()
