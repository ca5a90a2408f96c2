"""The variables that the auth service and the backend declare alike."""

from typing import Final

from netra.contract.formats import (
    FILE_PATH,
    DatabaseUrl,
    Host,
    Matching,
    Networks,
    OneOf,
    ServiceId,
    StrongSecret,
)
from netra.contract.variable import (
    ALWAYS,
    Source,
    Variable,
    VariableKind,
    required_when,
    required_with,
)

PLAIN, SECRET = VariableKind.PLAIN, VariableKind.SECRET

KEYRING: Final = "keyring"
SHARED_KEY: Final = "shared-key"

AUDIENCE: Final = Matching(
    r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}", "a name of letters, digits and . _ : / -"
)

ENVIRONMENT: Final = Variable(
    "ENVIRONMENT",
    "Where this runs; outside `local` well-known default passwords of databases are refused too.",
    PLAIN,
    OneOf(("local", "staging", "production")),
    ALWAYS,
    equality_group="environment",
)
SERVICE_ID: Final = Variable(
    "SERVICE_ID",
    "The service's own name, as it is registered at the auth service; it opens nothing.",
    PLAIN,
    ServiceId(),
    ALWAYS,
)
REVISION: Final = Variable(
    "REVISION",
    "The deployed version, as logs and health reports name it.",
    PLAIN,
    Matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", "letters, digits and . _ -"),
    default="unversioned",
    aliases=("K_REVISION",),
    source=Source.PLATFORM,
)
HOST: Final = Variable("HOST", "The address to listen on.", PLAIN, Host(), default="127.0.0.1")
DATABASE_URL: Final = Variable(
    "DATABASE_URL", "The service's own store.", SECRET, DatabaseUrl(), ALWAYS
)
TOKEN_TRUST_MODE: Final = Variable(
    "TOKEN_TRUST_MODE",
    "How access tokens are signed: ES256 keys that the auth service publishes, or one HS256 key"
    " that both services hold.",
    PLAIN,
    OneOf((KEYRING, SHARED_KEY)),
    default=KEYRING,
    equality_group="token_trust_mode",
)
JWT_SECRET_KEY: Final = Variable(
    "JWT_SECRET_KEY",
    "The key that signs and verifies access tokens in shared-key mode, taken as its bytes.",
    SECRET,
    StrongSecret(),
    required_when("TOKEN_TRUST_MODE", SHARED_KEY),
    equality_group="jwt_secret_key",
)
JWT_SECRET_KEY_PREVIOUS: Final = Variable(
    "JWT_SECRET_KEY_PREVIOUS",
    "The key before the present one, still accepted while tokens it signed may live.",
    SECRET,
    StrongSecret(),
    differs_from=("JWT_SECRET_KEY",),
    accepted_as="JWT_SECRET_KEY",
)
TRUSTED_PROXIES: Final = Variable(
    "TRUSTED_PROXIES",
    "The proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    PLAIN,
    Networks(),
    default="",
)
TLS_CERTIFICATE_PATH: Final = Variable(
    "TLS_CERTIFICATE_PATH",
    "The certificate chain (PEM) with which the service itself speaks TLS.",
    PLAIN,
    FILE_PATH,
    required_with("TLS_PRIVATE_KEY_PATH"),
)
TLS_PRIVATE_KEY_PATH: Final = Variable(
    "TLS_PRIVATE_KEY_PATH",
    "The private key (PEM) of the certificate.",
    PLAIN,
    FILE_PATH,
    required_with("TLS_CERTIFICATE_PATH"),
)
STANDBY_UNTIL_TRAFFIC: Final = Variable(
    "STANDBY_UNTIL_TRAFFIC",
    "Whether this process does nothing for others until its first request of traffic: true for"
    " a candidate that is reached under a tag's host name alone.",
    PLAIN,
    OneOf(("true", "false")),
    default="false",
)
LOG_LEVEL: Final = Variable(
    "LOG_LEVEL",
    "The least severity that is logged.",
    PLAIN,
    OneOf(("DEBUG", "INFO", "WARNING", "ERROR")),
    default="INFO",
)
