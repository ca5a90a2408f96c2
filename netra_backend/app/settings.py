"""The backend's settings: typed, frozen, made once from a valid configuration.

What a variable must look like is declared in `netra.contract.declared.netra_backend`.
"""

from dataclasses import dataclass

from netra.agent_api import Surroundings
from netra.contract.configuration import Configuration
from netra.contract.declared.in_both import SHARED_KEY
from netra.principal import ServiceIdentity
from netra.secret import Secret

_PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """Which language model answers, and where.

    Attributes:
        provider: `openai`, `anthropic`, `google` or `ollama`.
        name: What the provider calls it.
        api_key: What its API wants, if anything.
        base_url: Where its API is, if not where the provider has it.
    """

    provider: str
    name: str
    api_key: Secret | None = None
    base_url: str | None = None

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}"


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept for how long, in days, of which 0 are for ever; and who deletes it.

    Attributes:
        sweeps: Whether this process does.
        conversation_days: Of threads without activity.
        event_days: Of the events of ended runs.
        usage_days: Of records of what models cost.
        deletes_erased_people: Whether rows of people whom the auth service no longer knows go.
    """

    sweeps: bool
    conversation_days: int
    event_days: int
    usage_days: int
    deletes_erased_people: bool

    @property
    def has_work(self) -> bool:
        """Whether this process has anything to delete, ever."""
        days = (self.conversation_days, self.event_days, self.usage_days)
        return self.sweeps and (any(days) or self.deletes_erased_people)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the backend is told from outside.

    Attributes:
        environment: `local`, `staging` or `production`.
        identity: The service's own name; it opens nothing.
        service_secret: Proves the name to the auth service.
        auth_service_url: The one address of the auth service.
        token_issuer: The issuer every token must name.
        token_audience: The audience every token must name.
        shared_keys: The keys tokens are signed with in shared-key mode, the present one first;
            empty when the auth service publishes its keys.
        database_url: The store.
        database_owner_url: The store as the role that owns its tables, for migrations.
        revision: The deployed version's name.
        host: Where to listen.
        port: Where to listen; 0 takes any free port.
        allowed_origins: The pages whose browsers may open sockets.
        trusted_proxies: The proxies whose forwarding headers are believed.
        tls_certificate_path: With the key, makes the service speak TLS itself.
        tls_private_key_path: The certificate's key.
        auth_ca_path: The certificate authorities that may vouch for the auth service.
        model: The language model that answers; without one, the built-in assistant does.
        surroundings: Where the service runs, for agents that have to know.
        retention: What is kept for how long.
        standby_until_traffic: Whether nothing is done for others before the first request of
            traffic.
        log_level: The least severity that is logged.
    """

    environment: str
    identity: ServiceIdentity
    service_secret: Secret
    auth_service_url: str
    token_issuer: str
    token_audience: str
    shared_keys: tuple[Secret, ...]
    database_url: Secret
    database_owner_url: Secret | None
    revision: str
    host: str
    port: int
    allowed_origins: frozenset[str]
    trusted_proxies: tuple[str, ...]
    tls_certificate_path: str | None
    tls_private_key_path: str | None
    auth_ca_path: str | None
    model: LanguageModel | None
    surroundings: Surroundings
    retention: Retention
    standby_until_traffic: bool
    log_level: str

    @property
    def publishes_openapi(self) -> bool:
        """Whether `/openapi.json` is served."""
        return self.environment != _PRODUCTION

    @classmethod
    def from_configuration(cls, configuration: Configuration) -> "Settings":
        """Take the settings out of a configuration that the contract found valid."""
        return cls(
            environment=configuration.text("ENVIRONMENT"),
            identity=ServiceIdentity(configuration.text("SERVICE_ID")),
            service_secret=configuration.secret("SERVICE_SECRET"),
            auth_service_url=configuration.text("AUTH_SERVICE_URL"),
            token_issuer=configuration.text("TOKEN_ISSUER"),
            token_audience=configuration.text("TOKEN_AUDIENCE"),
            shared_keys=_shared_keys(configuration),
            database_url=configuration.secret("DATABASE_URL"),
            database_owner_url=configuration.optional_secret("DATABASE_OWNER_URL"),
            revision=configuration.text("REVISION"),
            host=configuration.text("HOST"),
            port=configuration.integer("PORT"),
            allowed_origins=frozenset(configuration.items("ALLOWED_ORIGINS")),
            trusted_proxies=configuration.items("TRUSTED_PROXIES"),
            tls_certificate_path=configuration.optional_text("TLS_CERTIFICATE_PATH"),
            tls_private_key_path=configuration.optional_text("TLS_PRIVATE_KEY_PATH"),
            auth_ca_path=configuration.optional_text("AUTH_CA_PATH"),
            model=_language_model(configuration),
            surroundings=_surroundings(configuration),
            retention=_retention(configuration),
            standby_until_traffic=configuration.text("STANDBY_UNTIL_TRAFFIC") == "true",
            log_level=configuration.text("LOG_LEVEL"),
        )


def _shared_keys(configuration: Configuration) -> tuple[Secret, ...]:
    if configuration.text("TOKEN_TRUST_MODE") != SHARED_KEY:
        return ()
    previous = configuration.optional_secret("JWT_SECRET_KEY_PREVIOUS")
    present = configuration.secret("JWT_SECRET_KEY")
    return (present,) if previous is None else (present, previous)


def _retention(configuration: Configuration) -> Retention:
    return Retention(
        sweeps=configuration.text("RETENTION_SWEEP") == "on",
        conversation_days=configuration.integer("RETENTION_CONVERSATION_DAYS"),
        event_days=configuration.integer("RETENTION_EVENT_DAYS"),
        usage_days=configuration.integer("RETENTION_USAGE_DAYS"),
        deletes_erased_people=configuration.text("RETENTION_ERASED_PEOPLE") == "delete",
    )


def _surroundings(configuration: Configuration) -> Surroundings:
    return Surroundings(
        state=configuration.optional_text("OPERATIONS_STATE"),
        bundle=configuration.optional_text("OPERATIONS_BUNDLE"),
    )


def _language_model(configuration: Configuration) -> LanguageModel | None:
    model = configuration.optional_text("NETRA_MODEL")
    if model is None:
        return None
    provider, _, name = model.partition(":")
    return LanguageModel(
        provider,
        name,
        configuration.optional_secret("NETRA_MODEL_API_KEY"),
        configuration.optional_text("NETRA_MODEL_BASE_URL"),
    )
