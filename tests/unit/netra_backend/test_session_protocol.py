"""Tests of `websocket_core.session_protocol`: what follows from every frame and tick."""

import json
from pathlib import Path
from typing import Any

import pytest

from netra.wire.chat_protocol import (
    MAX_EVENT_BYTES,
    MAX_FRAME_BYTES,
    MAX_TEXT,
    CloseCode,
    Failed,
    Pong,
    Ready,
    Refreshed,
    SendMessage,
    TokenExpiring,
)
from netra_backend.app.events.journal import PAGE_BYTES
from netra_backend.app.runs.engine import RunLimits
from netra_backend.app.socket_server import (
    FLUSH_SECONDS,
    WIRE_BURST,
    WIRE_FRAMES_PER_SECOND,
)
from netra_backend.app.websocket_core.connection_registry import CONNECTIONS_PER_PRINCIPAL
from netra_backend.app.websocket_core.event_stream import (
    PAGE_EVENTS,
    QUEUE_BYTES,
    QUEUE_EVENTS,
)
from netra_backend.app.websocket_core.rate_limits import PrincipalLimits, TokenBucket
from netra_backend.app.websocket_core.session_protocol import (
    BAD_TOKENS,
    FRAME_BURST,
    FRAMES_PER_SECOND,
    HEARTBEAT_SECONDS,
    MESSAGE_BURST,
    MESSAGES_PER_SECOND,
    REFUSALS_IN_A_ROW,
    RESUME_SECONDS,
    SECONDS_PER_RENEWAL,
    SEND_SECONDS,
    SHUT_OUT_SECONDS,
    BeginTurn,
    CancelRun,
    Close,
    Life,
    Phase,
    Renew,
    Replay,
    Send,
    SessionProtocol,
    new_limits,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "flows" / "chat_turn.md"
START = 1000.0
WALL = 1_800_000_000.0
RUN = "run_01k9zzzzzzzzzzzzzzzzzzzzzz"
RESUME = '{"type":"resume","after":3}'
SILENCE = 2 * HEARTBEAT_SECONDS


def life(seconds: float, at: float = START) -> Life:
    """Give a credential that lives so long."""
    return Life(expires_at=WALL + at - START + seconds, ends_at=at + seconds)


def session(seconds: float = 300.0, limits: PrincipalLimits | None = None) -> SessionProtocol:
    """Begin a session."""
    return SessionProtocol(START, life(seconds), limits or new_limits(START))


def resumed(seconds: float = 300.0, limits: PrincipalLimits | None = None) -> SessionProtocol:
    """Begin a session and resume it."""
    begun = session(seconds, limits)
    assert begun.received(RESUME, START) == (Replay(3),)
    return begun


def message(**changed: Any) -> str:
    """Write a message frame."""
    return json.dumps({"type": "message", "client_id": "abcdefgh", "text": "hello"} | changed)


def closed(actions: Any) -> Close:
    """Give the close, which must be the last action."""
    assert isinstance(actions[-1], Close)
    return actions[-1]


@pytest.mark.parametrize(("frame", "after"), [(RESUME, 3), ('{"type":"resume"}', None)])
def test_a_resume_begins_the_replay(frame: str, after: int | None) -> None:
    """The first frame says where to go on from."""
    begun = session()
    before = begun.phase

    assert begun.received(frame, START) == (Replay(after),)
    assert (before, begun.phase) == (Phase.AWAITING_RESUME, Phase.RESUMED)


def test_when_caught_up_the_client_is_told() -> None:
    """`ready` says how far, until when, how often to be heard, and who can be asked."""
    begun = resumed(300)

    assert begun.caught_up(9, reset=True, agents=("assistant", "model")) == (
        Send(Ready(9, True, WALL + 300, HEARTBEAT_SECONDS, ("assistant", "model"))),
    )


def test_every_frame_has_its_action() -> None:
    """A message begins a turn, a cancel stops a run, a refresh is verified, a ping answered."""
    begun = resumed()

    assert begun.received(message(), START) == (BeginTurn(SendMessage("abcdefgh", "hello")),)
    assert begun.received(f'{{"type":"cancel","run_id":"{RUN}"}}', START) == (CancelRun(RUN),)
    assert begun.received('{"type":"refresh","token":"a.b.c"}', START) == (Renew("a.b.c"),)
    assert begun.received('{"type":"ping","nonce":"7"}', START) == (Send(Pong("7")),)


@pytest.mark.parametrize("frame", [message(), '{"type":"ping"}', '{"type":"refresh","token":"x"}'])
def test_nothing_is_served_before_a_resume(frame: str) -> None:
    """Any other first frame ends the socket with 4400."""
    told, close = session().received(frame, START)

    assert told == Send(Failed("request_invalid", "The first frame is a resume."))
    assert close == Close(CloseCode.BAD_FRAME, "bad frame: not resumed")


@pytest.mark.parametrize("frame", [None, "", "hello", "{}", '{"type":"subscribe"}', RESUME])
def test_a_bad_frame_ends_the_socket(frame: str | None) -> None:
    """Bytes, no JSON, no frame, a second resume: an error that says what, then 4400."""
    told, close = resumed().received(frame, START)

    assert isinstance(told, Send)
    assert isinstance(told.frame, Failed)
    assert told.frame.code == "request_invalid"
    assert closed((close,)).code is CloseCode.BAD_FRAME


def test_a_close_reason_fits_its_frame() -> None:
    """A reason has at most 123 bytes (RFC 6455 section 5.5) and repeats nothing of the client's."""
    for frame in (None, "x" * 1000, json.dumps({"type": "y" * 1000}), RESUME):
        close = closed(resumed().received(frame, START))
        assert len(close.reason.encode()) <= 123
        assert "xxx" not in close.reason
        assert "yyy" not in close.reason


def test_without_a_resume_the_socket_ends() -> None:
    """A client that does not resume in time is closed with 4408."""
    begun = session()
    assert begun.next_deadline == START + RESUME_SECONDS
    assert begun.ticked(START + RESUME_SECONDS - 0.01) == ()

    assert begun.ticked(START + RESUME_SECONDS) == (Close(CloseCode.TIMED_OUT, "no resume came"),)
    assert begun.next_deadline is None


def test_silence_ends_the_socket() -> None:
    """A client that says nothing for two heartbeats is closed with 4408; any frame is a sign."""
    begun = resumed(10_000)
    assert begun.next_deadline == START + SILENCE
    begun.received('{"type":"ping"}', START + 60)
    assert begun.ticked(START + SILENCE) == ()
    assert begun.next_deadline == START + 60 + SILENCE

    assert begun.ticked(START + 60 + SILENCE) == (Close(CloseCode.TIMED_OUT, "nothing was heard"),)


def test_a_frame_that_was_read_late_still_is_a_sign() -> None:
    """When the process itself was late, a frame that waited for it counts before the silence."""
    begun = resumed(10_000)

    late = START + SILENCE + 5
    assert begun.received('{"type":"ping"}', late) == (Send(Pong("")),)


@pytest.mark.parametrize(("seconds", "warned_before"), [(300, 60), (180, 60), (90, 30), (3, 1)])
def test_the_end_of_the_credential_is_announced_and_kept(
    seconds: float, warned_before: float
) -> None:
    """A warning a minute, or a third of what is left, before the end; then 4401 (checklist 55)."""
    begun = resumed(seconds)
    warn_at = START + seconds - warned_before
    for moment in range(int(START), int(warn_at), 30):
        assert begun.received('{"type":"ping"}', moment) == (Send(Pong("")),)
    assert begun.next_deadline == warn_at

    assert begun.ticked(warn_at) == (Send(TokenExpiring(WALL + seconds)),)
    assert begun.ticked(warn_at) == ()
    assert begun.ticked(START + seconds) == (Close(CloseCode.NOT_AUTHENTICATED, "token expired"),)


def test_a_frame_after_the_end_is_not_served() -> None:
    """The end holds also when the timer is late (checklist 55)."""
    begun = resumed(20)

    assert begun.received(message(), START + 20) == (
        Close(CloseCode.NOT_AUTHENTICATED, "token expired"),
    )
    assert begun.received(message(), START + 20) == ()


def test_a_credential_that_has_ended_opens_nothing() -> None:
    """A token within the clocks' leeway is still verified; its socket ends at once."""
    begun = session(-5)
    assert begun.next_deadline == START - 5

    assert begun.received(RESUME, START) == (Close(CloseCode.NOT_AUTHENTICATED, "token expired"),)


def test_a_renewal_moves_the_end() -> None:
    """A new credential replaces the old one's end, and its own end is announced again."""
    begun = resumed(90)
    begun.ticked(START + 60)

    later = START + 65
    assert begun.renewed(life(300, later), later) == (Send(Refreshed(WALL + 365)),)
    begun.received('{"type":"ping"}', later)
    assert begun.ticked(START + 90) == ()
    begun.received('{"type":"ping"}', later + 60)
    begun.received('{"type":"ping"}', later + 120)
    begun.received('{"type":"ping"}', later + 180)
    begun.received('{"type":"ping"}', later + 230)
    assert begun.ticked(later + 240) == (Send(TokenExpiring(WALL + 365)),)
    assert closed(begun.ticked(later + 300)).code is CloseCode.NOT_AUTHENTICATED


def test_a_renewal_that_has_ended_ends_the_socket() -> None:
    """A new credential is taken as it is, also when it ends sooner than the old one."""
    begun = resumed(90)

    assert begun.renewed(life(-1, START), START) == (
        Close(CloseCode.NOT_AUTHENTICATED, "token expired"),
    )


def test_messages_are_limited_for_all_sockets_of_a_principal() -> None:
    """A burst, then two a second, over all of a principal's sockets (checklist 56)."""
    shared = new_limits(START)
    sessions = [resumed(300, shared) for _ in range(4)]

    begun = [sessions[i % 4].received(message(), START) for i in range(MESSAGE_BURST)]
    assert all(isinstance(action, BeginTurn) for (action,) in begun)

    for refused in sessions:
        (told,) = refused.received(message(client_id="other-id"), START)
        assert told == Send(
            Failed(
                "too_many_requests",
                "Too many requests.",
                client_id="other-id",
                retry_after=1,
            )
        )
    (allowed,) = sessions[0].received(message(), START + 0.5)
    assert isinstance(allowed, BeginTurn)


def test_a_client_that_does_not_slow_down_is_closed() -> None:
    """Refusal after refusal ends in 4429; one message that fits begins the count anew."""
    limits = new_limits(START)
    limits.messages = TokenBucket(1, MESSAGES_PER_SECOND, START)
    begun = resumed(300, limits)
    now = START
    begun.received(message(), now)
    for _ in range(REFUSALS_IN_A_ROW - 1):
        assert isinstance(begun.received(message(), now)[-1], Send)
    now += 1
    assert isinstance(begun.received(message(), now)[-1], BeginTurn)
    for _ in range(REFUSALS_IN_A_ROW - 1):
        assert isinstance(begun.received(message(), now)[-1], Send)

    assert begun.received(message(), now)[-1] == Close(CloseCode.TOO_MANY, "too many messages")
    assert limits.shut_out_for(now) == SHUT_OUT_SECONDS
    assert limits.shut_out_for(now + SHUT_OUT_SECONDS) == 0


def test_refusals_are_counted_over_all_sockets() -> None:
    """Spreading messages over sockets gains nothing, nor does opening new ones (checklist 56)."""
    limits = new_limits(START)
    limits.messages = TokenBucket(1, MESSAGES_PER_SECOND, START)
    sessions = [resumed(300, limits) for _ in range(REFUSALS_IN_A_ROW)]
    sessions[0].received(message(), START)

    last = [one.received(message(), START)[-1] for one in sessions]

    assert all(isinstance(action, Send) for action in last[:-1])
    assert last[-1] == Close(CloseCode.TOO_MANY, "too many messages")
    assert sessions[0].phase is Phase.RESUMED


def test_a_renewal_is_tried_once_a_second() -> None:
    """Verifying takes long: sooner, it is refused like anything else that comes too often."""
    begun = resumed()
    refresh = '{"type":"refresh","token":"a.b.c"}'

    assert begun.received(refresh, START) == (Renew("a.b.c"),)
    (told,) = begun.received(refresh, START + 0.5)
    assert told == Send(Failed("too_many_requests", "Too many requests.", retry_after=1))
    assert begun.received(refresh, START + SECONDS_PER_RENEWAL) == (Renew("a.b.c"),)


def test_bad_tokens_end_the_socket() -> None:
    """The third one, however long after the first (checklist 55)."""
    begun = resumed()
    for _ in range(BAD_TOKENS - 1):
        assert begun.token_refused() == ()

    assert begun.token_refused() == (Close(CloseCode.NOT_AUTHENTICATED, "too many bad tokens"),)
    assert begun.token_refused() == ()


def test_who_was_cut_off_is_shut_out() -> None:
    """What the server ends beneath the session is booked on its person all the same."""
    limits = new_limits(START)
    begun = resumed(300, limits)

    begun.cut_off(START)

    assert begun.phase is Phase.CLOSED
    assert limits.shut_out_for(START) == SHUT_OUT_SECONDS


def test_a_flood_of_frames_is_closed() -> None:
    """Frames of any kind are limited, over all sockets: too many at once end in 4429."""
    limits = new_limits(START)
    sessions = [resumed(300, limits), resumed(300, limits)]
    for place in range(FRAME_BURST - 2):
        assert sessions[place % 2].received('{"type":"ping"}', START) == (Send(Pong("")),)
    begun = sessions[1]

    assert begun.received('{"type":"ping"}', START) == (
        Close(CloseCode.TOO_MANY, "too many frames"),
    )


def test_what_is_closed_stays_closed() -> None:
    """After a close nothing follows from anything."""
    begun = resumed()
    assert begun.ended(CloseCode.NOT_AUTHENTICATED, "session ended") == (
        Close(CloseCode.NOT_AUTHENTICATED, "session ended"),
    )

    assert begun.phase is Phase.CLOSED
    assert begun.ended(CloseCode.NOT_AUTHENTICATED, "session ended") == ()
    assert begun.received(RESUME, START) == ()
    assert begun.received(None, START) == ()
    assert begun.ticked(START + 10_000) == ()
    assert begun.renewed(life(300), START) == ()
    assert begun.caught_up(1, reset=False, agents=()) == ()


def test_a_token_is_not_shown() -> None:
    """The action that carries a token does not show it."""
    assert "a.b.c" not in repr(resumed().received('{"type":"refresh","token":"a.b.c"}', START))


def test_the_written_protocol_has_the_limits_that_hold() -> None:
    """The document's numbers are the code's."""
    written = DOCUMENT.read_text(encoding="utf-8")

    for phrase in (
        f"| {CONNECTIONS_PER_PRINCIPAL} per process |",
        f"| {MESSAGE_BURST} at once, then {MESSAGES_PER_SECOND:g} a second |",
        f"after {REFUSALS_IN_A_ROW} of them in a row",
        f"| {FRAME_BURST} at once, then {FRAMES_PER_SECOND:g} a second |",
        f"| within {RESUME_SECONDS:g} seconds |",
        f"which is {HEARTBEAT_SECONDS:g};",
        f"| {MAX_FRAME_BYTES:,} bytes |",
        f"| {MAX_EVENT_BYTES:,} bytes |",
        f"| {SEND_SECONDS:g} seconds |",
        f"1 to {MAX_TEXT:,} characters",
        f"| {WIRE_BURST} at once, then {WIRE_FRAMES_PER_SECOND:g} a second |",
        f"| within {FLUSH_SECONDS:g} seconds |",
        f"for {SHUT_OUT_SECONDS:g} seconds",
        f"{PAGE_EVENTS} events or {PAGE_BYTES // 1024} KiB",
        f"{QUEUE_EVENTS} events or {QUEUE_BYTES // 1024 // 1024} MiB",
        f"| {RunLimits().unfinished_per_user}, of which {RunLimits().per_user} run at a time",
    ):
        assert phrase in written
