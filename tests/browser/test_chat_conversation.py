"""What frames make of a conversation, in a browser and without a server."""

import base64
import hashlib
from typing import Any

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="module")

THREAD = "thr_" + "0" * 26
_PLAY = """async (moves) => {
    const talk = await import("/conversation.js");
    let state = talk.empty;
    for (const [move, ...given] of moves) {
        state = talk[move](state, ...given);
    }
    return { ...state, sendable: talk.sendable(state) };
}"""
_SHOWN = """async ([moves, thread]) => {
    const talk = await import("/conversation.js");
    let state = talk.empty;
    for (const [move, ...given] of moves) {
        state = talk[move](state, ...given);
    }
    return talk.entries(state, thread).map((entry) => ({
        kind: entry.kind,
        text: entry.message?.text ?? entry.answer?.text ?? entry.item?.text
            ?? talk.textOf(entry.run),
        state: entry.run?.state ?? entry.item?.state ?? null,
    }));
}"""


def frame(**members: Any) -> list[Any]:
    """Write the move of a frame that arrives."""
    return ["received", members]


def event(seq: int, name: str, run: str = "run_1", **payload: Any) -> list[Any]:
    """Write the move of an event that arrives."""
    return frame(
        type=name,
        seq=seq,
        run_id=run,
        thread_id=THREAD,
        agent_name="assistant",
        timestamp="2026-11-22T00:00:00Z",
        payload=payload,
    )


def said(client_id: str, text: str, thread: str = "new:1") -> list[Any]:
    """Write the move of a person who says something."""
    return ["asked", {"clientId": client_id, "text": text, "thread": thread}]


def accepted(client_id: str, message: str = "msg_1", run: str = "run_1") -> list[Any]:
    """Write the move of a message that was accepted."""
    return frame(
        type="accepted",
        client_id=client_id,
        message_id=message,
        run_id=run,
        thread_id=THREAD,
        duplicate=False,
    )


READY = frame(type="ready", seq=0, reset=False, agents=["assistant"])
STARTED = event(1, "agent_started", client_id="c1", message_id="msg_1")


async def play(page: Page, *moves: list[Any]) -> dict[str, Any]:
    """Play moves and give the state they lead to."""
    state: dict[str, Any] = await page.evaluate(_PLAY, list(moves))
    return state


async def shown(page: Page, *moves: list[Any]) -> list[Any]:
    """Play moves and give what is shown of the thread."""
    entries: list[Any] = await page.evaluate(_SHOWN, [list(moves), THREAD])
    return entries


async def test_a_turn_is_shown_from_question_to_answer(modules: Page) -> None:
    """The message, its run and its answer stand below each other, each once."""
    entries = await shown(
        modules,
        READY,
        said("c1", "who am I"),
        ["sent", "c1"],
        accepted("c1"),
        STARTED,
        event(2, "agent_thinking", text="Looking."),
        event(3, "tool_executing", call_id="t1", tool_name="who_am_i", arguments={}),
        event(4, "tool_completed", call_id="t1", tool_name="who_am_i", ok=True, result={}, ms=3),
        event(5, "text_delta", step="answer", attempt=1, index=0, text="You are"),
        event(6, "agent_completed", message_id="msg_2", text="You are Anna.", ms=9, tools=1),
    )

    assert entries == [
        {"kind": "said", "text": "who am I", "state": None},
        {"kind": "run", "text": "You are Anna.", "state": "completed"},
    ]


async def test_an_event_that_comes_before_the_receipt_is_one(modules: Page) -> None:
    """`agent_started` names the message too, so it may come before `accepted` or after."""
    for order in ([STARTED, accepted("c1")], [accepted("c1"), STARTED]):
        state = await play(modules, READY, said("c1", "Hello"), ["sent", "c1"], *order)
        assert state["outbox"] == []
        assert state["places"] == {"new:1": THREAD}
        assert [m["id"] for m in state["threads"][THREAD]["messages"]] == ["msg_1"]
        assert state["runs"]["run_1"]["state"] == "running"


async def test_an_event_seen_before_changes_nothing(modules: Page) -> None:
    """What is replayed after a reconnect is taken once, by its number."""
    delta = event(2, "text_delta", step="answer", attempt=1, index=0, text="once")
    state = await play(modules, READY, STARTED, delta, delta, STARTED)

    assert state["seq"] == 2
    assert [piece["text"] for piece in state["runs"]["run_1"]["pieces"]] == ["once"]


