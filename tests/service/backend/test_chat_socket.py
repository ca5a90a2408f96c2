"""The chat's socket on the running backend: who gets in, what is answered, what is replayed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from fakes.chat_socket import chat_socket
from fakes.log_lines import LogLines
from fakes.running_backend import RunningBackend, backend_settings, running_backend
from fakes.scripted_agents import catalogue
from fakes.stores import move_store
from fakes.timing import UNIT, eventually
from netra.agent_api import Question, Run
from netra.wire.chat_protocol import (
    MAX_FRAME_BYTES,
    Cancel,
    CancelAccepted,
    EventName,
    Failed,
    Ping,
    Pong,
    Ready,
    Refresh,
    RunEvent,
    SendMessage,
)

PAGE = "https://chat.example"
GRAMMAR = [
    "agent_started",
    "agent_thinking",
    "tool_executing",
    "tool_completed",
    "agent_completed",
]
NO_RUN = "run_01k9zzzzzzzzzzzzzzzzzzzzzz"
NO_THREAD = "thr_01k9zzzzzzzzzzzzzzzzzzzzzz"


@pytest.fixture
async def backend(store: Path) -> AsyncIterator[RunningBackend]:
    """Run the backend with one allowed page."""
    settings = backend_settings(store, ALLOWED_ORIGINS=PAGE)
    async with running_backend(store, settings=settings) as running:
        yield running


class Gate:
    """An agent that answers when a test lets it."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.reached = asyncio.Event()

    async def __call__(self, question: Question, run: Run) -> str:
        """Wait to be let through."""
        await run.think("Waiting.")
        self.reached.set()
        await self.opened.wait()
        return f"You said: {question.text}"


@pytest.fixture
def gate() -> Gate:
    """Give an agent that waits."""
    return Gate()


@pytest.fixture
async def waiting(store: Path, gate: Gate) -> AsyncIterator[RunningBackend]:
    """Run the backend with that agent."""
    async with running_backend(store, catalogue=catalogue(gate)) as running:
        yield running


# Getting in.


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_person_talks_to_the_assistant(backend: RunningBackend, *, by_header: bool) -> None:
    """A message is accepted, five kinds of events follow in order, and the answer is stored."""
    token = backend.issuer.user_token()
    async with chat_socket(backend.url, token, by_header=by_header, origin=PAGE) as chat:
        assert chat.socket.subprotocol == (None if by_header else "netra.chat.v1")
        ready = await chat.resume()
        accepted = await chat.say("who am I")
        last = await chat.hear_end(accepted.run_id)

    assert (ready.seq, ready.reset, ready.agents) == (0, False, ("assistant",))
    assert not accepted.duplicate
    names = [event.type.value for event in chat.events if event.type != "text_delta"]
    assert names == GRAMMAR
    assert chat.seqs == list(range(1, len(chat.seqs) + 1))
    for event in chat.events:
        assert (event.run_id, event.thread_id) == (accepted.run_id, accepted.thread_id)
        assert event.agent_name == "assistant"
    assert isinstance(last.payload, dict)
    async with backend.client(token) as client:
        stored = (await client.get(f"/api/threads/{accepted.thread_id}/messages")).json()["items"]
    assert [m["author"] for m in stored] == ["user", "agent"]
    assert stored[1]["id"] == last.payload["message_id"]
    assert stored[1]["text"] == last.payload["text"]


async def test_a_plain_request_is_told_what_this_is(backend: RunningBackend) -> None:
    """GET is 400 with a problem document, whoever asks; any other method is 405."""
    async with backend.client() as nobody, backend.as_user("usr_anna") as user:
        plain = [await nobody.get("/ws"), await user.get("/ws")]
        posted = await nobody.post("/ws")

    for answer in plain:
        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "request_invalid"
        assert answer.json()["detail"] == "This is a WebSocket endpoint."
    assert posted.status_code == 405
    assert posted.headers["Allow"] == "GET"


async def test_a_handshake_whose_upgrade_a_proxy_took_is_told_so(
    backend: RunningBackend, logged: LogLines
) -> None:
    """400 that says what is missing, and a line by which whoever is paged finds the proxy."""
    left = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    async with backend.as_user("usr_anna") as user:
        answer = await user.get("/ws", headers=left)
        await user.get("/ws")

    assert answer.status_code == 400
    assert answer.json()["code"] == "request_invalid"
    assert "Upgrade" in answer.json()["detail"]
    line = logged.only("upgrade_missing")
    assert line["severity"] == "WARNING"
    assert line["http_version"] == "1.1"


async def _denied(backend: RunningBackend, query: str = "", **more: Any) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws{backend.url.removeprefix('http')}/ws{query}", proxy=None, **more):
            pass
    response = refused.value.response
    return response.status_code, response.body.decode()


