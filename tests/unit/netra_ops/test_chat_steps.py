"""The chat's part of the golden path against a right server, and against wrong ones."""

import json
import logging
from typing import Final

import pytest

from fakes.chat_over_socket import ChatFault
from fakes.netra_over_http import SERVICES, FakeNetra, Fault, fake_netra
from fakes.timing import UNIT
from netra.clock import SystemClock
from netra.secret import Secret
from netra_ops.findings import CouldNotTell, Verdict
from netra_ops.validation.answer import Asker
from netra_ops.validation.credentials import Credentials, Person, ServiceCredential
from netra_ops.validation.golden_path import WalkReport, walk_golden_path
from netra_ops.validation.socket import shake_hands
from netra_ops.validation.step import StepResult, Walk

PASSWORD: Final = "correct horse battery"
OURS: Final = ("netra", "websockets.client")
CHAT_STEPS: Final = (
    "chat page",
    "log-in of the chat page",
    "handshake",
    "message answered",
    "same message again",
    "answer read back",
    "resume after a dropped socket",
    "socket without a token",
    "socket with a bad token",
    "socket for another audience",
    "socket with the token in the query",
    "socket from a foreign Origin",
    "socket with a service token",
    "plain GET of the socket's address",
    "socket ends with its session",
)


def _walk(netra: FakeNetra, *, patience: float = 5 * UNIT, own_account: bool = False) -> WalkReport:
    clock = SystemClock()
    service, operator = (
        ServiceCredential(name, Secret(SERVICES[name])) for name in ("netra-backend", "netra-ops")
    )
    person = None
    if own_account:
        netra.users["a@b.example"] = ("usr_a", PASSWORD)
        person = Person("a@b.example", Secret(PASSWORD))
    credentials = Credentials(netra.url, service, person=person, operator=operator)
    with Asker(clock, patience=patience) as asker:
        return walk_golden_path(netra.url, credentials, asker, clock)


def _not_passed(report: WalkReport) -> dict[str, Verdict]:
    """Give what did not pass, but for what was not taken because something else did not."""
    return {
        step.name: step.verdict
        for step in report.steps
        if step.verdict is not Verdict.PASS and not step.got.startswith("not taken")
    }


def _step(report: WalkReport, name: str) -> StepResult:
    return next(step for step in report.steps if step.name == name)


def test_a_right_chat_passes_every_step() -> None:
    """Every chat step is taken and passes, and the whole walk with it."""
    with fake_netra() as netra:
        report = _walk(netra)

    assert {name: _step(report, name).verdict for name in CHAT_STEPS} == dict.fromkeys(
        CHAT_STEPS, Verdict.PASS
    )
    assert report.verdict is Verdict.PASS


def test_the_events_are_told_in_order() -> None:
    """What was observed names every event, in order, with its numbers."""
    with fake_netra() as netra:
        got = _step(_walk(netra), "message answered").got

    assert got == (
        "seq 1 to 6: agent_started, agent_thinking, tool_executing, tool_completed, text_delta, "
        "agent_completed"
    )


