"""One thing that was tried, and how it ended: all lines of one request together. Pure."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Caller, Occurrence, Place

REFUSING: Final = frozenset(
    {
        Sign.SIGNATURE_REFUSED,
        Sign.TOKEN_EXPIRED,
        Sign.TOKEN_TOO_EARLY,
        Sign.ISSUER_REFUSED,
        Sign.AUDIENCE_REFUSED,
        Sign.KEY_ID_UNKNOWN,
        Sign.TOKEN_MALFORMED,
        Sign.CLAIM_TYPE_REFUSED,
        Sign.TOKEN_REVOKED,
        Sign.REFRESH_REUSED,
        Sign.CREDENTIAL_MISSING,
        Sign.NOT_AUTHENTICATED,
        Sign.NOT_PERMITTED,
        Sign.CLIENT_REFUSED,
        Sign.CLIENT_UNKNOWN,
        Sign.CLIENT_SECRET_WRONG,
        Sign.PASSWORD_WRONG,
        Sign.WORKLOAD_KEY_REFUSED,
        Sign.ORIGIN_REFUSED,
        Sign.PLATFORM_REFUSED,
    }
)
"""Somebody was refused."""
BREAKING: Final = frozenset(
    {
        Sign.KEY_UNREADABLE,
        Sign.HEADER_ILLEGAL,
        Sign.CHECK_PASSED_OVER,
        Sign.SESSION_MIDDLEWARE,
        Sign.CONNECTION_REFUSED,
        Sign.HOST_UNKNOWN,
        Sign.TIMED_OUT,
        Sign.DEPENDENCY_FAILED,
        Sign.NOT_JSON,
        Sign.BREAKER_OPEN,
        Sign.CERTIFICATE_EXPIRED,
        Sign.CERTIFICATE_REFUSED,
        Sign.DATABASE_SILENT,
        Sign.DATABASE_PASSWORD,
        Sign.POOL_EXHAUSTED,
        Sign.POOL_WAITED,
        Sign.UPGRADE_MISSING,
        Sign.SUBPROTOCOL,
        Sign.MODULE_MISSING,
        Sign.CODE_ERROR,
        Sign.OUT_OF_MEMORY,
    }
)
"""Something did not work."""
STARTING_BADLY: Final = frozenset(
    {
        Sign.MODULE_MISSING,
        Sign.START_FAILED,
        Sign.SECRET_PERMISSION,
        Sign.SECRET_VERSION,
        Sign.NOT_READY,
    }
)
"""Something did not start."""
SUCCEEDING: Final = frozenset(
    {Sign.SESSION_CREATED, Sign.AUTHENTICATED, Sign.TOKEN_ISSUED, Sign.LOGGED_IN}
)
"""Somebody was let in."""
UNTELLING: Final = frozenset({Sign.NOT_AUTHENTICATED, Sign.NOT_PERMITTED, Sign.OTHER_ERROR})
"""Something failed, and the line does not say why: no more than a status says."""
EVERYDAY: Final = frozenset(
    {Sign.TOKEN_EXPIRED, Sign.PASSWORD_WRONG, Sign.REFRESH_REUSED, Sign.TOKEN_REVOKED}
)
"""What happens every day where all is well; only more of it than usual matters."""
ERROR_LEVEL: Final = 500
_SOCKET_PATH: Final = re.compile(
    r"/(?:ws|wss|websocket|socket|socket\.io|sockjs)(?:/|$)", re.IGNORECASE
)
_OPEN_PATH: Final = re.compile(
    r"^/?$|/(?:_?health(?:z|s|_?checks?)?|livez?|readyz?|liveness|readiness|favicon\.ico|static"
    r"|robots\.txt|assets|public|openapi\.json|jwks(?:\.json)?|\.well-known)(?:/|$)"
    r"|/(?:ping|version|metrics|status|docs(?:/oauth2-redirect)?)/?$",
    re.IGNORECASE,
)
_LOGIN_PATH: Final = re.compile(
    r"/(?:log-?in|sign-?in|session|sessions|token|authorize|callback|authenticate)/?$",
    re.IGNORECASE,
)
_GRANTS: Final = re.compile(
    r"/(?:token|tokens|oauth2?/token|refresh|token/refresh)/?$", re.IGNORECASE
)
_REFUSED_GRANT: Final = 400
"""What RFC 6749, section 5.2, says is answered to a grant that is refused."""
_UNAUTHORISED: Final = frozenset({401, 403})
_SOCKET_REFUSALS: Final = frozenset({400, 401, 403, 404, 426})
_SOCKET_CLOSES: Final = frozenset({1002, 1006, 1008, 1011})
_SWITCHED: Final = 101
_LOWEST_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_CLOSE_CODES: Final = 1000
_OWN_CLOSES: Final = 4000
_NONE: Final = frozenset[str]()


class Attempt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request, or what lines tell of one that left no request entry.

    Attributes:
        number: The line of the log that tells of it best.
        time: When it began, or was told, nanoseconds since the epoch; 0 if no line has a time.
        ended: When its answer was given.
        place: Who answered.
        request: Its trace or id.
        method: Such as `GET`, `WEBSOCKET`.
        path: Ids replaced.
        status: Of HTTP, or a socket's close code.
        latency: Seconds; of a socket, how long it was open.
        caller: Who asked, of which kind.
        principal: As the log names them; sorts, and is never shown.
        client: What tells clients apart.
        agent: The user agent.
        is_front: Whether only the platform or a proxy tells of it.
        is_request: Whether a line tells how it was answered, and not only what happened in it.
        shown: What lines of it show, in their order.
        kinds: What kind of failure it is, by signs or by status; empty if it is none.
        matters: Whether it is one of the failures that are to be explained.
    """

    number: int
    time: int
    ended: int
    place: Place = Place()
    request: str | None = None
    method: str | None = None
    path: str | None = None
    status: int | None = None
    latency: float | None = None
    caller: Caller = Caller.UNKNOWN
    principal: str | None = None
    client: str | None = None
    agent: str | None = None
    is_front: bool = False
    is_request: bool = True
    shown: tuple[Occurrence, ...] = ()
    kinds: frozenset[str] = frozenset()
    matters: bool = False

    @property
    def failed(self) -> bool:
        """Whether it failed, by its answer or by what its lines say."""
        return bool(self.kinds)

    @property
    def signs(self) -> frozenset[Sign]:
        """What its lines show."""
        return frozenset(one.sign for one in self.shown)

    @property
    def error_lines(self) -> int:
        """How many of its lines are errors."""
        return len({one.number for one in self.shown if one.level >= ERROR_LEVEL})

    @property
    def is_socket(self) -> bool:
        """Whether it is a socket or a handshake for one."""
        return is_socket(self.method, self.path, self.status)

    @property
    def is_open(self) -> bool:
        """Whether its path is one that nowhere needs an identity."""
        return _is(_OPEN_PATH, self.path)

    @property
    def is_login(self) -> bool:
        """Whether it asks for a session or a token."""
        return _is(_LOGIN_PATH, self.path)

    @property
    def issued(self) -> int | None:
        """When the token it came with was issued, if a line says so."""
        return next((one.issued for one in self.shown if one.issued is not None), None)

    @property
    def key(self) -> str | None:
        """The id of the key by which that token was signed, if a line says so."""
        return next((one.key for one in self.shown if one.key is not None), None)


