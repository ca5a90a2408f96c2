"""How much one person may ask of the socket (checklist 56); a limit outlives its sockets."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from fakes.chat_socket import ChatSocket, chat_socket
from fakes.clock import ManualClock
from fakes.running_backend import RunningBackend, running_backend
from fakes.timing import UNIT, eventually
from netra.wire.chat_protocol import Cancel, Failed, Ping, Pong, SendMessage
from netra_backend.app.websocket_core.connection_registry import CONNECTIONS_PER_PRINCIPAL
from netra_backend.app.websocket_core.session_protocol import (
    FRAME_BURST,
    FRAMES_PER_SECOND,
    MESSAGE_BURST,
    REFUSALS_IN_A_ROW,
    SHUT_OUT_SECONDS,
)

NO_THREAD = "thr_01k9zzzzzzzzzzzzzzzzzzzzzz"
NO_RUN = "run_01k9zzzzzzzzzzzzzzzzzzzzzz"


async def flood(chat: ChatSocket, number: int, first: int = 0) -> None:
    """Send messages that begin nothing."""
    for place in range(first, first + number):
        await chat.send(SendMessage(f"message-{place}", "hello", thread_id=NO_THREAD))


async def refusals(chat: ChatSocket, number: int) -> list[str]:
    """Hear so many error frames and give their codes."""
    return [(await chat.hear(Failed)).code for _ in range(number)]


async def test_one_person_has_so_many_sockets(backend: RunningBackend) -> None:
    """One too many is closed with 4429; others are not concerned, and a closed one makes room.

    (checklist 56)
    """
    alice, bob = backend.issuer.user_token(), backend.issuer.user_token("usr_bob")
    async with AsyncExitStack() as stack:
        open_ones = [
            await stack.enter_async_context(chat_socket(backend.url, alice))
            for _ in range(CONNECTIONS_PER_PRINCIPAL)
        ]
        for chat in open_ones:
            await chat.resume()
        async with chat_socket(backend.url, alice) as one_more:
            assert await one_more.closed() == (4429, "too many connections")
        async with chat_socket(backend.url, bob) as other:
            await other.resume()
        await open_ones[0].socket.close()

        async def there_is_room() -> bool:
            async with chat_socket(backend.url, alice) as chat:
                await chat.send('{"type":"resume"}')
                return type(await chat.next()).__name__ == "Ready"

        await eventually(there_is_room, within=5 * UNIT)
        await open_ones[1].send(Ping())
        await open_ones[1].hear(Pong)


async def test_messages_are_limited_over_all_sockets(backend: RunningBackend) -> None:
    """A burst is taken, then two a second, over all of a person's sockets (checklist 56).

    Closing a socket and opening another renews nothing; another person is not concerned.
    """
    alice, bob = backend.issuer.user_token(), backend.issuer.user_token("usr_bob")
    async with chat_socket(backend.url, alice) as one, chat_socket(backend.url, alice) as two:
        for chat in (one, two):
            await chat.resume()
        await flood(one, MESSAGE_BURST // 2)
        assert set(await refusals(one, MESSAGE_BURST // 2)) == {"not_found"}
        await flood(two, MESSAGE_BURST // 2 + 5)
        codes = await refusals(two, MESSAGE_BURST // 2 + 5)
    async with chat_socket(backend.url, alice) as three, chat_socket(backend.url, bob) as other:
        await three.resume()
        await other.resume()
        await flood(three, 6)
        anew = await refusals(three, 6)
        accepted = await other.say("who am I")

    # What refills while the frames are on their way is a message or two.
    assert codes.count("too_many_requests") >= 2
    assert anew.count("too_many_requests") >= 1
    assert codes[0] == "not_found"
    assert not accepted.duplicate


async def test_a_refused_message_can_be_sent_again(backend: RunningBackend) -> None:
    """The refusal says when; who waits for so long is served."""
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.resume()
        await flood(chat, MESSAGE_BURST + 4)
        await refusals(chat, MESSAGE_BURST + 3)
        refused = await chat.hear(Failed)
        assert refused.code == "too_many_requests"
        assert refused.retry_after == 1
        assert refused.client_id == f"message-{MESSAGE_BURST + 3}"
        clock = backend.state.clock
        then = clock.monotonic() + refused.retry_after
        await eventually(lambda: clock.monotonic() >= then, within=5 * UNIT)
        accepted = await chat.say("who am I", client_id=refused.client_id)
        await chat.hear_end(accepted.run_id)

    assert not accepted.duplicate


async def test_who_does_not_slow_down_is_closed(backend: RunningBackend) -> None:
    """Refusal after refusal ends in 4429 (checklist 56)."""
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.resume()
        await flood(chat, MESSAGE_BURST + 2 * REFUSALS_IN_A_ROW)

        assert await chat.closed() == (4429, "too many messages")
    refused = [frame for frame in chat.heard if isinstance(frame, Failed)]
    assert len(refused) <= MESSAGE_BURST + 2 * REFUSALS_IN_A_ROW


async def test_who_was_closed_for_too_much_is_let_in_later(store: Path) -> None:
    """A real 429 that says when to come again; other people are let in (checklist 56)."""
    clock = ManualClock()
    async with running_backend(store, clock=clock) as backend:
        alice, bob = backend.issuer.user_token(), backend.issuer.user_token("usr_bob")
        async with chat_socket(backend.url, alice) as chat:
            await chat.resume()
            await flood(chat, MESSAGE_BURST + REFUSALS_IN_A_ROW)
            assert await chat.closed() == (4429, "too many messages")
        with pytest.raises(InvalidStatus) as denied:
            async with chat_socket(backend.url, alice):
                pass
        async with chat_socket(backend.url, bob) as other:
            await other.resume()
        clock.advance(SHUT_OUT_SECONDS)
        async with chat_socket(backend.url, alice) as chat:
            await chat.resume()

    answer = denied.value.response
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == f"{SHUT_OUT_SECONDS:g}"


async def test_frames_are_limited_over_all_sockets(store: Path) -> None:
    """Spreading them over sockets gains nothing (checklist 56)."""
    async with running_backend(store, clock=ManualClock()) as backend:
        token = backend.issuer.user_token()
        async with chat_socket(backend.url, token) as one, chat_socket(backend.url, token) as two:
            await one.resume()
            await two.resume()
            for place in range(FRAME_BURST - 2):
                await (one, two)[place % 2].send(Ping(f"{place}"))
                await (one, two)[place % 2].hear(Pong)
            await two.send(Ping())

            assert await two.closed() == (4429, "too many frames")


async def test_a_flood_of_frames_is_closed(backend: RunningBackend) -> None:
    """Frames of every kind count: cancels that ask the database as well (checklist 56)."""
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        await chat.resume()
        for place in range(int(FRAME_BURST + 20 * FRAMES_PER_SECOND)):
            await chat.send(Ping(f"{place}") if place % 50 else Cancel(NO_RUN))

        assert await chat.closed() == (4429, "too many frames")