def test_an_own_account_passes_too_and_may_be_busy_elsewhere() -> None:
    """With somebody's own account other runs of that person are no fault (and no leak)."""
    with fake_netra(ChatFault.LEAKS_RUNS) as netra:
        assert _walk(netra, own_account=True).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("fault", "failing", "says"),
    [
        (Fault.HAS_NO_PAGE, "chat page", "404"),
        (Fault.SERVES_LOOSE_PAGE, "chat page", "lacks default-src 'none' and script-src 'self'"),
        (Fault.NAMES_ANOTHER_ISSUER, "chat page", "at http://127.0.0.2:1, not at"),
        (Fault.KNOWS_NO_PAGE, "log-in of the chat page", "is not among the chat page's origins"),
        (Fault.LETS_NO_PAGE_READ, "log-in of the chat page", "may not read the token"),
    ],
)
def test_a_page_that_nobody_can_chat_on_fails(fault: Fault, failing: str, says: str) -> None:
    """Where no browser could log in or load the page, the walk does not pass, and says why."""
    with fake_netra(fault) as netra:
        report = _walk(netra)

    assert _not_passed(report) == {failing: Verdict.FAIL}
    assert says in _step(report, failing).got
    assert report.wrong_refusals == 1


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://chat.example:443", "https://chat.example"),
        ("https://chat.example", "https://chat.example"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_the_origin_is_the_one_browsers_send(url: str, origin: str) -> None:
    """A default port is left out, as every browser leaves it out."""
    credentials = Credentials(url, ServiceCredential("netra-backend", Secret("x")))
    with Asker(SystemClock()) as asker:
        walk = Walk(url, credentials, Person("a@b.example", Secret("x")), "text", asker)
        assert walk.origin == origin


ANYBODY: Final = {"socket without a token", "socket with a bad token"}
CREDENTIALS: Final = {
    *ANYBODY,
    "socket for another audience",
    "socket with the token in the query",
}


@pytest.mark.parametrize(
    ("fault", "failing", "admitted"),
    [
        (ChatFault.ADMITS_ANYBODY, CREDENTIALS, 3),
        (
            ChatFault.ADMITS_BAD_TOKENS,
            {"socket with a bad token", "socket for another audience"},
            1,
        ),
        (ChatFault.ADMITS_ANY_AUDIENCE, {"socket for another audience"}, 0),
        (ChatFault.ADMITS_SERVICES, {"socket with a service token"}, 1),
        (ChatFault.READS_SOCKET_QUERY, {"socket with the token in the query"}, 1),
        (ChatFault.IGNORES_ORIGIN, {"socket from a foreign Origin"}, 1),
        (ChatFault.SERVES_PLAIN_GET, {"plain GET of the socket's address"}, 1),
        (ChatFault.FORBIDS_SOCKETS, {"handshake", *CREDENTIALS}, 0),
        (ChatFault.REFUSES_ITS_PAGE, {"handshake"}, 0),
        (
            ChatFault.REDIRECTS_SOCKETS,
            {
                "handshake",
                *CREDENTIALS,
                "socket from a foreign Origin",
                "socket with a service token",
            },
            0,
        ),
    ],
)
def test_a_wrong_handshake_fails(fault: ChatFault, failing: set[str], admitted: int) -> None:
    """Letting in whom it must not, or keeping out whom it must let in, is found and counted."""
    with fake_netra(fault) as netra:
        report = _walk(netra)

    assert _not_passed(report) == dict.fromkeys(failing, Verdict.FAIL)
    assert report.wrong_admissions == admitted


@pytest.mark.parametrize(
    ("fault", "failing"),
    [
        (ChatFault.ECHOES_TOKEN, "handshake"),
        (ChatFault.ECHOES_NOTHING, "handshake"),
        (ChatFault.GETS_KEY_WRONG, "handshake"),
        (ChatFault.CLOSES_AT_ONCE, "handshake"),
        (ChatFault.SPEAKS_NONSENSE, "handshake"),
        (ChatFault.SPEAKS_BINARY, "handshake"),
        (ChatFault.BREAKS_FRAMING, "handshake"),
        (ChatFault.HAS_NO_ASSISTANT, "handshake"),
        (ChatFault.REFUSES_MESSAGES, "message answered"),
        (ChatFault.ACCEPTS_ANOTHER, "message answered"),
        (ChatFault.FAILS_RUNS, "message answered"),
        (ChatFault.SKIPS_TOOL, "message answered"),
        (ChatFault.FAILS_TOOL, "message answered"),
        (ChatFault.SWAPS_EVENTS, "message answered"),
        (ChatFault.THINKS_LATE, "message answered"),
        (ChatFault.SKIPS_SEQ, "message answered"),
        (ChatFault.REPEATS_EVENT, "message answered"),
        (ChatFault.REPEATS_END, "message answered"),
        (ChatFault.SERVES_ANOTHER, "message answered"),
        (ChatFault.LETS_ANOTHER_ANSWER, "message answered"),
        (ChatFault.LEAKS_RUNS, "message answered"),
        (ChatFault.ANSWERS_EMPTY, "message answered"),
        (ChatFault.HIDES_DUPLICATES, "same message again"),
        (ChatFault.KEEPS_NO_ANSWER, "answer read back"),
        (ChatFault.STORES_ANOTHER, "answer read back"),
        (ChatFault.STORES_TWICE, "answer read back"),
        (ChatFault.REPLAYS_ALL, "resume after a dropped socket"),
        (ChatFault.REWRITES, "resume after a dropped socket"),
        (ChatFault.STOPS_WITH_SOCKET, "resume after a dropped socket"),
        (ChatFault.OUTLIVES_SESSION, "socket ends with its session"),
        (ChatFault.CLOSES_WITHOUT_REASON, "socket ends with its session"),
    ],
)
def test_a_wrong_conversation_fails_where_it_is_wrong(fault: ChatFault, failing: str) -> None:
    """Each fault fails the one step that looks for it, and is no pass of any other."""
    with fake_netra(fault) as netra:
        report = _walk(netra)

    assert _not_passed(report) == {failing: Verdict.FAIL}
    assert report.verdict is Verdict.FAIL


def test_a_second_run_for_one_message_is_found_twice() -> None:
    """A message that is sent again must not be done again, now or later."""
    with fake_netra(ChatFault.BEGINS_TWICE) as netra:
        failed = _not_passed(_walk(netra))

    assert failed == {
        "same message again": Verdict.FAIL,
        "resume after a dropped socket": Verdict.FAIL,
    }


@pytest.mark.parametrize(
    ("fault", "unanswered"),
    [
        (ChatFault.IS_NEVER_READY, "handshake"),
        (ChatFault.HANGS_UP, "handshake"),
        (ChatFault.IS_DEAF, "message answered"),
    ],
)
def test_no_answer_is_unknown(fault: ChatFault, unanswered: str) -> None:
    """A server that says nothing was not judged: neither a pass nor a failure."""
    with fake_netra(fault) as netra:
        report = _walk(netra, patience=0.3 * UNIT)

    assert _not_passed(report) == {unanswered: Verdict.UNKNOWN}
    assert report.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("fault", "failing"),
    [
        (ChatFault.NEVER_BEGINS, "message answered"),
        (ChatFault.NEVER_ENDS, "message answered"),
        (ChatFault.FORGETS, "resume after a dropped socket"),
    ],
)
def test_a_broken_promise_fails(fault: ChatFault, failing: str) -> None:
    """A message that was accepted and is never answered is a failure, not a lack of an answer."""
    with fake_netra(fault) as netra:
        report = _walk(netra, patience=0.3 * UNIT)

    assert _not_passed(report) == {failing: Verdict.FAIL}