async def test_nobody_else_gets_in(backend: RunningBackend, logged: LogLines) -> None:
    """No credential 401, a bad one 401, one in the URL 401, a foreign page 403, a service 403.

    All before `accept`, as problem documents (checklist 46, 54).
    """
    user, service = backend.issuer.user_token(), backend.issuer.service_token()
    expired = backend.issuer.crafted({"iat": 1_700_000_000, "exp": 1_700_000_300})

    def header(token: str) -> dict[str, Any]:
        return {"additional_headers": {"Authorization": f"Bearer {token}"}}

    status, body = await _denied(backend)
    assert (status, '"credential_missing"' in body) == (401, True)
    for bad in (expired, user[:-4] + "AAAA", "x"):
        status, body = await _denied(backend, **header(bad))
        assert (status, '"invalid_token"' in body) == (401, True)
    for name in ("token", "access_token"):
        assert (await _denied(backend, f"?{name}={user}", **header(user)))[0] == 401
    status, body = await _denied(backend, origin="https://evil.example", **header(user))
    assert (status, '"origin_refused"' in body) == (403, True)
    status, body = await _denied(backend, **header(service))
    assert (status, '"insufficient_scope"' in body) == (403, True)
    status, body = await _denied(backend, subprotocols=[Subprotocol("v9")], **header(user))
    assert (status, '"request_invalid"' in body) == (400, True)
    assert user not in logged.text
    assert logged.of("websocket_closed") == []


async def test_a_socket_elsewhere_is_not_found(backend: RunningBackend) -> None:
    """404, as for a plain request: 403 would say that somebody is known and not allowed."""
    token = backend.issuer.user_token()
    for path in ("/ws/", "/WS", "/nope", "/api/me"):
        for headers in ({}, {"Authorization": f"Bearer {token}"}):
            address = f"ws{backend.url.removeprefix('http')}{path}"
            with pytest.raises(InvalidStatus) as refused:
                async with connect(address, proxy=None, additional_headers=headers):
                    pass
            response = refused.value.response
            assert (response.status_code, b'"not_found"' in response.body) == (404, True)


# What may be said.


@pytest.mark.parametrize(
    "frame",
    [
        "hello",
        "{}",
        '{"type":"ping"}',
        '{"type":"subscribe"}',
        b"\x00\x01",
        '{"type":"resume","x":1}',
    ],
)
async def test_a_bad_first_frame_ends_the_socket(
    backend: RunningBackend, frame: str | bytes
) -> None:
    """An error says what was wrong, then 4400; nothing is served before a resume."""
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.send(frame)
        code, reason = await chat.closed()

    assert code == 4400
    assert reason.startswith("bad frame")
    assert [type(told) for told in chat.heard] == [Failed]


async def test_a_socket_resumes_once(backend: RunningBackend) -> None:
    """A second resume is a bad frame."""
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.resume()
        await chat.send('{"type":"resume"}')

        assert await chat.closed() == (4400, "bad frame: resumed before")


async def test_a_frame_that_is_too_large_ends_the_socket(
    backend: RunningBackend, logged: LogLines
) -> None:
    """The server closes with 1009 before the frame is looked at."""
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.resume()
        await chat.send("x" * (MAX_FRAME_BYTES + 1))

        assert (await chat.closed())[0] == 1009
    await eventually(lambda: logged.of("websocket_closed"), within=5 * UNIT)
    closed = logged.only("websocket_closed")
    assert (closed["close_code"], closed["closed_by"]) == (1009, "server")


async def test_a_ping_is_answered(backend: RunningBackend) -> None:
    """With its nonce."""
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.resume()
        await chat.send(Ping("42"))

        assert await chat.hear(Pong) == Pong("42")


async def test_what_cannot_be_served_is_told_and_the_socket_stays(backend: RunningBackend) -> None:
    """An unknown thread, another's thread, no such agent, a text that cannot be stored."""
    async with backend.as_user("usr_bob") as bob:
        bobs = (await bob.post("/api/threads", json={"title": "Bob's"})).json()["id"]
    said = [
        (SendMessage("aaaaaaa1", "hello", thread_id=NO_THREAD), "not_found"),
        (SendMessage("aaaaaaa2", "hello", thread_id=bobs), "not_found"),
        (SendMessage("aaaaaaa3", "hello", agent="nobody"), "not_found"),
        (SendMessage("aaaaaaa4", "a\x00b"), "content_invalid"),
    ]
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.resume()
        for message, code in said:
            await chat.send(message)
            refused = await chat.hear(Failed)
            assert (refused.code, refused.client_id) == (code, message.client_id)
        await chat.send(Cancel(NO_RUN))
        refused = await chat.hear(Failed)
        assert (refused.code, refused.run_id) == ("not_found", NO_RUN)
        accepted = await chat.say("who am I")
        await chat.hear_end(accepted.run_id)


