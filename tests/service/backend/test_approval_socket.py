"""Approvals over the chat's socket of a running backend: frames, windows, restarts, strangers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fakes.approvals import Careful
from fakes.auth_service import FakeAuthService
from fakes.chat_socket import ChatSocket, chat_socket
from fakes.running_backend import RunningBackend, running_backend
from netra.wire.chat_protocol import (
    Accepted,
    Approval,
    ApprovalAccepted,
    Cancel,
    CancelAccepted,
    EventName,
    Failed,
    RunEvent,
)

NEEDED = EventName.APPROVAL_NEEDED
UNKNOWN = "apr_01k9zzzzzzzzzzzzzzzzzzzzzz"


@pytest.fixture
def careful() -> Careful:
    """Give an agent that asks before it burns something."""
    return Careful()


@pytest.fixture
async def backend(
    store: Path, auth: FakeAuthService, careful: Careful
) -> AsyncIterator[RunningBackend]:
    """Run the backend with that agent."""
    async with running_backend(store, auth=auth, catalogue=careful.agents) as running:
        yield running


async def question_in(chat: ChatSocket, run_id: str) -> RunEvent:
    """Hear frames until a run asks."""
    for event in chat.events:
        if event.run_id == run_id and event.type is NEEDED:
            return event
    return await chat.hear(RunEvent, lambda e: e.run_id == run_id and e.type is NEEDED)


def payload(event: RunEvent) -> dict[str, Any]:
    """Give an event's payload."""
    assert isinstance(event.payload, dict)
    return event.payload


def reply(question: RunEvent, *, approve: bool = True) -> Approval:
    """Give the frame that answers a question."""
    return Approval(question.run_id, payload(question)["approval_id"], approve)


async def answered_in(chat: ChatSocket, question: RunEvent) -> EventName:
    """Hear frames until the answer to a question is said; give which it is."""
    names = {EventName.APPROVAL_GIVEN, EventName.APPROVAL_REFUSED}
    for event in chat.events:
        if event.type in names and event.run_id == question.run_id:
            return event.type
    run_id = question.run_id
    return (await chat.hear(RunEvent, lambda e: e.type in names and e.run_id == run_id)).type


async def verdict(chat: ChatSocket) -> ApprovalAccepted | Failed:
    """Hear frames until an answer of this window is taken or not."""
    while True:
        frame = await chat.next()
        if isinstance(frame, ApprovalAccepted | Failed):
            return frame


async def test_a_yes_is_acknowledged_acted_on_and_replayed(
    backend: RunningBackend, careful: Careful
) -> None:
    """The card's whole life over a socket, and the same events again for who comes later."""
    token = backend.issuer.user_token()
    async with chat_socket(backend.url, token) as chat:
        await chat.resume()
        accepted = await chat.say("letters")
        question = await question_in(chat, accepted.run_id)
        await chat.send(reply(question))
        taken = await chat.hear(ApprovalAccepted)
        last = await chat.hear_end(accepted.run_id)
    async with chat_socket(backend.url, token) as later:
        await later.resume(after=0)

    approval_id = payload(question)["approval_id"]
    assert taken == ApprovalAccepted(accepted.run_id, approval_id, approve=True, duplicate=False)
    assert payload(last)["text"] == "Burnt letters."
    assert careful.used == ["letters"]
    assert [event.type for event in later.events] == [event.type for event in chat.events]
    assert [event.payload for event in later.events] == [event.payload for event in chat.events]


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"approval"}',
        '{"type":"approval","run_id":"%(run)s","approval_id":"%(apr)s"}',
        '{"type":"approval","run_id":"%(run)s","approval_id":"%(apr)s","approve":"true"}',
        '{"type":"approval","run_id":"%(run)s","approval_id":"%(apr)s","approve":1}',
        '{"type":"approval","run_id":"%(run)s","approval_id":"%(apr)s","approve":null}',
        '{"type":"approval","run_id":"%(run)s","approval_id":"apr_1","approve":true}',
        '{"type":"approval","run_id":"%(run)s","approval_id":"%(apr)s","approve":true,"x":1}',
        '{"type":"approval","run_id":7,"approval_id":"%(apr)s","approve":true}',
    ],
)
async def test_only_a_frame_of_just_this_form_is_an_answer(
    backend: RunningBackend, careful: Careful, frame: str
) -> None:
    """What is almost a yes is a bad frame, and closes the socket with 4400."""
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.resume()
        accepted = await chat.say("letters")
        question = await question_in(chat, accepted.run_id)
        await chat.send(frame % {"run": accepted.run_id, "apr": payload(question)["approval_id"]})
        code, _ = await chat.closed()

    assert code == 4400
    assert careful.used == []


