"""What a service reads its settings from."""

import pytest

from fakes.environments import backend_environment
from netra.contract import Configuration, load
from netra.contract.declared.netra_backend import CONTRACT
from netra.errors import ConfigurationInvalid
from netra.isolated_environment import IsolatedEnvironment
from netra.secret import Secret


def configuration(**overrides: str) -> Configuration:
    """Load a valid environment of the backend."""
    loaded = load(CONTRACT, IsolatedEnvironment.of(backend_environment(**overrides)))
    assert isinstance(loaded, Configuration)
    return loaded


def test_values_come_typed() -> None:
    """Text, numbers and lists are given as what the contract declares them to be."""
    loaded = configuration(ALLOWED_ORIGINS="https://a.example,https://b.example", PORT="8042")

    assert loaded.text("SERVICE_ID") == "netra-backend"
    assert loaded.integer("PORT") == 8042
    assert loaded.items("ALLOWED_ORIGINS") == ("https://a.example", "https://b.example")


def test_defaults_stand_in_for_what_is_not_set() -> None:
    """A default has no origin; an optional variable without one is None."""
    loaded = configuration()

    assert loaded.text("LOG_LEVEL") == "INFO"
    assert loaded.origin("LOG_LEVEL") is None
    assert loaded.items("TRUSTED_PROXIES") == ()
    assert loaded.optional_text("AUTH_CA_PATH") is None
    assert loaded.optional_secret("JWT_SECRET_KEY") is None


def test_a_secret_stays_hidden_until_revealed() -> None:
    """A secret comes as a `Secret`, and no `repr` of the configuration shows it (checklist 59)."""
    loaded = configuration()
    secret = loaded.secret("SERVICE_SECRET")

    assert isinstance(secret, Secret)
    assert secret.reveal() not in f"{loaded!r} {loaded} {loaded.values}"
    origin = loaded.origin("SERVICE_SECRET")
    assert origin is not None
    assert origin.kind == "given"


def test_every_secret_is_known_for_redaction() -> None:
    """All secret values that are set are listed, plain ones are not."""
    loaded = configuration()

    assert set(loaded.known_secrets()) == {
        loaded.secret("SERVICE_SECRET"),
        loaded.secret("DATABASE_URL"),
    }


def test_a_needed_value_that_is_not_set_is_named() -> None:
    """Asking for an optional value as if it were there says which one is not."""
    loaded = configuration()

    with pytest.raises(ConfigurationInvalid, match="AUTH_CA_PATH is not set"):
        loaded.text("AUTH_CA_PATH")
    with pytest.raises(ConfigurationInvalid, match="JWT_SECRET_KEY is not set"):
        loaded.secret("JWT_SECRET_KEY")


def test_asking_wrongly_is_a_fault_of_the_program() -> None:
    """Undeclared names, secrets asked for as text and the reverse are refused."""
    loaded = configuration()

    with pytest.raises(KeyError, match="declares no variable"):
        loaded.text("UNDECLARED")
    with pytest.raises(KeyError, match="declares no variable"):
        loaded.origin("UNDECLARED")
    with pytest.raises(KeyError, match="is a secret"):
        loaded.text("SERVICE_SECRET")
    with pytest.raises(KeyError, match="is plain"):
        loaded.secret("SERVICE_ID")


def test_a_configuration_cannot_be_changed() -> None:
    """Neither the object nor its values take an assignment."""
    loaded = configuration()

    with pytest.raises(AttributeError):
        loaded.contract = CONTRACT  # type: ignore[misc]
    with pytest.raises(TypeError):
        loaded.values["PORT"] = loaded.values["HOST"]  # type: ignore[index]