async def test_the_same_message_again_is_the_same_turn(backend: RunningBackend) -> None:
    """Sent again over this or another socket it is accepted as the same, and runs once."""
    token = backend.issuer.user_token()
    async with chat_socket(backend.url, token) as chat:
        await chat.resume()
        first = await chat.say("who am I", client_id="the-same-one")
        again = await chat.say("who am I", client_id="the-same-one")
        await chat.hear_end(first.run_id)
    async with chat_socket(backend.url, token) as chat:
        await chat.resume(0)
        later = await chat.say("who am I", client_id="the-same-one")

        assert [first.duplicate, again.duplicate, later.duplicate] == [False, True, True]
        assert first.run_id == again.run_id == later.run_id
        assert sum(event.type == "agent_started" for event in chat.events) == 1


async def test_a_cancel_stops_a_run(waiting: RunningBackend, gate: Gate) -> None:
    """The cancel is confirmed and the run ends in a failure that says so; again is no error."""
    async with chat_socket(waiting.url, waiting.issuer.user_token()) as chat:
        await chat.resume()
        accepted = await chat.say("wait")
        await gate.reached.wait()
        await chat.send(Cancel(accepted.run_id))
        await chat.hear(CancelAccepted, lambda frame: frame.run_id == accepted.run_id)
        last = await chat.hear_end(accepted.run_id)
        await chat.send(Cancel(accepted.run_id))
        await chat.hear(CancelAccepted)

    assert last.type is EventName.AGENT_FAILED
    assert isinstance(last.payload, dict)
    assert last.payload["reason"] == "cancelled"


async def test_nobody_cancels_anothers_run(waiting: RunningBackend, gate: Gate) -> None:
    """A foreign run is answered like an unknown one, and goes on."""
    alice, bob = waiting.issuer.user_token(), waiting.issuer.user_token("usr_bob")
    async with chat_socket(waiting.url, alice) as chat, chat_socket(waiting.url, bob) as other:
        await chat.resume()
        await other.resume()
        accepted = await chat.say("wait")
        await other.send(Cancel(accepted.run_id))
        refused = await other.hear(Failed)
        gate.opened.set()
        last = await chat.hear_end(accepted.run_id)

    assert refused.code == "not_found"
    assert last.type is EventName.AGENT_COMPLETED


# Who hears what.


async def test_every_socket_of_a_person_hears_the_same(backend: RunningBackend) -> None:
    """All of a person's devices hear every event, and nobody else hears any."""
    alice, bob = backend.issuer.user_token(), backend.issuer.user_token("usr_bob")
    async with (
        chat_socket(backend.url, alice) as phone,
        chat_socket(backend.url, alice) as desk,
        chat_socket(backend.url, bob) as other,
    ):
        for chat in (phone, desk, other):
            await chat.resume()
        accepted = await phone.say("who am I")
        await phone.hear_end(accepted.run_id)
        await desk.hear_end(accepted.run_id)
        await other.send(Ping("still quiet"))
        await other.hear(Pong)

    assert phone.events == desk.events
    assert other.events == []


async def test_a_dropped_socket_loses_nothing(waiting: RunningBackend, gate: Gate) -> None:
    """The run goes on, and a resume gives exactly what followed, then what is live."""
    token = waiting.issuer.user_token()
    async with chat_socket(waiting.url, token) as chat:
        await chat.resume()
        accepted = await chat.say("first")
        await chat.hear(RunEvent, lambda event: event.type is EventName.AGENT_THINKING)
        heard = chat.events[-1].seq
        chat.socket.transport.abort()

    gate.opened.set()
    async with waiting.client(token) as client:

        async def answered() -> bool:
            path = f"/api/threads/{accepted.thread_id}/messages"
            return len((await client.get(path)).json()["items"]) == 2

        await eventually(answered, within=10 * UNIT)
    async with chat_socket(waiting.url, token) as chat:
        await chat.resume(heard)
        await chat.hear_end(accepted.run_id)
        second = await chat.say("second")
        await chat.hear_end(second.run_id)

    assert chat.seqs == list(range(heard + 1, heard + len(chat.seqs) + 1))
    assert chat.events[0].run_id == accepted.run_id
    assert isinstance(chat.heard[-1], RunEvent)


