"""A bundle's log as diagnosis needs it: what was said, and how requests were answered."""

from enum import StrEnum

import msgspec

from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.logs.reading import Account


class Caller(StrEnum):
    """Of which kind the caller was, as the log has it."""

    USER = "user"
    SERVICE = "service"
    NOBODY = "nobody"
    UNKNOWN = "unknown"


class Called(StrEnum):
    """What a line says was called, where its words or the host tell."""

    AUTH_SERVICE = "auth service"
    DATABASE = "database"
    OTHER = "other"


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a line was written; None is what it does not say."""

    service: str | None = None
    revision: str | None = None
    instance: str | None = None


class Occurrence(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line that shows a sign.

    Attributes:
        sign: Which.
        number: Which line of the log it is, from 1.
        time: When, nanoseconds since the epoch.
        place: By whom.
        level: How bad it was called, in Cloud Logging's numbers.
        request: The request, trace or correlation that it belongs to, where it says one. Lines of
            one request that say the same are one failure.
        caller: Who was acting.
        principal: As the log names them; sorts, proves nothing, is never printed unmasked.
        subject: What the sign is about, where it says so: a variable, host, module, key id,
            constraint; never a value or a token.
        status: HTTP status or WebSocket close code, where the line has one.
        path: The path of the request, ids replaced.
        issued: When the token it is about was issued, where the line says so, the same way.
        key: The id of the key by which that token was signed.
        called: What was called, of signs of calls; None where the line does not tell.
        is_test: Whether the line itself says that it is of a test.
        libraries: Through whose code the calls of its stack went, the innermost first.
    """

    sign: Sign
    number: int
    time: int | None = None
    place: Place = Place()
    level: int = 0
    request: str | None = None
    caller: Caller = Caller.UNKNOWN
    principal: str | None = None
    subject: str | None = None
    status: int | None = None
    path: str | None = None
    issued: int | None = None
    key: str | None = None
    called: Called | None = None
    is_test: bool = False
    libraries: tuple[str, ...] = ()


class Request(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One request that was answered, by the platform's entry, a proxy's or the program's own line.

    Where several lines tell of one request (the platform's and the program's), it is one.

    Attributes:
        number: Which line of the log tells of it.
        time: When, nanoseconds since the epoch.
        place: Who answered.
        request: Its trace or id; one of our own making (`line 17`) where no line has one.
        method: Such as `GET`; a handshake is `WEBSOCKET`.
        path: Ids replaced, without the query.
        status: HTTP status.
        latency: Seconds; of a socket, how long it was open.
        caller: Who asked, where any line of the request says so.
        principal: As the log names them.
        client: What tells clients apart (address, agent), as a digest; None if nothing does.
        agent: The user agent, cut.
        is_front: Whether the line is of the platform or a proxy and not of the program.
    """

    number: int
    time: int | None = None
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


class Instance(msgspec.Struct, kw_only=True):
    """What is known of one instance, or of a revision, from its lines.

    Attributes:
        first: Its first line's time, nanoseconds since the epoch.
        last: Its last line's.
        lines: How many.
        starts: Times at which it said that it starts, the first few.
        number: Its first line's number.
    """

    first: int | None = None
    last: int | None = None
    lines: int = 0
    starts: list[int] = msgspec.field(default_factory=list)
    number: int = 0


class Tally(msgspec.Struct, kw_only=True):
    """All of it.

    Attributes:
        occurrences: By sign, in the order of their times; thinned above a bound, which `counts`
            are not.
        counts: How many lines showed each sign.
        requests: In the order of their times; thinned evenly above a bound.
        kept: Of how many requests each of `requests` stands for one (1 if none was thinned).
        instances: By place.
        spoke: Line numbers of requests' lines by the program: which requests (ids) left a line of
            the program's own beside the request entry.
        account: What was read and what was not.
        first: The first time of the log.
        last: The last time.
    """

    occurrences: dict[Sign, list[Occurrence]] = msgspec.field(default_factory=dict)
    counts: dict[Sign, int] = msgspec.field(default_factory=dict)
    requests: list[Request] = msgspec.field(default_factory=list)
    kept: int = 1
    instances: dict[Place, Instance] = msgspec.field(default_factory=dict)
    spoke: set[str] = msgspec.field(default_factory=set)
    account: Account = msgspec.field(default_factory=Account)
    first: int | None = None
    last: int | None = None