async def test_a_later_attempt_makes_void_what_an_earlier_one_said(modules: Page) -> None:
    """Only the step that is done again begins anew, and a late piece of the old attempt is lost."""

    def delta(seq: int, step: str, attempt: int, index: int, text: str) -> list[Any]:
        return event(seq, "text_delta", step=step, attempt=attempt, index=index, text=text)

    state = await play(
        modules,
        READY,
        STARTED,
        delta(2, "first", 1, 0, "kept"),
        delta(3, "second", 1, 0, "half an "),
        delta(4, "second", 1, 1, "answer"),
        delta(5, "second", 2, 0, "a whole "),
        delta(6, "second", 1, 2, " too late"),
        delta(7, "second", 2, 1, "answer"),
    )

    texts = [piece["text"] for piece in state["runs"]["run_1"]["pieces"]]
    assert texts == ["kept", "a whole answer"]


async def test_what_was_not_accepted_is_sent_again_under_its_own_name(modules: Page) -> None:
    """After a reconnect the same client id goes out again, and what was accepted does not."""
    moves = [
        READY,
        said("c1", "first", THREAD),
        said("c2", "second", THREAD),
        ["sent", "c1"],
        ["sent", "c2"],
        accepted("c1"),
    ]
    before = await play(modules, *moves)
    after = await play(modules, *moves, ["disconnected"])

    assert before["sendable"] == []
    assert [one["client_id"] for one in after["sendable"]] == ["c2"]


async def test_a_new_thread_is_begun_by_one_message(modules: Page) -> None:
    """The second message of a thread without an id waits for the id, so no second thread begins."""
    first = [READY, said("c1", "one"), said("c2", "two"), said("c3", "else", "new:2")]
    waiting = await play(modules, *first)
    placed = await play(modules, *first, ["sent", "c1"], accepted("c1"))

    assert [(one["client_id"], one["thread_id"]) for one in waiting["sendable"]] == [
        ("c1", None),
        ("c3", None),
    ]
    assert [(one["client_id"], one["thread_id"]) for one in placed["sendable"]] == [
        ("c2", THREAD),
        ("c3", None),
    ]


@pytest.mark.parametrize(("after", "state"), [(2, "held"), (None, "refused")])
async def test_a_refused_message_is_kept_and_says_why(
    modules: Page, after: int | None, state: str
) -> None:
    """With `retry_after` it is held and goes out again; without, it waits for the person."""
    error = frame(
        type="error", code="x", message="Not now.", client_id="c1", run_id=None, retry_after=after
    )
    moves = [READY, said("c1", "Hello", THREAD), ["sent", "c1"], error]
    played = await play(modules, *moves)
    again = await play(modules, *moves, ["retried", "c1"])

    assert played["outbox"][0]["state"] == state
    assert played["outbox"][0]["problem"]["message"] == "Not now."
    assert played["sendable"] == []
    assert [one["client_id"] for one in again["sendable"]] == ["c1"]


async def test_a_run_that_fails_says_why_and_one_that_ended_stays_ended(modules: Page) -> None:
    """`agent_failed` ends a run; nothing that comes after it changes it."""
    state = await play(
        modules,
        READY,
        STARTED,
        ["stopping", "run_1"],
        event(2, "agent_failed", reason="cancelled", message="Stopped."),
        event(3, "agent_thinking", text="late"),
        ["stopping", "run_1"],
    )

    run = state["runs"]["run_1"]
    assert run["state"] == "failed"
    assert run["failure"] == {"reason": "cancelled", "message": "Stopped."}
    assert run["steps"] == []


async def test_a_stop_that_failed_can_be_tried_again(modules: Page) -> None:
    """A refused cancel leaves a run that runs; one that is under way outlives its connection."""
    asked: list[list[Any]] = [READY, STARTED, ["stopping", "run_1"]]
    refused = await play(modules, *asked, frame(type="error", code="x", run_id="run_1", message=""))
    lost = await play(modules, *asked, ["disconnected"], READY)

    gone = await play(
        modules, *asked, frame(type="error", code="not_found", run_id="run_1", message="")
    )

    assert gone["runs"]["run_1"]["state"] == "failed"
    assert refused["runs"]["run_1"]["state"] == "running"
    assert lost["runs"]["run_1"]["state"] == "stopping"


