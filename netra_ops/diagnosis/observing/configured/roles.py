"""What a variable is for, by the words of its name, whatever the service is called. Pure."""

import re
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from netra.contract.declared import netra_auth, netra_backend


class Role(StrEnum):
    """For what a variable is needed."""

    KEY = "signing key"
    """Signs or verifies tokens or sessions with one and the same key."""
    PUBLIC_KEY = "public key"
    PRIVATE_KEY = "private key"
    SERVICE_SECRET = "service secret"  # noqa: S105 - what a variable is for
    CREDENTIAL = "credential"
    CLIENT_ID = "client id"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    AUTH_URL = "auth service's address"
    URL = "address"
    DATABASE = "database"
    ORIGINS = "origins"
    IDENTITY = "identity"
    """Something else of identity, such as an algorithm or a mode."""


SECRET_ROLES: Final = frozenset({Role.KEY, Role.PRIVATE_KEY, Role.SERVICE_SECRET, Role.CREDENTIAL})
"""Values of these are never shown."""
SHOWN_ROLES: Final = frozenset({Role.ISSUER, Role.AUDIENCE, Role.AUTH_URL, Role.URL})
"""Values of these may be shown, as far as they hold no credential."""


def words(text: str) -> frozenset[str]:
    """Give the words of a text as a set."""
    return frozenset(text.split())


_REFERRED: Final = re.compile(r"\$[({]{0,2}\s*([A-Za-z_]\w*)")
_HOST: Final = re.compile(r"https?://([\w.-]+)", re.IGNORECASE)
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_FOREIGN: Final = words("""
    SENTRY STATSD OTEL OTLP TELEMETRY METRICS TRACING ANALYTICS SEGMENT DATADOG NEWRELIC GRAFANA
    PROMETHEUS LOG LOGS LOGGING SLACK STRIPE PAYPAL SENDGRID MAILGUN MAILCHIMP TWILIO SMTP MAIL
    EMAIL S3 BUCKET STORAGE CDN OPENAI ANTHROPIC MAPS RECAPTCHA CAPTCHA FEATURE FLAG FLAGS
    LAUNCHDARKLY PUBSUB KAFKA RABBITMQ WEBHOOK IMAGE ASSET ASSETS DOCS SUPPORT
""")
"""Of other things than who is who between one's own services."""
_LIMITS: Final = words("""
    TTL TIMEOUT SECONDS MINUTES HOURS MS SIZE COUNT LIMIT MAX MIN INTERVAL RETRIES RETRY LEVEL
    EXPIRY EXPIRES EXPIRATION LIFETIME LEEWAY POOL OVERFLOW PREFIX NAMES ROTATION AGE WORKERS
""")
_AUTH: Final = words("""
    AUTH OIDC OAUTH OAUTH2 IDP IDENTITY LOGIN SSO JWKS KEYCLOAK TOKEN INTROSPECTION IAM ACCOUNTS
    AUTHN AUTHSERVICE PASSPORT AUTH0 OKTA COGNITO
""")
_PLACES: Final = words("URL URI HOST HOSTNAME ENDPOINT BASE ADDR ADDRESS SERVER ORIGIN URLS DOMAIN")
_ADDRESSES: Final = words("URL URLS URI HOST HOSTNAME ENDPOINT ADDR ADDRESS")
_DATABASES: Final = words("""
    DATABASE DB DSN PG POSTGRES POSTGRESQL MYSQL MARIADB SQL MONGO MONGODB REDIS SQLALCHEMY
    PGPASSWORD PGUSER PGHOST PGDATABASE CLOUDSQL
""")
_KEY_WORDS: Final = words("SECRET KEY KEYS")
_KEY_PURPOSES: Final = words("""
    JWT JWS TOKEN TOKENS SESSION SESSIONS SIGNING SIGN SIGNATURE AUTH HMAC COOKIE COOKIES ACCESS
    VERIFY VERIFICATION VERIFIER VERIFYING NEXTAUTH FLASK DJANGO APP APPLICATION HS256 BEARER
    REFRESH SHARED GUARDIAN DEVISE JOSE TYMON SANCTUM SMALLRYE NIMBUS JWTAUTH PASETO BRANCA
""")
_CLIENTS: Final = words(
    "CLIENT SERVICE OAUTH OAUTH2 OIDC S2S M2M INTERNAL MACHINE WORKLOAD BACKEND"
)
_DIGESTS: Final = words("HASH HASHED SHA SHA256 DIGEST FINGERPRINT ID NAME PATH FILE VERSION ALG")


