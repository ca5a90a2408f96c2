"""Whether the client of one HTTP connection keeps within its times and sizes.

Pure: it is told what happened and when. What is done about an overstep is the server's protocol's,
what is answered and logged is in `server_bounds`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HEAD_BYTES: Final = 65_536
"""Of a request's line and headers on the wire, as many as the application takes of headers."""
FRAMING_BYTES: Final = 16_384
"""Of a body's chunk sizes, their extensions and its trailers, besides one for each of its own:
chunks of a byte each cost more to take apart than anything else that can be sent."""
UNWANTED_BYTES: Final = 1_048_576
"""Of a body that was answered before it was read; a small one is read so that a client can go on.
"""
HEADERS: Final = 100
"""A browser behind two proxies sends thirty; what looks for one passes by all of them."""
SLOWEST: Final = 1024
"""Bytes a second, either way: less than any line that people use carries."""


@dataclass(frozen=True, slots=True)
class HttpPatience:
    """How many seconds a client may take.

    Attributes:
        head: For all of a request's head, from the connection's opening or its first byte.
        body: For a body, besides one second for each `SLOWEST` bytes of it that came.
        answer: For taking what was sent to it, or at least `SLOWEST` bytes a second of that.
        idle: For beginning another request on a connection that served one.
        flush: For leaving once the connection was closed.
    """

    head: float = 10.0
    body: float = 20.0
    answer: float = 20.0
    idle: float = 5.0
    flush: float = 5.0


class Overstep(StrEnum):
    """What a client did that ends its connection."""

    SILENT = "nothing was sent"
    IDLE = "nothing more was sent"
    SLOW_HEAD = "the head did not come in time"
    SLOW_BODY = "the body did not come in time"
    NOT_READ = "the answer was not read"
    NOT_LEFT = "the connection was closed and not left"
    ADDRESS = "the address is too long"
    HEAD = "the head is too large"
    FRAMING = "the framing of the body is too large"
    UNWANTED = "the body goes on after its answer"
    MALFORMED = "it is not HTTP"
    VERSION = "it is no version that is spoken"
    HOST = "it does not name one host"
    HANDSHAKE = "it is no handshake of a socket"
    WEBSOCKET_VERSION = "it is another version's handshake"
    CROWDED = "too many connections"
    SHED = "others needed the place"