async def test_what_this_window_did_not_say_is_read_again(modules: Page) -> None:
    """A run for a message said in another window makes its thread stale, or the list."""
    loaded: list[list[Any]] = [["threadLoading", THREAD], ["threadRead", THREAD, []]]
    known = await play(modules, READY, *loaded, STARTED)
    unknown = await play(modules, READY, STARTED)

    assert known["stale"] == [THREAD]
    assert unknown["listStale"] is True


async def test_an_answer_too_long_for_an_event_is_read_over_http(modules: Page) -> None:
    """`text: null` says that the answer is stored and must be fetched."""
    completed = event(2, "agent_completed", message_id="msg_2", text=None, ms=1, tools=0)
    state = await play(modules, READY, STARTED, completed)

    assert state["stale"] == [THREAD]


async def test_another_journal_begins_everything_anew_but_what_is_unsent(modules: Page) -> None:
    """`reset` forgets runs and threads, keeps the outbox and asks for the list."""
    state = await play(
        modules,
        READY,
        STARTED,
        said("c2", "unsent", THREAD),
        frame(type="ready", seq=7, reset=True, agents=["assistant"]),
    )

    assert (state["seq"], state["runs"], state["listStale"]) == (7, {}, True)
    assert [one["client_id"] for one in state["sendable"]] == ["c2"]


async def test_events_of_a_deleted_thread_only_count(modules: Page) -> None:
    """An erased event moves the number on and shows nothing."""
    state = await play(modules, READY, event(1, "agent_started", erased=True))

    assert (state["seq"], state["runs"]) == (1, {})


async def test_a_run_whose_words_were_erased_is_over_with_its_last_event(modules: Page) -> None:
    """What was deleted in another window does not go on for ever in this one."""
    state = await play(modules, READY, STARTED, event(2, "agent_failed", erased=True))

    assert state["runs"]["run_1"]["state"] == "failed"
    assert state["listStale"] is True


async def test_messages_read_and_messages_heard_of_are_one_list(modules: Page) -> None:
    """What was accepted while the list was under way is not lost, and nothing is shown twice."""
    stored = {"id": "msg_0", "author": "user", "text": "earlier"}
    again = {"id": "msg_1", "author": "user", "text": "Hello"}
    for read in ([stored], [stored, again]):
        entries = await shown(
            modules,
            READY,
            ["threadLoading", THREAD],
            said("c1", "Hello", THREAD),
            accepted("c1"),
            ["threadRead", THREAD, read],
        )
        assert [(one["kind"], one["text"]) for one in entries] == [
            ("said", "earlier"),
            ("said", "Hello"),
            ("run", ""),
        ]


async def test_answers_stand_below_their_own_question(modules: Page) -> None:
    """Two questions asked at once: each run, and each answer, stays where it began."""
    entries = await shown(
        modules,
        READY,
        said("c1", "one", THREAD),
        said("c2", "two", THREAD),
        ["threadLoading", THREAD],
        ["threadRead", THREAD, []],
        accepted("c1"),
        accepted("c2", "msg_2", "run_2"),
        STARTED,
        event(2, "agent_completed", message_id="msg_3", text="1", ms=1, tools=0),
    )

    assert [(one["kind"], one["text"]) for one in entries] == [
        ("said", "one"),
        ("run", "1"),
        ("said", "two"),
        ("run", ""),
    ]


NEEDED = event(
    2,
    "approval_needed",
    approval_id="apr_1",
    call_id="tool:burn#0:x",
    tool_name="burn",
    description="Burns.",
    arguments={"text": "x"},
    expires_at=1_800_000_000.0,
)
YES = {"type": "approval", "run_id": "run_1", "approval_id": "apr_1", "approve": True}


def verdict(code: str) -> list[Any]:
    """Write the move of an answer that was not taken."""
    return frame(type="error", code=code, message="No.", run_id="run_1", approval_id="apr_1")


TAKEN = frame(
    type="approval_accepted", run_id="run_1", approval_id="apr_1", approve=True, duplicate=False
)
ANSWERING = ["answering", "run_1", "apr_1", True]


