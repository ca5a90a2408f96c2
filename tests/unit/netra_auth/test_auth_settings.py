"""Settings out of a checked configuration, and tables that both databases can have."""

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from fakes.running_auth import auth_settings
from netra_auth.settings import SelfRegistration, TlsFiles, TokenTrustMode
from netra_auth.store.tables import metadata

DIALECTS: list[Dialect] = [
    make_url(url).get_dialect()() for url in ("sqlite+aiosqlite://", "postgresql+asyncpg://")
]


def test_defaults_are_the_safe_ones(tmp_path: Path) -> None:
    """Without a word: the keyring, tokens of five minutes, no proxy trusted, nobody registers."""
    settings = auth_settings(tmp_path, 8001, SELF_REGISTRATION=None)

    assert settings.trust_mode is TokenTrustMode.KEYRING
    assert settings.access_token_seconds == 300
    assert settings.key_rotation_days == 90
    assert settings.user_audience == "netra-backend"
    assert settings.trusted_proxies == ()
    assert settings.tls is None
    assert settings.self_registration is SelfRegistration.CLOSED
    assert settings.mail is None
    assert settings.chat_origins == ()
    assert not settings.secure_cookies
    assert not settings.is_production
    assert [service.service_id for service in settings.services] == ["netra-backend", "netra-ops"]


def test_every_variable_arrives(tmp_path: Path) -> None:
    """What is configured is what the service works with."""
    settings = auth_settings(
        tmp_path,
        8443,
        ENVIRONMENT="production",
        ISSUER_URL="https://auth.example.org",
        TRUSTED_PROXIES="10.0.0.0/8,192.0.2.1",
        TLS_CERTIFICATE_PATH="/etc/tls/cert.pem",
        TLS_PRIVATE_KEY_PATH="/etc/tls/key.pem",
        SELF_REGISTRATION="by-mail",
        MAIL_URL="smtps://netra:Zk3vTq9mXs2Rb7Nf@mail.example.org",
        MAIL_FROM="accounts@example.org",
        ACCESS_TOKEN_SECONDS="60",
        KEY_ROTATION_DAYS="0",
        CHAT_ORIGINS="https://chat.example.org,https://chat.example.org:8443",
    )

    assert settings.is_production
    assert settings.secure_cookies
    assert settings.trusted_proxies == ("10.0.0.0/8", "192.0.2.1")
    assert settings.tls == TlsFiles(Path("/etc/tls/cert.pem"), Path("/etc/tls/key.pem"))
    assert settings.self_registration is SelfRegistration.BY_MAIL
    assert settings.mail is not None
    assert settings.mail.sender == "accounts@example.org"
    assert settings.mail.server.host == "mail.example.org"
    assert "Zk3vTq9mXs2Rb7Nf" not in repr(settings)
    assert settings.access_token_seconds == 60
    assert settings.key_rotation_days == 0
    assert settings.chat_origins == ("https://chat.example.org", "https://chat.example.org:8443")


def test_settings_show_no_secret(tmp_path: Path) -> None:
    """Printing the settings prints none of their secrets (checklist 59)."""
    settings = auth_settings(tmp_path, 8001)

    assert settings.keyring_encryption_key is not None
    shown = repr(settings)
    assert settings.keyring_encryption_key.reveal() not in shown
    assert settings.database_url.reveal() not in shown
    assert all(service.secret_sha256 not in shown for service in settings.services)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_the_tables_can_be_made_in_both_databases(dialect: Dialect) -> None:
    """SQLite and PostgreSQL both have every type, constraint and index that is used."""
    for table in metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))
