"""The pure parts of runs: the recorded principal, the grammar, and who waits for whom."""

import itertools
from dataclasses import replace
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra.agent_api import RunFailed
from netra.policy import CredentialMethod
from netra.principal import Role, UserPrincipal
from netra.wire.chat_protocol import TERMINAL, EventName, FailureReason
from netra_backend.app.runs.endings import MESSAGES, told
from netra_backend.app.runs.grammar import GrammarBroken, RunState, after
from netra_backend.app.runs.journal.waiting import Waiting
from netra_backend.app.runs.principals import PrincipalUnreadable, recorded, restored

ANNA: Final = UserPrincipal(
    user_id="usr_anna",
    session_id="ses_anna",
    client_id="netra-chat",
    scopes=frozenset({"profile", "other"}),
    roles=frozenset({Role.OPERATOR}),
    token_id="tok_1",
    expires_at=1000.5,
)
BEARER: Final = CredentialMethod.BEARER


def test_a_recorded_principal_is_restored_as_it_was() -> None:
    """While its token would hold, the same principal comes back, role included."""
    text = recorded(ANNA, BEARER)

    assert restored(text, owner_id="usr_anna", now=1000) == (ANNA, BEARER)


def test_a_role_lasts_no_longer_than_the_token_that_proved_it() -> None:
    """A run resumed later acts without its person's roles: they may be gone."""
    text = recorded(ANNA, BEARER)

    principal, _ = restored(text, owner_id="usr_anna", now=1000.5)

    assert principal == replace(ANNA, roles=frozenset())


def test_a_run_of_one_person_never_acts_for_another() -> None:
    """A record that names somebody else than the run's owner is refused."""
    with pytest.raises(PrincipalUnreadable):
        restored(recorded(ANNA, BEARER), owner_id="usr_berta", now=0)


@given(st.data())
def test_a_changed_record_is_refused_or_keeps_its_owner(data: st.DataObject) -> None:
    """Whatever one byte of the record becomes, it never names another owner."""
    text = recorded(ANNA, BEARER)
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.characters()) + text[place + 1 :]

    try:
        principal, _ = restored(changed, owner_id="usr_anna", now=0)
    except (PrincipalUnreadable, UnicodeError):
        return
    assert principal.user_id == "usr_anna"


@pytest.mark.parametrize("change", [{"version": 2}, {"method": "magic"}, {"extra": 1}])
def test_a_record_of_another_kind_is_refused(change: dict[str, object]) -> None:
    """An unknown version, method or member is not guessed at."""
    members = msgspec.json.decode(recorded(ANNA, BEARER))

    with pytest.raises(PrincipalUnreadable):
        restored(msgspec.json.encode({**members, **change}).decode(), owner_id="usr_anna", now=0)


def test_the_grammar_admits_exactly_what_the_protocol_says() -> None:
    """Every sequence of up to four events is judged as by the written-out expression."""
    letters = {
        EventName.AGENT_STARTED: "s",
        EventName.AGENT_THINKING: "t",
        EventName.TEXT_DELTA: "d",
        EventName.TOOL_EXECUTING: "e",
        EventName.TOOL_COMPLETED: "c",
        EventName.APPROVAL_NEEDED: "n",
        EventName.APPROVAL_GIVEN: "g",
        EventName.APPROVAL_REFUSED: "r",
        EventName.AGENT_COMPLETED: "C",
        EventName.AGENT_FAILED: "F",
    }

    def admitted(names: tuple[EventName, ...]) -> bool:
        state = RunState.NOTHING
        try:
            for name in names:
                state = after(state, name)
        except GrammarBroken:
            return False
        return state is RunState.ENDED

    found = {
        "".join(letters[name] for name in names)
        for length in range(5)
        for names in itertools.product(EventName, repeat=length)
        if admitted(names)
    }

    inner = ["", "t", "d", "tt", "td", "dt", "dd", "ec", "ng", "nr"]
    assert found == {f"s{middle}{end}" for middle in inner for end in "CF"}


def test_what_leads_to_a_question_may_be_said_again_while_it_is_asked() -> None:
    """Begun again while it waits, an agent says its pieces anew; else only the answer comes."""
    state = after(after(RunState.NOTHING, EventName.AGENT_STARTED), EventName.APPROVAL_NEEDED)
    admitted = {EventName.AGENT_THINKING, EventName.TEXT_DELTA}

    for name in EventName:
        if name in admitted:
            assert after(state, name) is RunState.ASKING
        elif name in {EventName.APPROVAL_GIVEN, EventName.APPROVAL_REFUSED}:
            assert after(state, name) is RunState.WORKING
        else:
            with pytest.raises(GrammarBroken):
                after(state, name)


def test_nothing_follows_an_end() -> None:
    """After a run has ended no event may come, another end least of all."""
    for name, end in itertools.product(EventName, TERMINAL):
        state = after(after(RunState.NOTHING, EventName.AGENT_STARTED), end)
        with pytest.raises(GrammarBroken):
            after(state, name)


def test_those_who_wait_begin_in_order_and_one_per_thread() -> None:
    """The next runs of an owner are the first of each thread in which none is running."""
    waiting = Waiting()
    for run_id, thread_id in [("r1", "a"), ("r2", "a"), ("r3", "b"), ("r4", "c")]:
        waiting.add("usr_anna", run_id, thread_id)
    waiting.add("usr_berta", "r5", "d")

    assert waiting.next_of("usr_anna", ()) == ["r1", "r3", "r4"]
    assert waiting.next_of("usr_anna", {"b"}) == ["r1", "r4"]
    waiting.remove("usr_anna", "r1")
    assert waiting.next_of("usr_anna", ()) == ["r2", "r3", "r4"]
    waiting.put_first("usr_anna", "r0", "a")
    assert waiting.next_of("usr_anna", ()) == ["r0", "r3", "r4"]
    waiting.remove("usr_anna", "r0")
    for run_id in ("r2", "r3", "r4", "r5", "r1"):
        waiting.remove("usr_anna", run_id)
    waiting.remove("usr_berta", "r5")
    assert len(waiting) == 0


@pytest.mark.parametrize(
    ("error", "reason", "message"),
    [
        (RunFailed("model_unavailable", "Away."), FailureReason.MODEL_UNAVAILABLE, "Away."),
        (RunFailed("unheard of", "No."), FailureReason.INTERNAL_ERROR, "No."),
        (
            RunFailed("timed_out", " "),
            FailureReason.TIMED_OUT,
            MESSAGES[FailureReason.TIMED_OUT],
        ),
        (
            RunFailed("model_refused", ""),
            FailureReason.MODEL_REFUSED,
            MESSAGES[FailureReason.INTERNAL_ERROR],
        ),
        (RunFailed("too_large", "x" * 5000), FailureReason.TOO_LARGE, "x" * 1000),
    ],
)
def test_why_there_is_no_answer_is_said_in_known_words(
    error: RunFailed, reason: FailureReason, message: str
) -> None:
    """A reason is one of the protocol's, and there is always a message of bounded length."""
    assert told(error) == (reason, message)