def test_what_depends_on_the_socket_is_unknown() -> None:
    """Without a socket the conversation is not judged, and what was made is cleaned up."""
    with fake_netra(ChatFault.FORBIDS_SOCKETS) as netra:
        report = _walk(netra)

        assert (netra.users, netra.threads) == ({}, {})
    assert _step(report, "message answered").verdict is Verdict.UNKNOWN
    assert "'handshake'" in _step(report, "message answered").got
    assert _step(report, "resume after a dropped socket").verdict is Verdict.UNKNOWN


def test_no_token_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    """An echoed token, and those in handshakes, reach neither the report nor a socket's log."""
    with caplog.at_level(logging.DEBUG), fake_netra(ChatFault.ECHOES_TOKEN) as netra:
        text = json.dumps(_walk(netra).as_document())

    logged = [r.getMessage() for r in caplog.records if r.name.startswith(OURS)]
    shown = "\n".join((text, *logged))
    assert "echoing bearer." in shown
    assert netra.tokens
    assert not any(token in shown for token in netra.tokens)


def test_a_users_end_does_not_hide_an_open_socket() -> None:
    """The session's end is looked at also when an earlier step of the walk failed."""
    with fake_netra(Fault.LOSES_MESSAGES, ChatFault.OUTLIVES_SESSION) as netra:
        failed = _not_passed(_walk(netra))

    assert failed == {"read back": Verdict.FAIL, "socket ends with its session": Verdict.FAIL}


def test_no_socket_is_left_open() -> None:
    """Every socket the walk opened is closed when it ends."""
    with fake_netra() as netra:
        _walk(netra)
        open_sockets = len(netra.chat.open)

    assert open_sockets == 0


def test_a_server_that_does_not_prove_itself_gets_no_token() -> None:
    """Over https the server's certificate comes first; without one nothing is sent."""
    with fake_netra() as netra:
        secure = "https" + netra.url.removeprefix("http")
        with pytest.raises(CouldNotTell):
            shake_hands(secure, 5 * UNIT, headers=[("Authorization", "Bearer x")])

    assert netra.asked == []
