"""The variables of the backend."""

from typing import Final

from netra.contract.contract import Contract
from netra.contract.declared import in_both
from netra.contract.declared.in_both import AUDIENCE, PLAIN, SECRET
from netra.contract.formats import FILE_PATH, PORT, Origins, ServiceUrl, StrongSecret
from netra.contract.variable import ALWAYS, Variable

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
        ),
        Variable(
            "TOKEN_ISSUER",
            "The issuer that every token must name; the auth service's ISSUER_URL.",
            PLAIN,
            ServiceUrl(),
            default_of="AUTH_SERVICE_URL",
            equality_group="issuer",
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
        in_both.REVISION,
        in_both.HOST,
        Variable(
            "PORT", "The port to listen on; 0 takes any free one.", PLAIN, PORT, default="8000"
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
        in_both.LOG_LEVEL,
    ),
)
