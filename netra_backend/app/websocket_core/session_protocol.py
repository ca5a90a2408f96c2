"""In what order frames may come and when a socket ends: what follows from every frame and tick.

Pure: the time is passed in, and what is to be done is given back as actions. `connection` does
them; what a frame looks like is `netra.wire.chat_protocol`'s.
"""

import math
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, TypeAlias

from netra.errors import RequestInvalid, TooManyRequests
from netra.wire.chat_protocol import (
    AnyClientFrame,
    AnyServerFrame,
    Approval,
    Cancel,
    CloseCode,
    Failed,
    Ping,
    Pong,
    Ready,
    Refresh,
    Refreshed,
    Resume,
    SendMessage,
    TokenExpiring,
    client_frame,
)
from netra_backend.app.websocket_core.rate_limits import PrincipalLimits, TokenBucket

HEARTBEAT_SECONDS: Final = 35.0
"""How often a client says something. Twice this is more than a minute: a browser wakes the timers
of a page in the background once a minute, and such a page is not dead."""
RESUME_SECONDS: Final = 10.0
EXPIRY_WARNING_SECONDS: Final = 60.0
SEND_SECONDS: Final = 20.0
"""A client that takes nothing for so long is not there."""
MESSAGE_BURST: Final = 20
MESSAGES_PER_SECOND: Final = 2.0
FRAME_BURST: Final = 100
FRAMES_PER_SECOND: Final = 20.0
REFUSALS_IN_A_ROW: Final = 20
SHUT_OUT_SECONDS: Final = 10.0
"""How long who was closed for too much is let in nowhere."""
BAD_TOKENS: Final = 3
SECONDS_PER_RENEWAL: Final = 1.0
"""A signature takes long to verify."""


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """How patient a session is, in seconds.

    Attributes:
        heartbeat: How often a client is to say something; it ends after twice as long a silence.
        resume: How long the first frame may take to come.
        expiry_warning: How long before the end of a credential the client is told of it.
        send: How long a frame may take to be sent.
    """

    heartbeat: float = HEARTBEAT_SECONDS
    resume: float = RESUME_SECONDS
    expiry_warning: float = EXPIRY_WARNING_SECONDS
    send: float = SEND_SECONDS


_PATIENCE: Final = SessionTimes()


@dataclass(frozen=True, slots=True)
class Life:
    """How long a credential lives.

    Attributes:
        expires_at: Its end in seconds since the epoch, for the client.
        ends_at: The same moment by the clock the session is told the time of.
    """

    expires_at: float
    ends_at: float


@dataclass(frozen=True, slots=True)
class Send:
    """Send a frame."""

    frame: AnyServerFrame


@dataclass(frozen=True, slots=True)
class Replay:
    """Send every event after this `seq`, then the live ones; once caught up, say so."""

    after: int | None


@dataclass(frozen=True, slots=True)
class BeginTurn:
    """Store the message and begin its run."""

    message: SendMessage


@dataclass(frozen=True, slots=True)
class CancelRun:
    """Stop a run."""

    run_id: str


@dataclass(frozen=True, slots=True)
class AnswerRun:
    """Store the answer to what a run asks."""

    said: Approval


@dataclass(frozen=True, slots=True)
class Renew:
    """Verify a token that is to prolong the socket."""

    unverified_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Close:
    """End the socket; nothing follows."""

    code: CloseCode
    reason: str


Action: TypeAlias = Send | Replay | BeginTurn | CancelRun | AnswerRun | Renew | Close
Actions: TypeAlias = tuple[Action, ...]


class Phase(Enum):
    """How far a session is."""

    AWAITING_RESUME = auto()
    RESUMED = auto()
    CLOSED = auto()


def new_limits(now: float) -> PrincipalLimits:
    """Make the limits of a principal that has none yet."""
    return PrincipalLimits(
        TokenBucket(MESSAGE_BURST, MESSAGES_PER_SECOND, now),
        TokenBucket(FRAME_BURST, FRAMES_PER_SECOND, now),
    )


