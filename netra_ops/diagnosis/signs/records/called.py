"""What a failed call went to: the auth service, a database or another, by host and words. Pure."""

import re
from typing import Final

from netra_ops.diagnosis.signs.tally import Called

_HOSTS: Final = re.compile(
    r"(?:https?|wss?|grpcs?|tcp)://(?:[^\s/@\"']*@)?(?P<url>[\w.-]+(?::\d+)?)"
    r"|host=['\"]?(?P<pool>[\w.-]+)['\"]?, port=(?P<port>\d+)"
    r"|dial tcp:? (?:lookup )?(?P<dial>[\w.-]+(?::\d+)?)"
    r"|ECONNREFUSED (?P<node>[\w.:-]*\w)|(?:ENOTFOUND|EAI_AGAIN) (?P<name>[\w.-]+)"
    r"|Connect call failed \('(?P<asyncio>[\w.:-]+)', (?P<asyncport>\d+)"
    r"|connect to host (?P<aiohttp>[\w.-]+:\d+)"
    r"|connection to server at \"(?P<libpq>[^\"]{1,200})\"(?: \([^)]*\))?(?:, port "
    r"(?P<libport>\d+))?"
    r"|translate host name \"(?P<translate>[\w.-]+)\""
    r"|(?:MySQL server on|[Cc]onnection to|connect to|I/O error on \w+ request for|resolve) "
    r"['\"]?(?P<words>[A-Za-z][\w-]*(?:\.[\w-]+)+(?::\d+)?|[\w-]+:\d{2,5})"
    r"|UnknownHostException: (?P<java>[\w.-]+)"
    r"|(?:TCP connection to|refused calling) (?P<tcp>[\w.-]+:\d+)"
    r"|to_address,\{\"(?P<erlang>[\w.-]+)\""
    r"|\((?P<bracket>[A-Za-z][\w-]*(?:\.[\w-]+)+:\d{2,5})\)"
)
_DATABASE_PORT: Final = re.compile(r":(?:5432|5433|6432|3306|3307|1433|1521|27017)$")
_OTHER_PORT: Final = re.compile(r":(?:6379|6380|11211|5672|9092|25|587|4317|4318|8125)$")
"""Of caches, queues, mail and telemetry."""
_DATABASE_HOST: Final = re.compile(
    r"(?:^|[.-])(?:db|database|postgres\w*|pg|pgbouncer|mysql|mariadb|sql|cloudsql|rds|mongo\w*)\d*"
    r"(?:[.:-]|$)",
    re.IGNORECASE,
)
_AUTH_HOST: Final = re.compile(
    r"(?:^|[.-])(?:auth\w*|identity|idp|sso|login|accounts?|keycloak|oauth\w*|oidc|iam|id|jwks|"
    r"passport|tokens?|signin|sts|oauth2|securetoken)(?:[.:-]|$)",
    re.IGNORECASE,
)
_AUTH_WORDS: Final = re.compile(
    r"jwks|jwk set|json web key|well-known|openid|/(?:oauth\d?|introspect|userinfo)\b|/token\b"
    r"|\boauth\d?\b|introspect|\bauth[-_ ]?(?:service|server|api|svc|client|provider|backend|"
    r"host|url|gateway)|identity[-_ ]?(?:service|provider|server|api|client)|\bidp\b|keycloak"
    r"|\boidc\b|\bsso\b|signing keys|public keys?\b|token (?:endpoint|service|server|introspection|"
    r"verification|validation|exchange|request)|(?:service|access) token\b|authn?\.\w+\("
    r"|auth(?:entication)? (?:\w+ )?(?:unavailable|unreachable|timed out)|AuthServiceUn\w+"
    r"|(?:verify|validat)\w* (?:the )?(?:token|session|credential)s?\b|PyJWKClient|JWKSTimeout"
    r"|fail to fetch data from the url|revocation feed|auth_service|AuthClient|IdentityClient"
    r"|TokenClient|\bauth[nz]?[-_ ](?:check|lookup|call|verify|verification|decision)\b|\bext[_ "
    r"]authz\b",
    re.IGNORECASE,
)
_AUTH_CLIENT: Final = re.compile(
    r"(?:^|[./:])(?:authz|authn?[_-]?(?:client|gateway|api|check)|idp(?:[_-]?client)?|oidc|jwks"
    r"|jwks[_-]?(?:client|cache|fetcher)|introspect(?:ion|or)?|keycloak|(?:identity|token"
    r"|permission)[_-]?(?:client|introspection|verifier|check))$",
    re.IGNORECASE,
)
_OF_GOOGLE: Final = re.compile(
    r"googleapis\.com|metadata\.google|access token for service account|169\.254\.169\.254(?!:53)",
    re.IGNORECASE,
)
_KEY_SET: Final = re.compile(r"jwks|certs|public keys?|securetoken|identitytoolkit", re.IGNORECASE)
_DATABASE_WORDS: Final = re.compile(
    r"postgres|psycopg|asyncpg|sqlalchemy|\bmysql|pymysql|mariadb|hikari|\bjdbc\b|\bdatabase\b"
    r"|\bpg[-_ ]?pool|sequelize|\bknex\b|prisma|mongo|cloud ?sql|\bsqlx\b|\bdb[ _]|pgbouncer"
    r"|OperationalError|InterfaceError|\bDSN\b|\bSQL\b|\.s\.PGSQL|DBConnection|ActiveRecord|Npgsql"
    r"|\bEcto\b|\bpgx\b|\bPDO\b|Doctrine|Hibernate|MySqlConnector|\bPG::|Mongoose|Postgrex|MyXQL"
    r"|[\w)\]]:(?:5432|5433|6432|3306|1433|1521|27017)\b",
    re.IGNORECASE,
)
_OTHER_WORDS: Final = re.compile(
    r"\bredis\b|memcache|rabbit|amqp|kafka|pub/?sub|smtp|\bmail|stripe|elastic|opensearch|"
    r"metadata\.google|otel|opentelemetry|telemetry|sentry|datadog|statsd|\bs3\b|storage\."
    r"|\bcache\b|webhook|openai|\bllm\b",
    re.IGNORECASE,
)


