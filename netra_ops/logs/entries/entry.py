"""One record of a log as the gardener sees it, whatever form it was written in."""

from enum import IntEnum, StrEnum
from typing import Any

import msgspec


class Level(IntEnum):
    """How bad, in Cloud Logging's numbers; DEFAULT is what nobody said anything of."""

    DEFAULT = 0
    DEBUG = 100
    INFO = 200
    NOTICE = 300
    WARNING = 400
    ERROR = 500
    CRITICAL = 600
    ALERT = 700
    EMERGENCY = 800


class Kind(StrEnum):
    """In what form a record said what it says."""

    TEXT = "text"
    JSON = "json"
    AUDIT = "audit"
    REQUEST = "request"
    LINE = "line"
    DAMAGED = "damaged"


class Http(msgspec.Struct, frozen=True, gc=False):
    """The request that a record is about.

    Attributes:
        method: Such as `GET`.
        path: Its path without the query, ids in it replaced by `{id}`.
        latency: Seconds it took.
        client: The address it came from.
        agent: The user agent.
    """

    method: str | None = None
    path: str | None = None
    latency: float | None = None
    client: str | None = None
    agent: str | None = None


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One call of a stack; the line is None where none was written."""

    function: str
    file: str
    line: int | None = None


class Raised(msgspec.Struct, frozen=True, gc=False):
    """An exception: its type, and the first line of what it says."""

    type: str
    text: str = ""


class Stack(msgspec.Struct, frozen=True, gc=False):
    """A stack trace.

    Attributes:
        language: `python`, `java`, `node` or `go`.
        raised: What came out at the end.
        causes: What was behind it, the first cause last; members of a group in their order.
        frames: The innermost calls of the application's own code, the innermost first; of
            libraries only if there is nothing else.
        libraries: Names of libraries whose code the calls went through, the innermost first.
    """

    language: str
    raised: Raised
    causes: tuple[Raised, ...] = ()
    frames: tuple[Frame, ...] = ()
    libraries: tuple[str, ...] = ()


class Audit(msgspec.Struct, frozen=True, gc=False):
    """What an audit entry says: who did what to which resource, with which program."""

    method: str | None = None
    principal: str | None = None
    service: str | None = None
    resource: str | None = None
    agent: str | None = None
    status: int | None = None


class Split(msgspec.Struct, frozen=True, gc=False):
    """Which part of a long record this is."""

    uid: str
    index: int
    total: int


class Entry(msgspec.Struct, kw_only=True, gc=False):
    """One record.

    Attributes:
        number: Which record of its source, from 1: a line's number, an array element's.
        source: Index of the source in the account.
        offset: Where it begins in the source's text, in bytes: after decompression, and after
            transcoding to UTF-8 where the account names another encoding.
        length: How many bytes it has there.
        others: Numbers of the records that were folded into this one.
        kind: In what form it was written.
        message: What it says, the text by which it is told apart; stack traces are folded.
        time: When, nanoseconds since the epoch; None if it does not say.
        receive_time: When it was received, the same way.
        severity: As it was written; None if it was not.
        level: How bad: the severity's meaning, or what the text says where it has none.
        service: Who wrote it.
        revision: Which revision of that.
        instance: Which instance of that.
        logger: Which part of the program.
        event: The event's static name, where there is one beside the message.
        trace: Trace id.
        span: Span id.
        request_id: Request or correlation id.
        principal: Who was acting, as the record has it. It sorts records and proves nothing.
        insert_id: Cloud Logging's id; with time and log name it tells copies.
        log_name: Cloud Logging's log.
        status: HTTP status.
        http: The request.
        labels: Labels of the record.
        fields: The members of its payload, where that is an object; not to be changed.
        stack: The stack trace, if there is one.
        audit: What an audit entry says.
        split: Which part it is of something longer, where the parts were not joined.
        error_groups: Cloud Error Reporting's groups.
        duplicate: Whether the same record came before.
        cut: Whether what is here is only the beginning of it.
    """

    number: int
    source: int
    offset: int
    length: int
    kind: Kind
    message: str
    others: tuple[int, ...] = ()
    time: int | None = None
    receive_time: int | None = None
    severity: str | None = None
    level: Level = Level.DEFAULT
    service: str | None = None
    revision: str | None = None
    instance: str | None = None
    logger: str | None = None
    event: str | None = None
    trace: str | None = None
    span: str | None = None
    request_id: str | None = None
    principal: str | None = None
    insert_id: str | None = None
    log_name: str | None = None
    status: int | None = None
    http: Http | None = None
    labels: dict[str, str] | None = None
    fields: dict[str, Any] | None = None
    stack: Stack | None = None
    audit: Audit | None = None
    split: Split | None = None
    error_groups: tuple[str, ...] = ()
    duplicate: bool = False
    cut: bool = False
