"""The backend's settings: taken from a valid configuration, frozen, and silent about secrets."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from fakes.environments import strong_secret
from fakes.running_backend import backend_settings


def test_defaults_are_those_of_the_contract(tmp_path: Path) -> None:
    """What is not set takes the contract's default; the issuer is the auth service."""
    settings = backend_settings(tmp_path / "store.db", PORT=None, HOST=None, REVISION=None)

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.revision == "unversioned"
    assert settings.token_issuer == settings.auth_service_url
    assert settings.token_audience == "netra-backend"
    assert settings.allowed_origins == frozenset()
    assert settings.trusted_proxies == ()
    assert settings.shared_keys == ()
    assert settings.tls_certificate_path is None
    assert str(settings.identity) == "service:netra-backend"


def test_lists_become_collections(tmp_path: Path) -> None:
    """Origins and proxies are taken apart."""
    settings = backend_settings(
        tmp_path / "store.db",
        ALLOWED_ORIGINS="https://a.example,https://b.example",
        TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8",
    )

    assert settings.allowed_origins == {"https://a.example", "https://b.example"}
    assert settings.trusted_proxies == ("127.0.0.1", "10.0.0.0/8")


def test_shared_keys_come_in_shared_key_mode_only(tmp_path: Path) -> None:
    """A JWT_SECRET_KEY counts only where the trust mode says so, the present one first."""
    present, previous = strong_secret(), strong_secret()
    keys = {"JWT_SECRET_KEY": present, "JWT_SECRET_KEY_PREVIOUS": previous}
    keyring = backend_settings(tmp_path / "store.db", **keys)
    shared = backend_settings(tmp_path / "store.db", TOKEN_TRUST_MODE="shared-key", **keys)

    assert keyring.shared_keys == ()
    assert [key.reveal() for key in shared.shared_keys] == [present, previous]


@pytest.mark.parametrize(
    ("environment", "published"), [("local", True), ("staging", True), ("production", False)]
)
def test_the_openapi_document_is_for_others_than_production(
    tmp_path: Path, environment: str, *, published: bool
) -> None:
    """In production the document is not served."""
    settings = backend_settings(
        tmp_path / "store.db", ENVIRONMENT=environment, AUTH_SERVICE_URL="https://auth.example"
    )

    assert settings.publishes_openapi is published


def test_settings_are_frozen_and_show_no_secret(tmp_path: Path) -> None:
    """Settings cannot be changed, and their text holds neither a secret nor the store's address."""
    secret = strong_secret()
    settings = backend_settings(tmp_path / "store.db", SERVICE_SECRET=secret)

    assert secret not in repr(settings)
    assert "store.db" not in repr(settings)
    with pytest.raises(FrozenInstanceError):
        settings.port = 1  # type: ignore[misc] # what is refused is tried here