def called(text: str) -> tuple[Called | None, str | None]:
    """Tell what a text says was called, and its host.

    A host that names itself goes before words; words for both tell nothing.
    """
    host = host_in(text)
    is_of_google = _OF_GOOGLE.search(text) is not None and _KEY_SET.search(text) is None
    if is_of_google or (host is not None and _OTHER_PORT.search(host) is not None):
        return Called.OTHER, host
    if host is not None:
        if is_database_host(host):
            return Called.DATABASE, host
        if is_auth_host(host):
            return Called.AUTH_SERVICE, host
    is_auth = _AUTH_WORDS.search(text) is not None
    is_database = _DATABASE_WORDS.search(text) is not None
    if is_auth != is_database:
        return (Called.AUTH_SERVICE if is_auth else Called.DATABASE), host
    if not is_auth and (host is not None or _OTHER_WORDS.search(text)):
        return (Called.OTHER if _OTHER_WORDS.search(host or text) else None), host
    return None, host


def is_auth_client(logger: str) -> bool:
    """Tell whether the part of a program that speaks is the one that asks the auth service."""
    return _AUTH_CLIENT.search(logger) is not None


def is_auth_host(host: str) -> bool:
    """Tell whether a host or a service is an auth service by its name."""
    return _AUTH_HOST.search(host) is not None


def is_database_host(host: str) -> bool:
    """Tell whether a host is a database by its name or port."""
    return _DATABASE_PORT.search(host) is not None or _DATABASE_HOST.search(host) is not None


def host_in(text: str) -> str | None:
    """Give the host that a text says was called, with its port where it stands there."""
    found = _HOSTS.search(text)
    if found is None:
        return None
    groups = {name: value for name, value in found.groupdict().items() if value}
    port = groups.pop("port", None) or groups.pop("asyncport", None) or groups.pop("libport", None)
    host = next(iter(groups.values()), None)
    return f"{host}:{port}" if host and port else host