class _Rule(NamedTuple):
    """Of every set in `needs` a name has a word, and of `without` none."""

    role: Role
    needs: tuple[frozenset[str], ...]
    without: frozenset[str] = frozenset()

    def fits(self, said: frozenset[str]) -> bool:
        """Tell whether a name of these words has the role."""
        return not said & self.without and all(said & one for one in self.needs)


_RULES: Final = (
    _Rule(
        Role.SERVICE_SECRET, (words("SECRET"), _CLIENTS), _DIGESTS - {"ID"} | words("JWT SESSION")
    ),
    _Rule(Role.DATABASE, (_DATABASES,)),
    _Rule(Role.PUBLIC_KEY, (words("PUBLIC"), _KEY_WORDS | _KEY_PURPOSES), words("ID URL")),
    _Rule(Role.PRIVATE_KEY, (words("PRIVATE PEM RSA"), _KEY_WORDS | words("PEM")), words("ID")),
    _Rule(Role.KEY, (_KEY_WORDS, _KEY_PURPOSES), _DIGESTS | _ADDRESSES),
    _Rule(
        Role.KEY,
        (words("SEED SALT PEPPER MAC PASSPHRASE"), _KEY_PURPOSES | _KEY_WORDS),
        _DIGESTS | _ADDRESSES,
    ),
    _Rule(
        Role.CREDENTIAL,
        (_KEY_WORDS | words("PASSWORD PASSWD PASSPHRASE CREDENTIALS CREDENTIAL"),),
        _DIGESTS - {"PATH", "FILE"} | _ADDRESSES,
    ),
    _Rule(Role.ISSUER, (words("ISSUER ISS ISSUERS"),)),
    _Rule(Role.AUDIENCE, (words("AUDIENCE AUD AUDIENCES"),)),
    _Rule(Role.ORIGINS, (words("ORIGINS CORS"),)),
    _Rule(Role.ORIGINS, (words("ORIGIN"), words("ALLOWED ALLOW"))),
    _Rule(Role.AUTH_URL, (words("JWKS AUTHORITY"),), words("CERTIFICATE CERT CA")),
    _Rule(Role.AUTH_URL, (_AUTH | words("JWT JWK KEYS KEYSET"), _PLACES)),
    _Rule(Role.URL, (_PLACES,)),
    _Rule(Role.CLIENT_ID, (words("CLIENT SERVICE"), words("ID"))),
    _Rule(Role.IDENTITY, (words("JWT OIDC OAUTH OAUTH2 SSO"),)),
)
"""The narrower first."""
_WHOLE_NAMES: Final[dict[tuple[str, ...], Role | None]] = {
    ("SECRET", "KEY"): Role.KEY,
    ("SECRET",): Role.KEY,
    ("HOST",): None,
    ("HOSTNAME",): None,
}
_LAST_WORDS: Final = {
    "TOKEN": Role.CREDENTIAL,
    **dict.fromkeys(("HMAC", "HS256", "SIGNING", "SIGNATURE", "VERIFIER"), Role.KEY),
}
"""What a name without any other telling word is, by its end."""
_SWITCHES: Final = words("USE ENABLE ENABLED REQUIRE REQUIRED DISABLE ALLOW SKIP VERIFY CHECK WITH")
_GENERAL: Final = _KEY_WORDS | _PLACES | words("SERVICE CLIENT ID PUBLIC PRIVATE")
_ANOTHERS: Final = words("""
    REFRESH PREVIOUS OLD NEXT SESSION COOKIE ADMIN CSRF ENCRYPTION PUBLIC PRIVATE REPLICA READ TEST
    JWKS INTROSPECTION ID
""")
"""Words by which a variable is another one, and not the same renamed."""
_ROLES_OF_ONE: Final = frozenset({Role.ISSUER, Role.AUDIENCE, Role.DATABASE, Role.ORIGINS})
"""Of these a service mostly has one, so that a shared word is enough."""
_DECLARED: Final = {
    variable.name: variable.equality_group
    for contract in (netra_auth.CONTRACT, netra_backend.CONTRACT)
    for variable in contract.variables
}
_ALIASES: Final = {
    alias: variable.name
    for contract in (netra_auth.CONTRACT, netra_backend.CONTRACT)
    for variable in contract.variables
    for alias in variable.aliases
}


def words_of(name: str) -> tuple[str, ...]:
    """Give the words of a name in upper case: `jwtSecretKey` and `JWT_SECRET_KEY` have the same."""
    return tuple(word.upper() for word in _WORDS.findall(name))


