"""Properties of the chat protocol: no sequence of frames and ticks leads anywhere undefined."""

import json
from contextlib import suppress
from typing import Any, Final

from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from netra.errors import RequestInvalid
from netra.wire.chat_protocol import (
    AnyClientFrame,
    Approval,
    Cancel,
    CloseCode,
    Ping,
    Refresh,
    Resume,
    SendMessage,
    client_frame,
    encoded,
    server_frame,
)
from netra_backend.app.websocket_core.session_protocol import (
    FRAME_BURST,
    FRAMES_PER_SECOND,
    HEARTBEAT_SECONDS,
    MESSAGE_BURST,
    MESSAGES_PER_SECOND,
    RESUME_SECONDS,
    Action,
    AnswerRun,
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

START: Final = 1000.0
ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"

row_ids = st.builds(
    lambda prefix, rest: f"{prefix}_{rest}",
    st.sampled_from(["run", "thr", "apr"]),
    st.text(ALPHABET, min_size=26, max_size=26),
)
texts = st.text(min_size=1, max_size=200)
frames: st.SearchStrategy[AnyClientFrame] = st.one_of(
    st.builds(Resume, st.none() | st.integers(0, 2**53 - 1)),
    st.builds(
        SendMessage,
        st.text("abcXYZ019_-", min_size=8, max_size=64),
        texts,
        st.none() | row_ids,
        st.none() | st.sampled_from(["assistant", "model"]),
    ),
    st.builds(Cancel, row_ids),
    st.builds(Approval, row_ids, row_ids, st.booleans()),
    st.builds(Refresh, st.text("abc._-", min_size=1, max_size=50)),
    st.builds(Ping, st.text(max_size=64)),
)
garbage = st.one_of(
    st.none(),
    st.text(max_size=100),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=10,
    ).map(json.dumps),
)


@given(frames)
def test_every_frame_a_client_can_write_reads_back(frame: AnyClientFrame) -> None:
    """Writing and reading give the same frame."""
    assert client_frame(encoded(frame)) == frame


@given(st.text(max_size=200) | st.binary(max_size=200))
@example("\ud800")
@example(b"\xff")
def test_reading_is_total(text: str | bytes) -> None:
    """Any text and any bytes are a frame or the one error, for both readers."""
    for read in (client_frame, server_frame):
        with suppress(RequestInvalid):
            read(text)


@given(frames, st.data())
def test_a_changed_frame_is_a_frame_or_refused(frame: AnyClientFrame, data: Any) -> None:
    """Any one character changed, dropped or doubled gives a frame or the one error."""
    text = encoded(frame)
    place = data.draw(st.integers(0, len(text) - 1))
    instead = data.draw(st.text(max_size=2))
    with suppress(RequestInvalid):
        client_frame(text[:place] + instead + text[place + 1 :])


@given(row_ids, row_ids, st.booleans(), st.text(max_size=20))
def test_an_answer_is_handed_on_as_it_was_given(
    run_id: str,
    approval_id: str,
    approve: bool,  # noqa: FBT001 - drawn by position
    more: str,
) -> None:
    """A yes is a yes and a no a no, once for each frame; with anything more it is no answer."""
    session = SessionProtocol(START, Life(START + 1e9, START + 400), new_limits(START))
    said = Approval(run_id, approval_id, approve)

    session.received(encoded(Resume(0)), START)
    assert session.received(encoded(said), START) == (AnswerRun(said),)
    assert session.received(encoded(said), START) == (AnswerRun(said),)
    widened = json.dumps({**json.loads(encoded(said)), f"x{more}": approve})
    assert isinstance(session.received(widened, START)[-1], Close)


