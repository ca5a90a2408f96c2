"""The variables of the backend."""

from typing import Final

from netra.contract.contract import Contract
from netra.contract.declared import in_both
from netra.contract.declared.in_both import AUDIENCE, PLAIN, SECRET
from netra.contract.formats import (
    DIRECTORY_PATH,
    FILE_PATH,
    PORT,
    ApiKey,
    ApiUrl,
    DatabaseUrl,
    Matching,
    OneOf,
    Origins,
    ServiceUrl,
    StrongSecret,
    WholeNumber,
)
from netra.contract.variable import ALWAYS, Source, Variable, required_where, required_with

CONTRACT: Final = Contract(
    "netra-backend",
    (
        in_both.ENVIRONMENT,
        in_both.SERVICE_ID,
        Variable(
            "SERVICE_SECRET",
            "Proves the service's identity to the auth service, which holds its SHA-256.",
            SECRET,
            StrongSecret(),
            ALWAYS,
            differs_from=("JWT_SECRET_KEY", "JWT_SECRET_KEY_PREVIOUS"),
        ),
        Variable(
            "AUTH_SERVICE_URL",
            "Where the auth service is reached.",
            PLAIN,
            ServiceUrl(),
            ALWAYS,
            of_its_environment=True,
        ),
        Variable(
            "TOKEN_ISSUER",
            "The issuer that every token must name; the auth service's ISSUER_URL.",
            PLAIN,
            ServiceUrl(),
            default_of="AUTH_SERVICE_URL",
            equality_group="issuer",
            of_its_environment=True,
        ),
        Variable(
            "TOKEN_AUDIENCE",
            "The audience that every token must name; the auth service's USER_AUDIENCE.",
            PLAIN,
            AUDIENCE,
            default="netra-backend",
            equality_group="user_audience",
        ),
        in_both.TOKEN_TRUST_MODE,
        in_both.JWT_SECRET_KEY,
        in_both.JWT_SECRET_KEY_PREVIOUS,
        in_both.DATABASE_URL,
        Variable(
            "DATABASE_OWNER_URL",
            "The same store, as the role that owns its tables; only --migrate and --migrate-only"
            " use it. On PostgreSQL the role in DATABASE_URL must not own them.",
            SECRET,
            DatabaseUrl(),
            differs_from=("DATABASE_URL",),
        ),
        in_both.REVISION,
        in_both.HOST,
        Variable(
            "PORT",
            "The port to listen on; 0 takes any free one.",
            PLAIN,
            PORT,
            default="8000",
            source=Source.PLATFORM,
        ),
        Variable(
            "ALLOWED_ORIGINS",
            "The pages whose browsers may open WebSockets; without it, none but non-browsers.",
            PLAIN,
            Origins(),
            default="",
        ),
        in_both.TRUSTED_PROXIES,
        in_both.TLS_CERTIFICATE_PATH,
        in_both.TLS_PRIVATE_KEY_PATH,
        Variable(
            "AUTH_CA_PATH",
            "The certificate authorities (PEM) that may vouch for the auth service.",
            PLAIN,
            FILE_PATH,
        ),
        Variable(
            "NETRA_MODEL",
            "The language model that answers by default; without it the built-in assistant does."
            " Needs `make llm`.",
            PLAIN,
            Matching(
                r"(openai|anthropic|google|ollama):[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}",
                "openai:NAME, anthropic:NAME, google:NAME or ollama:NAME",
            ),
            required_with("NETRA_MODEL_BASE_URL"),
        ),
        Variable(
            "NETRA_MODEL_API_KEY",
            "The key of the language model's API.",
            SECRET,
            ApiKey(),
            required_where(
                "NETRA_MODEL",
                ("openai:", "anthropic:", "google:"),
                unless="NETRA_MODEL_BASE_URL",
            ),
            differs_from=("SERVICE_SECRET", "JWT_SECRET_KEY", "JWT_SECRET_KEY_PREVIOUS"),
        ),
        Variable(
            "NETRA_MODEL_BASE_URL",
            "Another address at which the language model's API is spoken: for openai, google and"
            " ollama any that is compatible with OpenAI's, such as http://127.0.0.1:8080/v1.",
            PLAIN,
            ApiUrl(),
        ),
        Variable(
            "OPERATIONS_STATE",
            "The state directory of the local installation that this process belongs to, into"
            " which operators look by the agent `operator`; `netra up` gives it.",
            PLAIN,
            DIRECTORY_PATH,
            source=Source.PLATFORM,
        ),
        Variable(
            "OPERATIONS_BUNDLE",
            "An evidence bundle that the agent `operator` reads instead: a directory that the"
            " process may read.",
            PLAIN,
            DIRECTORY_PATH,
        ),
        Variable(
            "RETENTION_CONVERSATION_DAYS",
            "How long a conversation is kept after something last happened in it; 0 for ever.",
            PLAIN,
            WholeNumber(0, 36500),
            default="0",
        ),
        Variable(
            "RETENTION_EVENT_DAYS",
            "How long the events of ended runs are kept; messages and answers stay. 0 for ever.",
            PLAIN,
            WholeNumber(0, 36500),
            default="0",
        ),
        Variable(
            "RETENTION_USAGE_DAYS",
            "How long records of what language models cost are kept; 0 for ever. Never shorter than"
            " `GET /api/usage` looks back.",
            PLAIN,
            Matching(
                r"0|36[6-9]|3[7-9][0-9]|[4-9][0-9]{2}|[1-9][0-9]{3,4}",
                "0, or a whole number from 366 to 99999",
            ),
            default="0",
        ),
        Variable(
            "RETENTION_ERASED_PEOPLE",
            "What becomes of the rows of people whom the auth service no longer knows.",
            PLAIN,
            OneOf(("keep", "delete")),
            default="keep",
        ),
        Variable(
            "RETENTION_SWEEP",
            "Whether this process deletes what the other RETENTION_ variables say; off for one that"
            " is never to do so by itself, such as while a store is being restored.",
            PLAIN,
            OneOf(("on", "off")),
            default="on",
        ),
        in_both.STANDBY_UNTIL_TRAFFIC,
        in_both.LOG_LEVEL,
    ),
)