class SessionProtocol:
    """One socket's session from `accept` to close.

    Every method gives the actions that follow, in order. A `Close` is given once, as the last
    action of all.

    Args:
        now: Seconds of a clock that never goes backwards.
        life: The credential's.
        limits: What its principal may ask for, shared by all its sockets.
        times: How patient the session is.
    """

    __slots__ = (
        "_bad_tokens",
        "_heard_at",
        "_life",
        "_limits",
        "_phase",
        "_renew_from",
        "_resume_by",
        "_times",
        "_warn_at",
    )

    def __init__(
        self, now: float, life: Life, limits: PrincipalLimits, times: SessionTimes | None = None
    ) -> None:
        self._times = times or _PATIENCE
        self._phase = Phase.AWAITING_RESUME
        self._limits = limits
        self._bad_tokens = 0
        self._renew_from = now
        self._heard_at = now
        self._resume_by = now + self._times.resume
        self._life = life
        self._warn_at = self._warning(now)

    @property
    def phase(self) -> Phase:
        """How far the session is."""
        return self._phase

    @property
    def next_deadline(self) -> float | None:
        """When `ticked` must be called at the latest; None once closed."""
        if self._phase is Phase.CLOSED:
            return None
        deadlines = [self._life.ends_at, self._heard_at + 2 * self._times.heartbeat]
        if self._warn_at is not None:
            deadlines.append(self._warn_at)
        if self._phase is Phase.AWAITING_RESUME:
            deadlines.append(self._resume_by)
        return min(deadlines)

    def ticked(self, now: float) -> Actions:
        """Give what time alone makes due."""
        if self._phase is Phase.CLOSED:
            return ()
        if now >= self._life.ends_at:
            return self.ended(CloseCode.NOT_AUTHENTICATED, "token expired")
        if self._phase is Phase.AWAITING_RESUME and now >= self._resume_by:
            return self.ended(CloseCode.TIMED_OUT, "no resume came")
        if now >= self._heard_at + 2 * self._times.heartbeat:
            return self.ended(CloseCode.TIMED_OUT, "nothing was heard")
        if self._warn_at is not None and now >= self._warn_at:
            self._warn_at = None
            return (Send(TokenExpiring(self._life.expires_at)),)
        return ()

    def received(self, frame: str | None, now: float) -> Actions:
        """Give what follows from a frame; None is one that holds no text."""
        if self._phase is Phase.CLOSED:
            return ()
        self._heard_at = now
        due = self.ticked(now)
        if self._closed():
            return due
        if self._limits.frames.take(now):
            return (*due, *self._too_many("too many frames", now))
        if frame is None:
            return (*due, *self._bad("A frame is text.", "bad frame: no text"))
        try:
            said = client_frame(frame)
        except RequestInvalid as error:
            return (*due, *self._bad(error.detail or "", f"bad frame: {error.reason}"))
        return (*due, *self._follow(said, now))

    def caught_up(self, seq: int, *, reset: bool, agents: tuple[str, ...]) -> Actions:
        """Tell the client that everything up to `seq` was sent."""
        if self._phase is not Phase.RESUMED:
            return ()
        return (
            Send(
                Ready(
                    seq=seq,
                    reset=reset,
                    expires_at=self._life.expires_at,
                    heartbeat_seconds=self._times.heartbeat,
                    agents=agents,
                )
            ),
        )

    def renewed(self, life: Life, now: float) -> Actions:
        """Take a new credential of the same subject, verified."""
        if self._phase is Phase.CLOSED:
            return ()
        self._life = life
        self._warn_at = self._warning(now)
        due = self.ticked(now)
        return due if self._closed() else (Send(Refreshed(life.expires_at)), *due)

    def token_refused(self) -> Actions:
        """Take note that a new credential was bad, and was said to be."""
        self._bad_tokens += 1
        if self._bad_tokens < BAD_TOKENS:
            return ()
        return self.ended(CloseCode.NOT_AUTHENTICATED, "too many bad tokens")

    def cut_off(self, now: float) -> None:
        """Take note that the server itself ended the socket, for too many frames."""
        self._too_many("too many frames", now)

    def ended(self, code: CloseCode, reason: str) -> Actions:
        """Close for a reason from outside, such as a revocation."""
        if self._phase is Phase.CLOSED:
            return ()
        self._phase = Phase.CLOSED
        return (Close(code, reason),)

    def _follow(self, said: AnyClientFrame, now: float) -> Actions:
        if isinstance(said, Resume):
            return self._resume(said)
        if self._phase is Phase.AWAITING_RESUME:
            return self._bad("The first frame is a resume.", "bad frame: not resumed")
        match said:
            case SendMessage():
                return self._message(said, now)
            case Cancel() | Approval():
                return (_about_run(said),)
            case Refresh():
                return self._renewal(said, now)
            case Ping():
                return (Send(Pong(said.nonce)),)

    def _resume(self, said: Resume) -> Actions:
        if self._phase is Phase.RESUMED:
            return self._bad("A socket resumes once.", "bad frame: resumed before")
        self._phase = Phase.RESUMED
        return (Replay(said.after),)

    def _message(self, said: SendMessage, now: float) -> Actions:
        wait = self._limits.messages.take(now)
        if not wait:
            self._limits.refusals = 0
            return (BeginTurn(said),)
        self._limits.refusals += 1
        refusal = _refusal(wait, said.client_id)
        if self._limits.refusals < REFUSALS_IN_A_ROW:
            return (refusal,)
        # The sockets it has besides are not closed for what was refused before.
        self._limits.refusals = 0
        return (refusal, *self._too_many("too many messages", now))

    def _renewal(self, said: Refresh, now: float) -> Actions:
        if now < self._renew_from:
            return (_refusal(self._renew_from - now),)
        self._renew_from = now + SECONDS_PER_RENEWAL
        return (Renew(said.token),)

    def _too_many(self, reason: str, now: float) -> Actions:
        self._limits.shut_out(now, SHUT_OUT_SECONDS)
        return self.ended(CloseCode.TOO_MANY, reason)

    def _bad(self, detail: str, reason: str) -> Actions:
        told = Send(Failed(RequestInvalid.code, detail or RequestInvalid.public_text))
        return (told, *self.ended(CloseCode.BAD_FRAME, reason))

    def _warning(self, now: float) -> float | None:
        left = self._life.ends_at - now
        return self._life.ends_at - min(self._times.expiry_warning, left / 3) if left > 0 else None

    def _closed(self) -> bool:
        return self._phase is Phase.CLOSED


def _about_run(said: Cancel | Approval) -> CancelRun | AnswerRun:
    return CancelRun(said.run_id) if isinstance(said, Cancel) else AnswerRun(said)


def _refusal(wait: float, client_id: str | None = None) -> Send:
    return Send(
        Failed(
            code=TooManyRequests.code,
            message=TooManyRequests.public_text,
            client_id=client_id,
            retry_after=math.ceil(wait),
        )
    )
