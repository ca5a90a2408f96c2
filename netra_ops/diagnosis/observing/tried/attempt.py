"""A probe as it can be compared with others: where, as whom, how, and how it ended. Pure.

Probes have foreign names, and what they send is mostly said in words only. A word decides here if
it can mean nothing else; where no word does, nothing is known.
"""

import re
from collections.abc import Mapping
from enum import StrEnum, auto
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from netra_ops.diagnosis.observing.configured.roles import words_of
from netra_ops.evidence.records.probes import Probe


class Credential(StrEnum):
    """What a probe showed of itself."""

    NONE = auto()
    BAD = auto()
    GOOD = auto()
    UNKNOWN = auto()


class Way(StrEnum):
    """By which way a probe came to the service."""

    DIRECT = auto()
    THROUGH = auto()
    """Through a proxy, a gateway or a load balancer."""
    UNKNOWN = auto()


class End(StrEnum):
    """How a probe ended."""

    ADMITTED = auto()
    REDIRECTED = auto()
    REFUSED = auto()
    """401, 403, or a socket closed for want of a right."""
    FAILED = auto()
    """Another answer that is no good one."""
    SILENT = auto()
    """No answer: refused, timed out, not resolved."""
    UNKNOWN = auto()


class Tried(NamedTuple):
    """A probe, read.

    Attributes:
        probe: As it was written.
        url: Its target as an address.
        text: All its words, in lower case: name, target, expectation and what else it says.
        status: The status that came.
        expected: The status that was expected.
        end: How it ended.
        is_ok: Whether that is as expected; None where nobody can tell.
        credential: What it showed.
        way: How it came there.
        is_socket: Whether it is a handshake of a WebSocket.
        is_preflight: Whether it is a browser's OPTIONS before a request.
        is_auth: Whether it is of the auth service, its keys or its token endpoint.
        is_database: Whether it is of a database.
    """

    probe: Probe
    url: SplitResult | None
    text: str
    status: int | None
    expected: int | None
    end: End
    is_ok: bool | None
    credential: Credential
    way: Way
    is_socket: bool
    is_preflight: bool
    is_auth: bool
    is_database: bool

    @property
    def where(self) -> str:
        """Its evidence reference."""
        return self.probe.where

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that came, by their names in lower case."""
        return {} if self.probe.got is None else self.probe.got.headers

    @property
    def path(self) -> str:
        """The path that it asks for."""
        return "" if self.url is None else self.url.path.rstrip("/") or "/"

    @property
    def is_negative(self) -> bool:
        """Whether a correct system refuses it."""
        if self.expected is not None:
            return self.expected in _REFUSALS
        return bool(_EXPECTS_REFUSAL.search(self.probe.expect))


_REFUSALS: Final = frozenset({401, 403})
_SOCKETS_REFUSED: Final = frozenset({1008, 3000, 3003, 4001, 4003, 4401, 4403})
_NORMAL_CLOSURE: Final = 1000
"""RFC 6455."""
_WELL_CLOSED: Final = frozenset({None, _NORMAL_CLOSURE, 1001, 1005})
_SWITCHED: Final = 101
_SUCCESS: Final = range(200, 300)
_REDIRECTION: Final = frozenset({301, 302, 303, 307, 308})
_LEADING: Final = re.compile(r"\s*(?:HTTP/[\d.]+\s+)?([1-5]\d\d)\b(?!\s*(?:ms|s)\b)")
_NOT_TAKEN: Final = re.compile(r"^\s*(?:not taken|skipped|not run)\b", re.IGNORECASE)
_EXPECTS_REFUSAL: Final = re.compile(
    r"\b(?:401|403|refus\w+|reject\w+|denied|unauthori[sz]ed|forbidden)\b", re.IGNORECASE
)
_SILENCE: Final = re.compile(
    r"refused|timed? ?out|timeout|no answer|unreachable|resolve|enotfound|econn|nxdomain|reset"
    r"|name or service not known|no route|hang ?up|no response|connection (?:closed|failed|error)",
    re.IGNORECASE,
)
_NONE: Final = re.compile(
    r"\b(?:no|without|missing|lacking|omit\w*|sans)\s+(?:an?\s+|any\s+|the\s+)?"
    r"(?!(?:origin|sub-?protocol|upgrade|connection|host|referer|accept\w*|content\S*"
    r"|user-agent)\b)"
    r"(?:\w+[ -])?"
    r"(?:tokens?|credentials?|authorization|auth|bearer|jwt|cookies?|sessions?|login|authentication"
    r"|identity|secret|key|header)\b(?!\s*s(?:tripped|topped))|\banonymous\w*|\bunauthenticated\b"
    r"|\b(?:token|credentials?|auth\w*|bearer|cookie|session)\s?[:=]\s?(?:none|null|absent"
    r"|missing)\b"
    r"|\btokenless\b|\bnobody\b|\bno[-_](?:token|auth|credential)\w*|\bnot logged in\b",
    re.IGNORECASE,
)
_BAD: Final = re.compile(
    r"\b(?:bad|invalid|garbage|forged|tampered|expired|wrong|fake|broken|unsigned|revoked|altered"
    r"|malformed|random|made[- ]up|nonsense|foreign|stolen|self[- ]signed)[ -](?:\w+[ -])?"
    r"(?:tokens?|credentials?|jwt|bearer|signature|secret|password|key|cookie|authorization)\b"
    r"|\balg[ =:]*none\b|\bnot[- ]a[- ]token\b|\bwith garbage\b|\bbad[-_]token\b"
    r"|\btoken (?:that is|which is|is|was) (?:\w+ )?(?:bad|invalid|forged|tampered)",
    re.IGNORECASE,
)
_GOOD: Final = re.compile(
    r"\b(?:valid|good|fresh|proper|correct|real|genuine|working|current|new|user'?s?|service'?s?)"
    r"[ -](?:\w+[ -])?(?:tokens?|credentials?|jwt|bearer|login|session|secret)\b"
    r"|\bwith (?:an? |the |his |her |its |their |our |\w+'s? )?(?:\w+ )?"
    r"(?:tokens?|bearer|credentials?|jwt|session)\b"
    r"|\bauthenticated\b|\blogged[- ]in\b|\bas (?:an? )?(?:user|service|admin|member|person)\b"
    r"|\bsigned[- ]in\b",
    re.IGNORECASE,
)
_LOGGED_OUT: Final = re.compile(
    r"\b(?:logged|signed)[- ]out\b|\bwithout (?:logging|signing) in\b|\bnot signed in\b",
    re.IGNORECASE,
)
_DIRECT: Final = re.compile(
    r"\bdirect(?:ly)?\b|\bbypass\w*|\bstraight\b|\bport-?forward\w*|\b(?:pod|container|cluster)[- ]"
    r"(?:ip|address|port)\b|\b(?:inside|within|from|in) the (?:pod|container|cluster|vpc|mesh)\b"
    r"|\bitself\b|\bat the (?:service|container|app)\b"
    r"|\b(?:without|around|behind|past|not through) (?:the |a )?(?:proxy|gateway|edge|lb|cdn|front"
    r"|load ?balancer|nginx|haproxy|ingress|envoy|router)\b|\btag(?:ged)? url\b|\bown url\b"
    r"|\borigin server\b|\bon its own instance\b",
    re.IGNORECASE,
)
_THROUGH: Final = re.compile(
    r"\b(?:through|via|at|behind|over|by way of|from|on) (?:the |an? )?(?:\w+ )?(?:proxy|gateway"
    r"|edge|lb|cdn|front(?:end|door)?|load ?balancer|nginx|haproxy|ingress|envoy|traefik|router"
    r"|caddy|public (?:name|host|url|domain))\b|\bproxied\b|\bpublic (?:url|host|domain|address)\b",
    re.IGNORECASE,
)
_SOCKET: Final = re.compile(r"\bweb ?-?sockets?\b|\bws\b|\bhandshake\b|\bsocket\b", re.IGNORECASE)
_PREFLIGHT: Final = re.compile(r"\bpre-?flight\b|\boptions\b", re.IGNORECASE)
_AUTH_HOSTS: Final = frozenset(
    {"AUTH", "LOGIN", "IDP", "SSO", "IDENTITY", "ACCOUNTS", "ID", "STS", "OIDC", "OAUTH", "IAM",
     "AUTHZ", "KEYCLOAK", "SIGNIN", "AUTHN", "TOKEN", "ISSUER", "PASSPORT"}
)  # fmt: skip
_AUTH_PATHS: Final = re.compile(
    r"\.well-known|jwks|/oauth2?/|/token\b|/introspect|/oidc|/authorize|openid", re.IGNORECASE
)
_AUTH_NAMES: Final = re.compile(
    r"\bjwks\b|\bkey ?set\b|\bauth(?:entication|n)?[- ]?(?:service|server|api|backend|provider|"
    r"host|health)\b|\bidp\b|\bsts\b|\bintrospection\b|\bkeycloak\b|\boidc\b"
    r"|\bidentity (?:service|server|provider|api|health)\b|\btoken (?:endpoint|service|server)\b"
    r"|\bissuer'?s?\b|\bopenid\b"
    r"|\bkeys of the auth",
    re.IGNORECASE,
)
_DATABASE: Final = re.compile(
    r"postgres|mysql|mariadb|\bredis\b|mongodb|:5432\b|:3306\b|:6379\b|:1433\b|\bdatabase (?:tcp|an"
    r"|port|ping|conn)|\bdb (?:tcp|ping|port|conn)|\bstore (?:tcp|answers)",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"\b[a-z][a-z+.-]*://[^\s\"'<>]+", re.IGNORECASE)
_TAGGED: Final = "---"
_RUN: Final = ".run.app"
_OF_CLUSTER: Final = ".cluster.local"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def read(probe: Probe) -> Tried:
    """Read a probe."""
    url = _url(probe.target) or _url(probe.name)
    said = " ".join([probe.name, probe.target, *_texts(probe.fields)])
    text = f"{said} {probe.expect}"
    status = status_of(probe)
    is_socket = bool(url and url.scheme in {"ws", "wss"}) or bool(_SOCKET.search(said))
    return Tried(
        probe=probe,
        url=url,
        text=text.lower(),
        status=status,
        expected=_expected(probe),
        end=_end(probe, status, is_socket=is_socket),
        is_ok=_is_ok(probe, status),
        credential=_credential(said),
        way=_way(said, url),
        is_socket=is_socket,
        is_preflight=bool(_PREFLIGHT.search(said)),
        is_auth=_is_auth(probe, url),
        is_database=bool(_DATABASE.search(said)),
    )


def status_of(probe: Probe) -> int | None:
    """Give the status that came, also where it only begins what is told of the answer."""
    got = probe.got
    if got is None:
        return None
    if got.status is not None:
        return got.status
    for text in (got.words, got.body_excerpt):
        found = _LEADING.match(text)
        if found:
            return int(found[1])
    return None


def told(probe: Probe) -> str:
    """Give all words of what came back."""
    if probe.got is None:
        return ""
    return " ".join([probe.got.words, probe.got.body_excerpt, *_texts(probe.got.fields)]).strip()


def _expected(probe: Probe) -> int | None:
    if probe.expect_status is not None:
        return probe.expect_status
    found = re.search(r"\b([1-5]\d\d)\b", probe.expect)
    return int(found[1]) if found else None


def _end(probe: Probe, status: int | None, *, is_socket: bool) -> End:
    got, words = probe.got, told(probe)
    if got is None or _NOT_TAKEN.match(words):
        return End.UNKNOWN
    if status in _REFUSALS or (is_socket and got.close_code in _SOCKETS_REFUSED):
        return End.REFUSED
    if is_socket and status == _SWITCHED and got.close_code not in _WELL_CLOSED:
        return End.FAILED
    if status is not None:
        return _end_of_status(status, probe, is_socket=is_socket)
    if is_socket and got.close_code == _NORMAL_CLOSURE:
        return End.ADMITTED
    return End.SILENT if _SILENCE.search(words) else End.UNKNOWN


def _end_of_status(status: int, probe: Probe, *, is_socket: bool) -> End:
    if status in _REDIRECTION:
        return End.REDIRECTED
    # A handshake that is answered as a page was not admitted as a socket.
    wants_socket = is_socket and probe.expect_status in {None, _SWITCHED}
    is_good = status == _SWITCHED or (status in _SUCCESS and not wants_socket)
    return End.ADMITTED if is_good else End.FAILED


def _is_ok(probe: Probe, status: int | None) -> bool | None:
    if _NOT_TAKEN.match(told(probe)):
        return None
    if probe.ok is not None:
        return probe.ok
    expected = _expected(probe)
    return None if expected is None or status is None else expected == status


def _credential(said: str) -> Credential:
    if _NONE.search(said) or _LOGGED_OUT.search(said):
        return Credential.NONE
    if _BAD.search(said):
        return Credential.BAD
    return Credential.GOOD if _GOOD.search(said) else Credential.UNKNOWN


def _way(said: str, url: SplitResult | None) -> Way:
    host = "" if url is None else url.hostname or ""
    if _DIRECT.search(said) or _TAGGED in host:
        return Way.DIRECT
    if _THROUGH.search(said):
        return Way.THROUGH
    is_near = host in _LOOPBACK or host.endswith((_RUN, _OF_CLUSTER))
    return Way.DIRECT if is_near else Way.UNKNOWN


def _is_auth(probe: Probe, url: SplitResult | None) -> bool:
    host = "" if url is None else url.hostname or ""
    label = host.partition(".")[0].partition(_TAGGED)[2] or host.partition(".")[0]
    of_host = set(words_of(label.replace("-", "_"))) & _AUTH_HOSTS
    of_path = url is not None and _AUTH_PATHS.search(url.path)
    return bool(of_host or of_path or _AUTH_NAMES.search(probe.name))


def _url(text: str) -> SplitResult | None:
    found = _ADDRESS.search(text)
    if found is None:
        return None
    try:
        url = urlsplit(found[0].rstrip(".,;)"))
    except ValueError:
        return None
    return url if url.hostname else None


def _texts(value: Any, depth: int = 3) -> list[str]:
    """Give the texts in what else a probe says, with the names under which they stand."""
    if isinstance(value, dict) and depth:
        return [f"{name} {text}" for name, one in value.items() for text in _texts(one, depth - 1)]
    if isinstance(value, list | tuple) and depth:
        return [text for one in value for text in _texts(one, depth - 1)]
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return [str(value)]
    return []
