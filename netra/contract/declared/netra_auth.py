"""The variables of the auth service."""

from dataclasses import replace
from typing import Final

from netra.contract.contract import Contract
from netra.contract.declared import in_both
from netra.contract.declared.in_both import AUDIENCE, KEYRING, PLAIN, SECRET
from netra.contract.formats import (
    PORT,
    EncryptionKey,
    Matching,
    Origins,
    Registry,
    SelfRegistration,
    ServiceUrl,
    WholeNumber,
)
from netra.contract.urls.mail_url import MailUrl
from netra.contract.urls.redis_url import RedisUrl
from netra.contract.variable import ALWAYS, Requirement, Source, Variable, required_when

CONTRACT: Final = Contract(
    "netra-auth",
    (
        in_both.ENVIRONMENT,
        in_both.SERVICE_ID,
        in_both.REVISION,
        in_both.HOST,
        Variable(
            "PORT",
            "The port to listen on; 0 takes any free one.",
            PLAIN,
            PORT,
            default="8001",
            source=Source.PLATFORM,
        ),
        in_both.DATABASE_URL,
        Variable(
            "ISSUER_URL",
            "The service's public address, which every token names as its issuer.",
            PLAIN,
            ServiceUrl(),
            ALWAYS,
            equality_group="issuer",
            of_its_environment=True,
        ),
        in_both.TOKEN_TRUST_MODE,
        Variable(
            "KEYRING_ENCRYPTION_KEY",
            "Encrypts the signing keys and the second factors in the store; without it nobody can"
            " set up a second factor.",
            SECRET,
            EncryptionKey(),
            required_when("TOKEN_TRUST_MODE", KEYRING),
        ),
        Variable(
            "KEY_ROTATION_DAYS",
            "How long a signing key signs before the next one takes its place; 0 for ever, until"
            " one is rotated by command.",
            PLAIN,
            WholeNumber(0, 3650),
            default="90",
        ),
        replace(in_both.JWT_SECRET_KEY, differs_from=("KEYRING_ENCRYPTION_KEY",), leads=True),
        in_both.JWT_SECRET_KEY_PREVIOUS,
        Variable(
            "SERVICE_REGISTRY",
            "The services known at the first start, with the SHA-256 of each one's secret.",
            SECRET,
            Registry(),
            ALWAYS,
        ),
        Variable(
            "ACCESS_TOKEN_SECONDS",
            "How long an access token lives.",
            PLAIN,
            WholeNumber(30, 300),
            default="300",
        ),
        Variable(
            "USER_AUDIENCE",
            "The audience of people's access tokens: the backend they are for.",
            PLAIN,
            AUDIENCE,
            default="netra-backend",
            equality_group="user_audience",
        ),
        Variable(
            "CHAT_ORIGINS",
            "Where the chat page is served: the origins it may log people in from; without it,"
            " nowhere.",
            PLAIN,
            Origins(),
            default="",
        ),
        in_both.TRUSTED_PROXIES,
        in_both.TLS_CERTIFICATE_PATH,
        in_both.TLS_PRIVATE_KEY_PATH,
        in_both.STANDBY_UNTIL_TRAFFIC,
        in_both.LOG_LEVEL,
        Variable(
            "SELF_REGISTRATION",
            "Whether people may register themselves: at once, by a mail that proves their address,"
            " or not at all.",
            PLAIN,
            SelfRegistration(),
            default="closed",
        ),
        Variable(
            "MAIL_URL",
            "The mail server that takes this service's mails: for registration by mail, and for"
            " people who forgot their password.",
            SECRET,
            MailUrl(),
            Requirement(when=("SELF_REGISTRATION", ("by-mail",)), together_with="MAIL_FROM"),
        ),
        Variable(
            "MAIL_FROM",
            "The address these mails are from.",
            PLAIN,
            Matching(
                r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*",
                "one e-mail address and nothing besides, such as accounts@example.org",
            ),
            Requirement(when=("SELF_REGISTRATION", ("by-mail",)), together_with="MAIL_URL"),
        ),
        Variable(
            "LIMITS_REDIS_URL",
            "Where several instances count requests together; without it each counts its own."
            " Failures are always counted in the store. Needs the extra `redis`.",
            SECRET,
            RedisUrl(),
        ),
        Variable(
            "REQUEST_LIMIT_FACTOR",
            "How many times the usual number of requests a minute is served, for people who share"
            " one address; the limits on failures stay as they are.",
            PLAIN,
            WholeNumber(1, 100),
            default="1",
        ),
    ),
)