class HttpExchange:
    """What a client owes on one connection, and since when.

    Args:
        now: When it was opened, on the clock that is never set.
        patience: How long it may take.
    """

    __slots__ = (
        "_begun",
        "_body_bytes",
        "_body_since",
        "_closed_at",
        "_framing_bytes",
        "_head_bytes",
        "_head_since",
        "_idle_since",
        "_owed",
        "_patience",
        "_sent_before",
        "_serving",
        "_unsent_since",
        "_written",
    )

    def __init__(self, now: float, patience: HttpPatience) -> None:
        self._patience = patience
        self._head_since: float | None = now
        self._body_since: float | None = None
        self._idle_since: float | None = None
        self._unsent_since: float | None = None
        self._closed_at: float | None = None
        self._begun = False
        self._serving = 0
        self._head_bytes = self._body_bytes = self._framing_bytes = 0
        self._written = self._owed = self._sent_before = 0

    @property
    def owes_body(self) -> bool:
        """Tell whether a head came whose body has not come wholly."""
        return self._body_since is not None

    @property
    def waits_since(self) -> float | None:
        """Say since when it is the client's turn, if it is; an idle client's always is."""
        since = (
            self._head_since,
            self._body_since,
            self._idle_since,
            self._unsent_since,
            self._closed_at,
        )
        return min((each for each in since if each is not None), default=None)

    def received(self, number: int, now: float) -> None:
        """Take note of bytes before they are parsed."""
        if self._body_since is not None:
            self._framing_bytes += number
            return
        self._head_bytes += number
        self._begin_head(now)

    def head_begun(self, now: float) -> None:
        """Take note of a request's first byte."""
        self._begun = True
        self._begin_head(now)

    def head_complete(self, now: float) -> None:
        """Take note of a whole head, which is served from now on."""
        self._begun = False
        self._head_since = None
        self._head_bytes = self._body_bytes = self._framing_bytes = 0
        self._body_since = now
        self._serving += 1

    def body(self, number: int) -> None:
        """Take note of bytes that were a body's own."""
        self._body_bytes += number
        self._framing_bytes -= number

    def complete(self, now: float) -> None:
        """Take note of a request's end."""
        self._body_since = None
        if self._serving == 0 and self._closed_at is None:
            self._idle_since = now

    def answered(self, now: float) -> None:
        """Take note that a request was answered."""
        self._serving -= 1
        if self._serving == 0 and self._closed_at is None:
            if self._begun or self._head_bytes:
                self._head_since = now
            elif self._body_since is None:
                self._idle_since = now

    def wrote(self, number: int, now: float) -> None:
        """Take note of bytes that the client is to take."""
        self._written += number
        if self._unsent_since is None:
            self._watch_sending(now, self._written - number)

    def closed(self, now: float) -> None:
        """Take note that nothing but the end is awaited any more."""
        self._closed_at = now
        self._head_since = self._body_since = self._idle_since = None

    def too_large(self) -> Overstep | None:
        """Say what is larger than it may be."""
        if self._body_since is None:
            return Overstep.HEAD if self._head_bytes > HEAD_BYTES else None
        if self._serving == 0 and self._body_bytes > UNWANTED_BYTES:
            return Overstep.UNWANTED
        over = self._framing_bytes > FRAMING_BYTES + self._body_bytes
        return Overstep.FRAMING if over else None

    @property
    def next_deadline(self) -> float | None:
        """Say when to ask `due`; earlier does no harm."""
        deadlines = []
        if self._head_since is not None:
            deadlines.append(self._head_since + self._patience.head)
        if self._body_since is not None:
            deadlines.append(self._body_until(self._body_since))
        if self._idle_since is not None:
            deadlines.append(self._idle_since + self._patience.idle)
        if self._unsent_since is not None:
            deadlines.append(self._unsent_since + self._patience.answer)
        if self._closed_at is not None:
            deadlines.append(self._closed_at + self._patience.flush)
        return min(deadlines, default=None)

    def due(self, now: float, *, unsent: int, reads: bool) -> Overstep | None:
        """Say what the client is too late with.

        Args:
            now: The time.
            unsent: How many bytes wait to be sent.
            reads: Whether the server takes bytes; while it does not, no body can come.
        """
        if self._head_since is not None and now >= self._head_since + self._patience.head:
            silent = not (self._begun or self._head_bytes)
            return Overstep.SILENT if silent else Overstep.SLOW_HEAD
        if self._idle_since is not None and now >= self._idle_since + self._patience.idle:
            return Overstep.IDLE
        if self._body_since is not None and now >= self._body_until(self._body_since):
            if reads:
                return Overstep.SLOW_BODY
            self._body_since = now
        if self._not_read(now, unsent):
            return Overstep.NOT_READ
        if self._closed_at is not None and now >= self._closed_at + self._patience.flush:
            if unsent == 0:
                return Overstep.NOT_LEFT
            self._closed_at = now
        return None

    def _not_read(self, now: float, unsent: int) -> bool:
        """Tell whether the client took too little of what was written when it was last looked."""
        if self._unsent_since is None or now < self._unsent_since + self._patience.answer:
            return False
        sent = self._written - unsent
        least = SLOWEST * self._patience.answer
        if sent < self._owed and sent - self._sent_before < least:
            return True
        self._unsent_since = None
        if unsent:
            self._watch_sending(now, sent)
        return False

    def _begin_head(self, now: float) -> None:
        self._idle_since = None
        if self._head_since is None and self._serving == 0 and self._closed_at is None:
            self._head_since = now

    def _body_until(self, since: float) -> float:
        return since + self._patience.body + self._body_bytes / SLOWEST

    def _watch_sending(self, now: float, sent: int) -> None:
        self._unsent_since, self._owed, self._sent_before = now, self._written, sent
