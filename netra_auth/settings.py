"""What the auth service was configured with: frozen, typed, read once.

Reading and checking variables belongs to `netra.contract`.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from netra.contract import Configuration
from netra.contract.service_registry import ServiceRegistration, parse_registry
from netra.contract.urls.mail_url import MailServer, mail_server_of
from netra.secret import Secret


class TokenTrustMode(StrEnum):
    """What access tokens are signed with."""

    KEYRING = "keyring"
    """An ES256 key that lives in the store; verifiers fetch its public half."""
    SHARED_KEY = "shared-key"
    """One HS256 key that every service is configured with."""


class SelfRegistration(StrEnum):
    """Whether and how people register themselves."""

    ALLOWED = "allowed"
    """At once, which tells whoever asks which addresses are taken."""
    BY_MAIL = "by-mail"
    """By a mail that proves the address; nobody else is told anything."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Mail:
    """Where mails are handed in, and whom they are from."""

    server: MailServer
    sender: str


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate chain and its private key, for a process that ends TLS itself."""

    certificate: Path
    private_key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The auth service's configuration; every secret stays a `Secret`."""

    environment: str
    service_id: str
    revision: str
    host: str
    port: int
    database_url: Secret
    issuer_url: str
    trust_mode: TokenTrustMode
    keyring_encryption_key: Secret | None
    key_rotation_days: int
    shared_key: Secret | None
    previous_shared_key: Secret | None
    services: tuple[ServiceRegistration, ...]
    access_token_seconds: int
    user_audience: str
    trusted_proxies: tuple[str, ...]
    tls: TlsFiles | None
    log_level: str
    self_registration: SelfRegistration
    mail: Mail | None
    chat_origins: tuple[str, ...]
    limits_redis_url: Secret | None
    request_limit_factor: int
    standby_until_traffic: bool

    @property
    def is_production(self) -> bool:
        """Tell whether this is the environment that real people use."""
        return self.environment == "production"

    @property
    def secure_cookies(self) -> bool:
        """Tell whether cookies may travel over TLS only: they follow the issuer."""
        return urlsplit(self.issuer_url).scheme == "https"


def settings_from(configuration: Configuration) -> Settings:
    """Turn a checked configuration into settings."""
    mode = TokenTrustMode(configuration.text("TOKEN_TRUST_MODE"))
    certificate = configuration.optional_text("TLS_CERTIFICATE_PATH")
    private_key = configuration.optional_text("TLS_PRIVATE_KEY_PATH")
    mail_url = configuration.optional_secret("MAIL_URL")
    mail_from = configuration.optional_text("MAIL_FROM")
    return Settings(
        environment=configuration.text("ENVIRONMENT"),
        service_id=configuration.text("SERVICE_ID"),
        revision=configuration.text("REVISION"),
        host=configuration.text("HOST"),
        port=configuration.integer("PORT"),
        database_url=configuration.secret("DATABASE_URL"),
        issuer_url=configuration.text("ISSUER_URL"),
        trust_mode=mode,
        keyring_encryption_key=configuration.optional_secret("KEYRING_ENCRYPTION_KEY"),
        key_rotation_days=configuration.integer("KEY_ROTATION_DAYS"),
        shared_key=configuration.optional_secret("JWT_SECRET_KEY"),
        previous_shared_key=configuration.optional_secret("JWT_SECRET_KEY_PREVIOUS"),
        services=parse_registry(configuration.secret("SERVICE_REGISTRY").reveal()),
        access_token_seconds=configuration.integer("ACCESS_TOKEN_SECONDS"),
        user_audience=configuration.text("USER_AUDIENCE"),
        trusted_proxies=configuration.items("TRUSTED_PROXIES"),
        tls=TlsFiles(Path(certificate), Path(private_key)) if certificate and private_key else None,
        log_level=configuration.text("LOG_LEVEL"),
        self_registration=SelfRegistration(configuration.text("SELF_REGISTRATION")),
        mail=Mail(mail_server_of(mail_url), mail_from) if mail_url and mail_from else None,
        chat_origins=configuration.items("CHAT_ORIGINS"),
        limits_redis_url=configuration.optional_secret("LIMITS_REDIS_URL"),
        request_limit_factor=configuration.integer("REQUEST_LIMIT_FACTOR"),
        standby_until_traffic=configuration.text("STANDBY_UNTIL_TRAFFIC") == "true",
    )
