"""The frames of `/ws`, both ways: what a chat client and the backend say to each other.

Shapes and bounds only. In what order frames may come is decided by the backend's session protocol;
`docs/flows/chat_turn.md` tells the story. Every frame is one JSON object in a text message.
"""

from enum import IntEnum, StrEnum
from typing import Annotated, Any, ClassVar, Final, TypeAlias

import msgspec

from netra.errors import RequestInvalid

CHAT_SUBPROTOCOL: Final = "netra.chat.v1"
"""The one subprotocol the backend speaks and echoes."""
TOKEN_SUBPROTOCOL_PREFIX: Final = "bearer."  # noqa: S105 - the name of a place, not a token
"""A browser sends its access token as a subprotocol with this prefix; it is never echoed."""
SOCKET_PATH: Final = "/ws"

MAX_FRAME_BYTES: Final = 262_144
"""The largest frame a client may send."""
MAX_EVENT_BYTES: Final = 65_536
"""The largest event an agent may emit, written as JSON."""
MAX_TEXT: Final = 32_000
"""Characters of a message."""
MAX_TOKEN: Final = 8_192

_MAX_DETAIL: Final = 200
"""What is wrong with a frame may name a field of it, and a field's name can be long."""


class CloseCode(IntEnum):
    """Why the backend closes a socket (RFC 6455 section 7.4)."""

    NORMAL = 1000
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    RESTARTING = 1012
    TRY_AGAIN_LATER = 1013
    BAD_FRAME = 4400
    NOT_AUTHENTICATED = 4401
    NOT_ALLOWED = 4403
    TIMED_OUT = 4408
    TOO_MANY = 4429


class EventName(StrEnum):
    """What happens in a run.

    Grammar: started (said | executing completed | needed said* (given | refused))* (completed |
    failed), where said is thinking | delta.
    """

    AGENT_STARTED = "agent_started"
    AGENT_THINKING = "agent_thinking"
    TOOL_EXECUTING = "tool_executing"
    TOOL_COMPLETED = "tool_completed"
    APPROVAL_NEEDED = "approval_needed"
    APPROVAL_GIVEN = "approval_given"
    APPROVAL_REFUSED = "approval_refused"
    TEXT_DELTA = "text_delta"
    AGENT_COMPLETED = "agent_completed"
    AGENT_FAILED = "agent_failed"


TERMINAL: Final = frozenset({EventName.AGENT_COMPLETED, EventName.AGENT_FAILED})


class FailureReason(StrEnum):
    """Why a run ended without an answer; the payload's `message` says it to the person."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    NOT_ALLOWED = "not_allowed"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_RATE_LIMITED = "model_rate_limited"
    MODEL_MISCONFIGURED = "model_misconfigured"
    MODEL_REFUSED = "model_refused"
    TOO_LARGE = "too_large"
    GAVE_UP = "gave_up"
    INTERNAL_ERROR = "internal_error"


class RefusalReason(StrEnum):
    """Why a tool was not approved, as `approval_refused` says it."""

    REFUSED = "refused"
    """The person said no."""
    EXPIRED = "expired"
    """Nobody answered in time."""
    ENDED = "ended"
    """Nobody asks any more: the run was stopped, or its agent wants something else by now."""


# What a client says.

# A `$` would let a line feed follow.
ClientId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]
RowId = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}\Z")]
AGENT_NAME: Final = r"^[a-z][a-z0-9_-]{0,31}\Z"
AgentName = Annotated[str, msgspec.Meta(pattern=AGENT_NAME)]
Text = Annotated[str, msgspec.Meta(pattern=r"\S", max_length=MAX_TEXT)]
"""What says something: blanks alone do not."""


class ClientFrame(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """What a client may send."""


class Resume(ClientFrame, frozen=True, tag="resume"):
    """The first frame: send every event after this `seq`, then go on live.

    Without `after`, from where nothing of an unfinished run is missed.
    """

    after: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] | None = None


class SendMessage(ClientFrame, frozen=True, tag="message"):
    """What the person said; sent again with the same `client_id` it is the same message."""

    client_id: ClientId
    text: Text
    thread_id: RowId | None = None
    """None begins a thread."""
    agent: AgentName | None = None
    """None takes the default agent."""

    def __repr__(self) -> str:
        return f"SendMessage(client_id={self.client_id!r}, thread_id={self.thread_id!r})"


class Cancel(ClientFrame, frozen=True, tag="cancel"):
    """Stop a run."""

    run_id: RowId


class Approval(ClientFrame, frozen=True, tag="approval"):
    """The person's answer to an `approval_needed`; sent again it is the same answer."""

    run_id: RowId
    approval_id: RowId
    approve: bool