def is_beside_identity(name: str) -> bool:
    """Tell whether a variable is of something that has no part in who is who."""
    return bool(frozenset(words_of(name)) & _FOREIGN)


@lru_cache(maxsize=4096)
def role_of(name: str) -> Role | None:
    """Say what a variable is for; None if it has to do with identity, databases, addresses not."""
    said = words_of(name)
    if said[:1] == ("ID",) and said[1:2] not in {(), ("TOKEN",)}:
        # Before other words it is the name of the service that tells who is who.
        said = ("IDENTITY", *said[1:])
    elif said[:2] == ("ID", "TOKEN"):
        said = said[1:]
    has = frozenset(said) | {"".join(pair) for pair in pairwise(said)}
    if not said or has & _FOREIGN or (has & _LIMITS and not has & words("ORIGINS")):
        return None
    if said in _WHOLE_NAMES:
        return _WHOLE_NAMES[said]
    last = _LAST_WORDS.get(said[-1])
    found = next((rule.role for rule in _RULES if rule.fits(has)), last)
    is_named_key = len(said) > 1 and said[-1] in {"JWT", "JWS"} and not has & _SWITCHES
    return Role.KEY if found is Role.IDENTITY and is_named_key else found


def role_in(service: str, name: str, value: str | None) -> Role | None:
    """Say what a variable of a service is for: a key that is called like it is its own."""
    role = role_by(name, value)
    own = frozenset(words_of(service.replace("-", "_")))
    said = frozenset(words_of(name))
    if role is not Role.CREDENTIAL or not said & _KEY_WORDS or said - _KEY_WORDS - own:
        return role
    return Role.SERVICE_SECRET if "SECRET" in said else Role.KEY


def role_by(name: str, value: str | None) -> Role | None:
    """Say what a variable is for by its name, or by its shown value where that is an address."""
    role = role_of(name)
    # An address is no key, whatever it is called.
    if value is None or role not in {None, Role.URL, *SECRET_ROLES}:
        return role
    referred = _REFERRED.search(value) if role is None else None
    if referred is not None:
        # What a reference stands for is what it names, whatever the variable is called.
        return role_of(referred[1])
    host = _HOST.match(value.strip())
    said = frozenset(words_of(name))
    if host is None or said & _FOREIGN:
        return role
    label = frozenset(words_of(host[1].partition(".")[0].replace("-", "_")))
    return Role.AUTH_URL if (said | label) & _AUTH else Role.URL


def purpose_of(name: str) -> frozenset[str]:
    """Give the words of a name that tell two variables of one role apart."""
    said = frozenset(words_of(_ALIASES.get(name, name)))
    return said - _KEY_WORDS - words("SIGNING VERIFY VERIFICATION VALUE EXPECTED URL URI JWT TOKEN")


def group_of(name: str) -> str | None:
    """Give the equality group that our own contracts put a variable in, also by an alias."""
    return _DECLARED.get(_ALIASES.get(name, name))


def is_alias(one: str, other: str) -> bool:
    """Tell whether two names are of one variable by our own contracts."""
    return _ALIASES.get(one, one) == _ALIASES.get(other, other)


def is_near(one: str, other: str) -> bool:
    """Tell whether two names look like one variable renamed: one role and most words shared."""
    if one == other or is_alias(one, other):
        return one != other
    ours, theirs = frozenset(words_of(one)), frozenset(words_of(other))
    shared, role = ours & theirs, role_of(one)
    if (ours ^ theirs) & _ANOTHERS:
        return False
    if role is not role_of(other) or role is None:
        return _is_near_otherwise((ours, role), (theirs, role_of(other)))
    if role in _ROLES_OF_ONE:
        return bool(shared)
    if role is Role.SERVICE_SECRET and not (ours | theirs) - _GENERAL - _CLIENTS:
        return True
    return bool(shared - _GENERAL) and 2 * len(shared) >= min(len(ours), len(theirs))


def _is_near_otherwise(
    one: tuple[frozenset[str], Role | None], other: tuple[frozenset[str], Role | None]
) -> bool:
    """Tell it of names of two roles, or of none: one has all the words of the other.

    NOTES_KEY says less than NOTES_HMAC of what a key is for; that makes it no other.
    """
    (ours, role), (theirs, another) = one, other
    if {role, another} == {Role.KEY, Role.CREDENTIAL}:
        own = (ours if role is Role.CREDENTIAL else theirs) - _KEY_WORDS
        return bool(own) and own <= ours & theirs
    return len(ours & theirs) > 1 and (ours < theirs or theirs < ours)