async def test_a_strangers_answer_is_not_found(backend: RunningBackend, careful: Careful) -> None:
    """Somebody else's question, and one that never was, are answered by the same frame."""
    berta = backend.issuer.user_token("usr_berta", session_id="ses_berta")
    async with (
        chat_socket(backend.url, backend.issuer.user_token()) as anna,
        chat_socket(backend.url, berta) as stranger,
    ):
        await anna.resume()
        await stranger.resume()
        accepted = await anna.say("letters")
        question = await question_in(anna, accepted.run_id)
        foreign, unknown = reply(question), Approval(accepted.run_id, UNKNOWN, approve=True)
        refusals = []
        for chat, said in ((stranger, foreign), (stranger, unknown), (anna, unknown)):
            await chat.send(said)
            refusals.append(await chat.hear(Failed))

        assert {(one.code, one.message, one.run_id) for one in refusals} == {
            ("not_found", refusals[0].message, accepted.run_id)
        }
        assert [one.approval_id for one in refusals] == [
            foreign.approval_id,
            UNKNOWN,
            UNKNOWN,
        ]
        assert stranger.events == []
        assert careful.used == []
        await anna.send(reply(question, approve=False))
        await anna.hear_end(accepted.run_id)


async def test_a_yes_and_a_no_from_two_windows_race_and_both_learn_the_outcome(
    backend: RunningBackend, careful: Careful
) -> None:
    """Exactly one is taken; the other is told so, and both windows see the same event."""
    token = backend.issuer.user_token()
    async with chat_socket(backend.url, token) as one, chat_socket(backend.url, token) as two:
        await one.resume()
        await two.resume()
        for number in range(10):
            accepted = await one.say(f"{number}")
            questions = [await question_in(chat, accepted.run_id) for chat in (one, two)]
            await asyncio.gather(
                one.send(reply(questions[0], approve=True)),
                two.send(reply(questions[1], approve=False)),
            )
            frames = await asyncio.gather(verdict(one), verdict(two))
            seen = {await answered_in(chat, questions[0]) for chat in (one, two)}
            await one.hear_end(accepted.run_id)
            await two.hear_end(accepted.run_id)

            [taken] = [frame for frame in frames if isinstance(frame, ApprovalAccepted)]
            [refused] = [frame for frame in frames if isinstance(frame, Failed)]
            assert refused.code == "conflict"
            assert refused.message.startswith(
                "This was approved" if taken.approve else "This was refused"
            )
            won = EventName.APPROVAL_GIVEN if taken.approve else EventName.APPROVAL_REFUSED
            assert seen == {won}
            assert (f"{number}" in careful.used) is taken.approve
    assert len(careful.used) == len(set(careful.used))


async def test_two_yes_at_once_are_one(backend: RunningBackend, careful: Careful) -> None:
    """Both windows are told yes, one of them that it was said before; the tool is used once."""
    token = backend.issuer.user_token()
    async with chat_socket(backend.url, token) as one, chat_socket(backend.url, token) as two:
        await one.resume()
        await two.resume()
        accepted = await one.say("letters")
        questions = [await question_in(chat, accepted.run_id) for chat in (one, two)]
        await asyncio.gather(one.send(reply(questions[0])), two.send(reply(questions[1])))
        frames = await asyncio.gather(verdict(one), verdict(two))
        await one.hear_end(accepted.run_id)

    assert [type(frame) for frame in frames] == [ApprovalAccepted, ApprovalAccepted]
    assert {frame.duplicate for frame in frames if isinstance(frame, ApprovalAccepted)} == {
        True,
        False,
    }
    assert careful.used == ["letters"]