class Refresh(ClientFrame, frozen=True, tag="refresh"):
    """A new access token of the same subject."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TOKEN)]

    def __repr__(self) -> str:
        return "Refresh(token=***)"


class Ping(ClientFrame, frozen=True, tag="ping"):
    """Say that the client is there and ask whether the server is."""

    nonce: Annotated[str, msgspec.Meta(max_length=64)] = ""


AnyClientFrame: TypeAlias = Resume | SendMessage | Cancel | Approval | Refresh | Ping


# What the backend says.


class ServerFrame(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=False):
    """What the backend may send."""


class Ready(ServerFrame, frozen=True, tag="ready"):
    """Everything up to `seq` was sent; what follows is live.

    Attributes:
        seq: The journal's head when the replay ended.
        reset: Whether the journal does not reach `after`: what the client remembers is of another
            journal, and it must read its threads anew.
        expires_at: Seconds since the epoch at which the credential, and so the socket, ends.
        heartbeat_seconds: A client that sends nothing for twice as long is closed with 4408.
        agents: The agents that can be asked, the default one first.
    """

    seq: int
    reset: bool
    expires_at: float
    heartbeat_seconds: float
    agents: tuple[str, ...]


class Accepted(ServerFrame, frozen=True, tag="accepted"):
    """The message and its run are stored and will not be lost.

    The first events of the run may come before it: they name the `client_id` too.
    """

    client_id: str
    message_id: str
    run_id: str
    thread_id: str
    duplicate: bool
    """Whether it had been accepted before; nothing new was begun."""


class CancelAccepted(ServerFrame, frozen=True, tag="cancel_accepted"):
    """The run is being stopped, or had ended; its last event says which."""

    run_id: str


class ApprovalAccepted(ServerFrame, frozen=True, tag="approval_accepted"):
    """The answer is stored and will be acted on once; an event says it to every window."""

    run_id: str
    approval_id: str
    approve: bool
    duplicate: bool
    """Whether it had been answered so before."""


class TokenExpiring(ServerFrame, frozen=True, tag="token_expiring"):
    """The socket will be closed with 4401 at `expires_at` unless a `refresh` comes before."""

    expires_at: float


class Refreshed(ServerFrame, frozen=True, tag="refreshed"):
    """The new token was taken."""

    expires_at: float


class Pong(ServerFrame, frozen=True, tag="pong"):
    """Answer to a ping."""

    nonce: str


class Failed(ServerFrame, frozen=True, tag="error"):
    """A frame could not be served; the socket stays open.

    Attributes:
        code: The error's code, as in a problem document.
        message: What anybody may read.
        client_id: The message it concerns.
        run_id: The run it concerns.
        retry_after: Seconds to wait before trying again.
        approval_id: The question it concerns.
    """

    code: str
    message: str
    client_id: str | None = None
    run_id: str | None = None
    retry_after: int | None = None
    approval_id: str | None = None


class RunEvent(msgspec.Struct, frozen=True):
    """One event of a run, as it is journaled and sent; its `type` is the event's name.

    Attributes:
        type: What happened.
        seq: Its place in the person's journal: 1, 2, 3 … without a gap.
        run_id: The run it belongs to.
        thread_id: The thread the run belongs to.
        agent_name: Who answers.
        timestamp: RFC 3339 in UTC.
        payload: By name: started `{client_id, message_id}`; thinking `{text}`; executing
            `{call_id, tool_name, arguments}`; tool completed `{call_id, tool_name, ok, result |
            error, ms}`; needed `{approval_id, call_id, tool_name, description, arguments,
            expires_at}`; given `{approval_id}`; refused `{approval_id, reason}`; delta `{step,
            attempt, index, text}`, where a higher attempt at a step makes void what earlier
            attempts at it said; completed `{message_id, text, ms, tools}`; failed `{reason,
            message}`. An event of a deleted thread has `{erased: true}`.
    """

    type: EventName
    seq: int
    run_id: str
    thread_id: str
    agent_name: str
    timestamp: str
    payload: dict[str, Any] | msgspec.Raw

    TYPES: ClassVar[frozenset[str]] = frozenset(EventName)


AnyServerFrame: TypeAlias = (
    Ready | Accepted | CancelAccepted | ApprovalAccepted | TokenExpiring | Refreshed | Pong | Failed
)

_DECODE_CLIENT: Final[msgspec.json.Decoder[AnyClientFrame]] = msgspec.json.Decoder(AnyClientFrame)
_DECODE_SERVER: Final[msgspec.json.Decoder[AnyServerFrame]] = msgspec.json.Decoder(AnyServerFrame)
_DECODE_EVENT: Final = msgspec.json.Decoder(RunEvent)
_ENCODE: Final = msgspec.json.Encoder()


class _Typed(msgspec.Struct, frozen=True):
    type: str


_DECODE_TYPE: Final = msgspec.json.Decoder(_Typed)


def client_frame(text: str | bytes) -> AnyClientFrame:
    """Read what a client sent.

    Raises:
        RequestInvalid: It is no frame; says where and what is wrong.
    """
    try:
        if len(text) > MAX_FRAME_BYTES:
            raise RequestInvalid("a frame is too large", detail="The frame is too large.")
        return _DECODE_CLIENT.decode(text)
    except msgspec.ValidationError as error:
        detail = f"{error}"[:_MAX_DETAIL]
        raise RequestInvalid("not a frame of the protocol", detail=f"{detail}.") from error
    except RecursionError as error:
        raise RequestInvalid("nested too deep", detail="The frame is nested too deep.") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise RequestInvalid("not JSON", detail="The frame is not JSON.") from error


def server_frame(text: str | bytes) -> AnyServerFrame | RunEvent:
    """Read what the backend sent: for clients, the toolkit's and the tests'.

    Raises:
        RequestInvalid: It is no frame of this protocol.
    """
    try:
        if _DECODE_TYPE.decode(text).type in RunEvent.TYPES:
            return _DECODE_EVENT.decode(text)
        return _DECODE_SERVER.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise RequestInvalid("not a frame of the protocol") from error


def encoded(frame: ServerFrame | ClientFrame | RunEvent) -> str:
    """Write a frame."""
    return _ENCODE.encode(frame).decode()