def is_socket(method: str | None, path: str | None, status: int | None) -> bool:
    """Tell whether a request is of a socket, by its method, its answer or its path."""
    return method == "WEBSOCKET" or status == _SWITCHED or _is(_SOCKET_PATH, path)


@lru_cache(maxsize=10_000)
def _is(pattern: re.Pattern[str], path: str | None) -> bool:
    """Tell whether a path fits; requests are many and paths are few."""
    return path is not None and pattern.search(path) is not None


def kinds_of(
    status: int | None,
    shown: tuple[Occurrence, ...],
    *,
    of_socket: bool,
) -> frozenset[str]:
    """Say what kind of failure an attempt is: signs that tell, else its status; none if none.

    An answer that is good is no failure whatever its lines say, for what was tried again and
    worked is none; but for a check that was passed over, which is the failure itself.
    """
    if not shown:
        kind = None if status is None else _by_status(status, of_socket=of_socket)
        return frozenset({kind}) if kind else _NONE
    signs = {one.sign for one in shown}
    if Sign.CHECK_PASSED_OVER in signs:
        return frozenset({Sign.CHECK_PASSED_OVER.value})
    failing = signs & (REFUSING | BREAKING)
    by_status = None if status is None else _by_status(status, of_socket=of_socket)
    if not by_status and status is not None and (status < _LOWEST_ERROR or not failing):
        return frozenset()
    telling = frozenset(sign.value for sign in failing - UNTELLING)
    return telling or frozenset({by_status or _untelling(status, shown)}) - {""}


def is_refused_grant(method: str | None, path: str | None, status: int | None) -> bool:
    """Tell whether a token was asked for and refused as OAuth 2.0 has it."""
    return status == _REFUSED_GRANT and method == "POST" and _is(_GRANTS, path)


def _untelling(status: int | None, shown: Iterable[Occurrence]) -> str:
    """Give the kind of a failure of which no line says what it is."""
    if status is not None:
        return str(status)
    signs = {one.sign for one in shown}
    if Sign.NOT_AUTHENTICATED in signs:
        return "401"
    if Sign.NOT_PERMITTED in signs:
        return "403"
    is_error = any(one.sign is Sign.OTHER_ERROR and one.level >= ERROR_LEVEL for one in shown)
    return Sign.OTHER_ERROR.value if is_error else ""


def _by_status(status: int, *, of_socket: bool) -> str:
    """Give the kind of a status that is a failure, and nothing of one that is none."""
    if status in _UNAUTHORISED or (of_socket and status in _SOCKET_REFUSALS):
        return str(status)
    if _SERVER_ERROR <= status < _CLOSE_CODES:
        return "5xx"
    if status in _SOCKET_CLOSES or status >= _OWN_CLOSES:
        return str(status)
    return ""