async def test_a_restart_changes_nothing_for_who_comes_back(
    store: Path, auth: FakeAuthService, careful: Careful
) -> None:
    """A page that knows nothing is shown the question by the next process, and answers it there."""
    async with (
        running_backend(store, auth=auth, catalogue=careful.agents) as first,
        chat_socket(first.url, first.issuer.user_token()) as chat,
    ):
        await chat.resume()
        accepted = await chat.say("letters")
        before = await question_in(chat, accepted.run_id)
    async with (
        running_backend(store, auth=auth, catalogue=careful.agents) as second,
        chat_socket(second.url, second.issuer.user_token()) as chat,
    ):
        await chat.resume()
        question = await question_in(chat, accepted.run_id)
        await chat.send(reply(question))
        await chat.hear_end(accepted.run_id)

    assert question == before
    assert careful.used == ["letters"]


async def test_what_ends_a_waiting_run_closes_its_question(
    backend: RunningBackend, careful: Careful
) -> None:
    """Stop, and the deletion of the thread, each say so to the window that shows the question."""
    token = backend.issuer.user_token()
    async with chat_socket(backend.url, token) as chat, backend.client(token) as client:
        await chat.resume()
        stopped = await chat.say("one")
        await question_in(chat, stopped.run_id)
        await chat.send(Cancel(stopped.run_id))
        await chat.hear(CancelAccepted)
        await chat.hear_end(stopped.run_id)
        deleted: Accepted = await chat.say("two")
        question = await question_in(chat, deleted.run_id)
        answer = await client.delete(f"/api/threads/{deleted.thread_id}")
        await chat.hear_end(deleted.run_id)
        await chat.send(reply(question))
        refused = await chat.hear(Failed)

    assert answer.status_code == 204
    reasons = [
        payload(event)["reason"]
        for event in chat.events
        if event.type is EventName.APPROVAL_REFUSED
    ]
    assert reasons == ["ended", "ended"]
    assert refused.code == "not_found"
    assert careful.used == []


async def test_an_erased_person_is_asked_nothing_any_more(
    backend: RunningBackend, careful: Careful
) -> None:
    """With all the person has here goes the question; whoever answers it finds nothing."""
    token = backend.issuer.user_token()
    async with backend.client(token) as client:
        async with chat_socket(backend.url, token) as chat:
            await chat.resume()
            question = await question_in(chat, (await chat.say("letters")).run_id)
            erased = await client.delete("/api/me")
        async with chat_socket(backend.url, token) as again:
            await again.resume()
            await again.send(reply(question))
            refused = await again.hear(Failed)

    assert erased.status_code == 204
    assert refused.code == "not_found"
    assert again.events == []
    assert careful.used == []


async def test_the_assistant_deletes_a_thread_after_a_yes(
    store: Path, auth: FakeAuthService
) -> None:
    """The installed assistant's own tool, from the sentence to the thread that is gone."""
    async with running_backend(store, auth=auth) as backend:
        token = backend.issuer.user_token()
        async with chat_socket(backend.url, token) as chat, backend.client(token) as client:
            await chat.resume()
            old = await chat.say("what is 2 + 2?")
            await chat.hear_end(old.run_id)
            asked = await chat.say("delete the thread what is 2")
            question = await question_in(chat, asked.run_id)
            assert payload(question)["arguments"] == {
                "thread_id": old.thread_id,
                "title": "what is 2 + 2?",
            }
            assert (await client.get(f"/api/threads/{old.thread_id}")).status_code == 200
            await chat.send(reply(question))
            last = await chat.hear_end(asked.run_id)
            gone = await client.get(f"/api/threads/{old.thread_id}")

    assert payload(last)["text"].startswith("Deleted: the thread **what is 2")
    assert gone.status_code == 404