class TwoSockets(RuleBasedStateMachine):
    """Two sessions of one principal, told anything in any order, while time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.limits = new_limits(START)
        self.sessions = [
            SessionProtocol(START, self._life(life), self.limits) for life in (90.0, 400.0)
        ]
        self.given: list[list[tuple[float, Action]]] = [[], []]
        self.heard = [START, START]
        self.ends = [START + 90, START + 400]
        self.turns: list[float] = []
        self.frames: list[list[float]] = [[], []]

    @initialize(resumed=st.sampled_from([(0, 1), (0,), ()]))
    def begin(self, resumed: tuple[int, ...]) -> None:
        """Most sessions are resumed properly."""
        for which in resumed:
            self._hear(which, encoded(Resume(0)))

    def _life(self, seconds: float) -> Life:
        return Life(expires_at=self.now + 1e9 + seconds, ends_at=self.now + seconds)

    def _take(self, which: int, actions: tuple[Action, ...]) -> None:
        before = [action for _, action in self.given[which]]
        closed = any(isinstance(action, Close) for action in before)
        assert not (closed and actions), "nothing follows a close"
        for action in actions:
            if isinstance(action, BeginTurn | CancelRun | AnswerRun | Renew):
                assert any(isinstance(earlier, Replay) for earlier in before), "resume first"
            if isinstance(action, Replay):
                assert not any(isinstance(earlier, Replay) for earlier in before), "once"
            if isinstance(action, BeginTurn):
                self.turns.append(self.now)
            if isinstance(action, Send):
                assert server_frame(encoded(action.frame)) == action.frame
            if isinstance(action, Close):
                assert action is actions[-1]
                assert len(action.reason.encode()) <= 123
            self.given[which].append((self.now, action))

    @rule(which=st.integers(0, 1), frame=frames)
    def say(self, which: int, frame: AnyClientFrame) -> None:
        """A frame comes."""
        self._hear(which, encoded(frame))

    @rule(which=st.integers(0, 1), frame=frames, late=st.floats(0, 500))
    def say_late(self, which: int, frame: AnyClientFrame, late: float) -> None:
        """A frame comes while the process slept: no timer was served before it."""
        self.now += late
        self._hear(which, encoded(frame))

    @rule(which=st.integers(0, 1), frame=garbage)
    def say_garbage(self, which: int, frame: str | None) -> None:
        """Anything comes."""
        self._hear(which, frame)

    @rule(which=st.integers(0, 1), times=st.integers(1, 150), frame=st.sampled_from(["m", "p"]))
    def flood(self, which: int, times: int, frame: str) -> None:
        """The same frame comes many times at once."""
        said = SendMessage("abcdefgh", "hi") if frame == "m" else Ping()
        for _ in range(times):
            self._hear(which, encoded(said))

    def _hear(self, which: int, frame: str | None) -> None:
        session = self.sessions[which]
        alive = session.phase is not Phase.CLOSED
        actions = session.received(frame, self.now)
        if alive:
            self.heard[which] = self.now
            if self.now >= self.ends[which]:
                assert actions[-1] == Close(CloseCode.NOT_AUTHENTICATED, "token expired")
                assert not any(
                    isinstance(a, BeginTurn | CancelRun | AnswerRun | Renew) for a in actions
                )
            if not any(isinstance(a, Close) for a in actions):
                self.frames[which].append(self.now)
        self._take(which, actions)

    @rule(which=st.integers(0, 1), late=st.floats(0, 5))
    def wait_for_the_deadline(self, which: int, late: float) -> None:
        """Time goes on to what is due next, and a little beyond."""
        deadline = self.sessions[which].next_deadline
        if deadline is not None:
            self._pass(max(self.now, deadline + late))

    @rule(seconds=st.floats(0, 40))
    def wait(self, seconds: float) -> None:
        """Time goes on."""
        self._pass(self.now + seconds)

    def _pass(self, now: float) -> None:
        self.now = now
        for which, session in enumerate(self.sessions):
            # One deadline at a time, as the timer of a connection does.
            while (due := _due(session, now)) is not None:
                self._take(which, session.ticked(now))
                assert _due(session, now) != due

    @rule(which=st.integers(0, 1), seconds=st.floats(-10, 300))
    def renew(self, which: int, seconds: float) -> None:
        """A new credential was verified."""
        session = self.sessions[which]
        if session.phase is not Phase.CLOSED:
            self.ends[which] = self.now + seconds
        self._take(which, session.renewed(self._life(seconds), self.now))

    @rule(which=st.integers(0, 1), seq=st.integers(0, 2**53))
    def catch_up(self, which: int, seq: int) -> None:
        """The replay has ended."""
        actions = self.sessions[which].caught_up(seq, reset=False, agents=("assistant",))
        self._take(which, actions)

    @precondition(lambda self: self.now > START + 30)
    @rule(which=st.integers(0, 1))
    def revoke(self, which: int) -> None:
        """The session was ended elsewhere."""
        self._take(which, self.sessions[which].ended(CloseCode.NOT_AUTHENTICATED, "session ended"))

    @invariant()
    def what_is_due_was_done(self) -> None:
        """Nobody outlives a deadline."""
        for which, session in enumerate(self.sessions):
            if session.phase is Phase.CLOSED:
                assert session.next_deadline is None
                assert sum(isinstance(a, Close) for _, a in self.given[which]) == 1
                continue
            self._pass(self.now)
            if session.next_deadline is not None:
                assert self.now < self.ends[which]
                assert self.now < self.heard[which] + 2 * HEARTBEAT_SECONDS
                resumed = any(isinstance(a, Replay) for _, a in self.given[which])
                assert resumed or self.now < START + RESUME_SECONDS

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        """In no span of time are there more messages or frames than the limits allow."""
        _within(self.turns, MESSAGE_BURST, MESSAGES_PER_SECOND)
        for heard in self.frames:
            _within(heard, FRAME_BURST, FRAMES_PER_SECOND)


def _due(session: SessionProtocol, now: float) -> float | None:
    deadline = session.next_deadline
    return deadline if deadline is not None and deadline <= now else None


def _within(moments: list[float], burst: int, per_second: float) -> None:
    first_of_span = moments[::burst] if len(moments) > burst else []
    for began in first_of_span:
        count = sum(moment >= began for moment in moments)
        assert count <= burst + per_second * (moments[-1] - began) + 1e-6


def test_a_session_is_never_led_astray() -> None:
    """Nothing is served before a resume or after a close, and no deadline or limit is exceeded."""
    run_state_machine_as_test(TwoSockets)