@pytest.mark.parametrize(
    ("moves", "state", "said_again"),
    [
        ([], "pending", False),
        ([NEEDED], "pending", False),
        ([ANSWERING], "answering", True),
        ([ANSWERING, TAKEN], "approved", False),
        ([ANSWERING, event(3, "approval_given", approval_id="apr_1")], "approved", False),
        ([event(3, "approval_given", approval_id="apr_1"), ANSWERING], "approved", False),
        ([event(3, "approval_refused", approval_id="apr_1", reason="refused")], "refused", False),
        ([event(3, "approval_refused", approval_id="apr_1", reason="expired")], "expired", False),
        ([event(3, "approval_refused", approval_id="apr_1", reason="ended")], "ended", False),
        ([ANSWERING, verdict("not_found")], "ended", False),
        ([ANSWERING, verdict("conflict")], "answering", False),
        (
            [
                ANSWERING,
                verdict("conflict"),
                event(3, "approval_refused", approval_id="apr_1", reason="refused"),
            ],
            "refused",
            False,
        ),
        ([ANSWERING, verdict("database_unavailable")], "pending", False),
        ([ANSWERING, verdict("database_unavailable"), ANSWERING], "answering", True),
        ([event(3, "approval_given", approval_id="apr_1"), TAKEN], "approved", False),
        ([["disconnected"], ANSWERING, ["disconnected"]], "answering", True),
    ],
)
async def test_a_question_is_answered_once_and_said_again_until_it_is_taken(
    modules: Page, moves: list[Any], state: str, *, said_again: bool
) -> None:
    """The last word is the event's; an answer without any word on it goes out again."""
    talk = await modules.evaluate(
        """async (moves) => {
            const talk = await import("/conversation.js");
            let state = talk.empty;
            for (const [move, ...given] of moves) {
                state = talk[move](state, ...given);
            }
            return [state.runs.run_1.approvals, talk.beingAnswered(state)];
        }""",
        [said("c1", "one", THREAD), accepted("c1"), STARTED, NEEDED, *moves],
    )

    approvals, again = talk
    assert [one["state"] for one in approvals] == [state]
    assert again == ([YES] if said_again else [])


async def test_what_was_approved_makes_other_threads_be_read_again(modules: Page) -> None:
    """A tool that changes something may have changed any thread; this one stays as it is."""
    talk = await play(
        modules,
        READY,
        ["threadRead", "thr_other", []],
        ["threadRead", THREAD, []],
        said("c1", "one", THREAD),
        accepted("c1"),
        STARTED,
        NEEDED,
        event(3, "approval_given", approval_id="apr_1"),
        event(4, "tool_executing", call_id="c", tool_name="burn", arguments={}),
        event(5, "tool_completed", call_id="c", tool_name="burn", ok=True, result=1, ms=1),
    )

    assert list(talk["threads"]) == [THREAD]
    assert talk["listStale"]


async def test_pkce_is_s256_over_a_fresh_verifier(modules: Page) -> None:
    """Challenge and verifier fit as RFC 7636 says, and no two verifiers are alike."""
    verifier, challenge, other, example = await modules.evaluate(
        """async () => {
            const { challengeOf, randomText } = await import("/pkce.js");
            const verifier = randomText();
            return [verifier, await challengeOf(verifier), randomText(),
                await challengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")];
        }"""
    )

    digest = hashlib.sha256(verifier.encode()).digest()
    assert challenge == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert len(verifier) == 43
    assert verifier != other
    assert example == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("?code=c&state=s&iss=https://a", {"code": "c"}),
        ("?error=login_required&error_description=d&state=s&iss=https://a",
         {"error": "login_required", "description": "d"}),
        ("?code=c&state=other&iss=https://a", "foreign_answer"),
        ("?code=c&iss=https://a", "foreign_answer"),
        ("?code=c&state=s", "foreign_answer"),
        ("?code=c&state=s&iss=https://b", "foreign_answer"),
        ("?code=c&state=s&iss=https://a&iss=https://a", "foreign_answer"),
        ("?code=c&code=d&state=s&iss=https://a", "foreign_answer"),
        ("?state=s&iss=https://a", "foreign_answer"),
        ("", "foreign_answer"),
    ],
)  # fmt: skip
async def test_an_answer_is_taken_only_if_it_answers_us(
    modules: Page, search: str, expected: Any
) -> None:
    """State and issuer must be ours, exactly once; anything else yields no code (checklist 34)."""
    answer = await modules.evaluate(
        """async (search) => (await import("/pkce.js"))
            .readAnswer(search, { state: "s", issuer: "https://a" })""",
        search,
    )
    unasked = await modules.evaluate(
        """async (search) => (await import("/pkce.js"))
            .readAnswer(search, { state: undefined, issuer: "https://a" })""",
        search,
    )

    assert (answer["error"] if isinstance(expected, str) else answer) == expected
    assert unasked["error"] == "foreign_answer"