async def test_without_a_place_only_unfinished_runs_are_replayed(
    waiting: RunningBackend, gate: Gate
) -> None:
    """A page that was opened anew reads finished threads over HTTP and is sent the rest."""
    token = waiting.issuer.user_token()
    gate.opened.set()
    async with chat_socket(waiting.url, token) as chat:
        await chat.resume()
        done = await chat.say("first")
        await chat.hear_end(done.run_id)
        gate.opened.clear()
        gate.reached.clear()
        open_run = await chat.say("second")
        await gate.reached.wait()
    async with chat_socket(waiting.url, token) as chat:
        await chat.resume()
        gate.opened.set()
        await chat.hear_end(open_run.run_id)

    assert {event.run_id for event in chat.events} == {open_run.run_id}
    assert chat.events[0].type is EventName.AGENT_STARTED


async def test_a_client_of_another_journal_is_reset(backend: RunningBackend) -> None:
    """A place beyond the journal is answered with `reset`, and goes on live."""
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        ready = await chat.resume(1_000_000)
        accepted = await chat.say("who am I")
        await chat.hear_end(accepted.run_id)

    assert (ready.seq, ready.reset) == (0, True)
    assert chat.seqs[0] == 1


async def test_after_everything_was_erased_clients_begin_anew(backend: RunningBackend) -> None:
    """An open socket is closed with 1012 at the first event after the erasure.

    Who comes back later is told, however far the journal has gone on since; once.
    """
    token = backend.issuer.user_token()
    async with chat_socket(backend.url, token) as old, backend.client(token) as client:
        await old.resume()
        await old.hear_end((await old.say("who am I")).run_id)
        assert (await client.delete("/api/me")).status_code == 204
        async with chat_socket(backend.url, token) as new:
            ready = await new.resume(old.seqs[-1])
            await new.hear_end((await new.say("who am I")).run_id)

        erased = old.seqs[-1] + 1
        assert (ready.seq, ready.reset) == (erased, True)
        assert new.seqs[0] == erased + 1
        assert await old.closed() == (1012, "the journal begins anew")
        async with chat_socket(backend.url, token) as late:
            assert (await late.resume(old.seqs[-1])).reset
        async with chat_socket(backend.url, token) as knowing:
            assert not (await knowing.resume(new.seqs[-1])).reset


async def test_a_long_journal_is_replayed_whole(store: Path) -> None:
    """Thousands of events come in order, without a gap, and `ready` after them."""

    async def talk(_question: Question, run: Run) -> str:
        for number in range(1500):
            await run.say(f"{number} ")
        return "done"

    async with running_backend(store, catalogue=catalogue(talk)) as backend:
        token = backend.issuer.user_token()
        async with chat_socket(backend.url, token) as chat:
            await chat.resume()
            await chat.hear_end((await chat.say("talk")).run_id)
        async with chat_socket(backend.url, token) as again:
            ready = await again.resume(0)

    assert len(chat.seqs) > 1
    assert again.events == chat.events
    assert isinstance(again.heard[-1], Ready)
    assert ready.seq == chat.seqs[-1]


# When the database is away.


@pytest.mark.sqlite_only
async def test_without_the_database_a_message_is_refused_and_can_be_sent_again(
    backend: RunningBackend, tmp_path: Path
) -> None:
    """The error says when to try again, the socket stays, and the same message then is new."""
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.resume()
        move_store(tmp_path, tmp_path / "away")
        await chat.send(SendMessage("a-message", "who am I"))
        refused = await chat.hear(Failed)
        move_store(tmp_path / "away", tmp_path)
        accepted = await chat.say("who am I", client_id="a-message")
        await chat.hear_end(accepted.run_id)

    assert (refused.code, refused.client_id) == ("database_unavailable", "a-message")
    assert refused.retry_after is not None
    assert not accepted.duplicate


@pytest.mark.sqlite_only
async def test_without_the_database_a_resume_is_to_be_tried_again(
    backend: RunningBackend, tmp_path: Path, logged: LogLines
) -> None:
    """What cannot be replayed ends the socket with 1013: never as if there were nothing."""
    move_store(tmp_path, tmp_path / "away")
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.send('{"type":"resume","after":0}')

        assert await chat.closed() == (1013, "the journal cannot be read")
    move_store(tmp_path / "away", tmp_path)
    assert logged.of("journal_not_read")


async def test_what_is_said_is_in_no_log(backend: RunningBackend, logged: LogLines) -> None:
    """Neither a message nor an answer nor a token is logged, in good cases and in bad ones."""
    token = backend.issuer.user_token()
    async with chat_socket(backend.url, token) as chat:
        await chat.resume()
        await chat.hear_end((await chat.say("search for xylophone")).run_id)
        await chat.send(SendMessage("aaaaaaa4", "xylophone \x00"))
        await chat.hear(Failed)
        await chat.send(Refresh("xylophone"))
        await chat.hear(Failed)
        await chat.send('{"type":"xylophone"}')
        await chat.closed()
    await eventually(lambda: logged.of("websocket_closed"), within=5 * UNIT)

    assert "xylophone" not in logged.text
    assert token not in logged.text
