"""Tests of `websocket_core.connection_registry`: who is connected, and who is sent away."""

import asyncio

import pytest

from fakes.clock import ManualClock
from fakes.log_lines import log_lines
from fakes.timing import UNIT, eventually
from netra.errors import TooManyRequests
from netra.principal import UserPrincipal
from netra.tokens import RevocationSet
from netra.wire.chat_protocol import CloseCode
from netra_backend.app.websocket_core.connection_registry import ConnectionRegistry
from netra_backend.app.websocket_core.session_protocol import MESSAGE_BURST, SHUT_OUT_SECONDS


class Socket:
    """A socket that notes how it was ended."""

    def __init__(self, user_id: str = "usr_anna", session_id: str = "ses_1") -> None:
        self.principal = UserPrincipal(
            user_id, session_id, "netra-chat", frozenset(), frozenset(), f"tok_{user_id}", 2e9
        )
        self.ended: list[tuple[CloseCode, str]] = []

    def end(self, code: CloseCode, reason: str) -> None:
        """Note it."""
        self.ended.append((code, reason))


ENDED = (CloseCode.NOT_AUTHENTICATED, "session ended")


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands still."""
    return ManualClock()


@pytest.fixture
def revocations() -> RevocationSet:
    """Give a set in which nothing is."""
    return RevocationSet()


@pytest.fixture
async def registry(revocations: RevocationSet, clock: ManualClock) -> ConnectionRegistry:
    """Give a registry that admits two sockets for each person."""
    return ConnectionRegistry(revocations, clock, per_principal=2)


async def test_a_person_has_so_many_sockets(registry: ConnectionRegistry) -> None:
    """One too many is refused, and room is made by a removal (checklist 56)."""
    sockets = [Socket() for _ in range(3)]
    registry.admit(sockets[0])
    registry.admit(sockets[1])
    with pytest.raises(TooManyRequests):
        registry.admit(sockets[2])
    registry.admit(Socket("usr_bob"))
    assert len(registry) == 3

    registry.remove(sockets[2])
    assert len(registry) == 3
    registry.remove(sockets[0])
    registry.remove(sockets[0])
    registry.admit(sockets[2])

    assert len(registry) == 3


async def test_only_who_is_concerned_is_ended(
    registry: ConnectionRegistry, revocations: RevocationSet
) -> None:
    """A revoked session's sockets are ended, another's are not (checklist 48)."""
    concerned, other, bob = Socket(), Socket(session_id="ses_2"), Socket("usr_bob", "ses_3")
    for socket in (concerned, other, bob):
        registry.admit(socket)
    registry.end_revoked()
    revocations.apply([("session", "ses_1", 2e9, 2e9)])

    with log_lines() as lines:
        registry.end_revoked()

    assert concerned.ended == [ENDED]
    assert other.ended == []
    assert bob.ended == []
    assert lines.only("sockets_ended_by_revocation")["sockets"] == 1


async def test_a_socket_revoked_on_its_way_in_is_ended(
    registry: ConnectionRegistry, revocations: RevocationSet
) -> None:
    """What was revoked between the handshake and the admission is not missed (checklist 48)."""
    revocations.apply([("subject", "usr_anna", 2e9, 2e9)])
    socket = Socket()

    registry.admit(socket)

    assert socket.ended == [ENDED]


async def test_limits_are_shared_and_outlive_sockets(
    registry: ConnectionRegistry, clock: ManualClock
) -> None:
    """One person has one limit of messages; it is kept until a new one would be no different."""
    socket = Socket()
    registry.admit(socket)
    limits = registry.limits_of("usr_anna")
    for _ in range(MESSAGE_BURST):
        assert limits.messages.take(clock.monotonic()) == 0
    registry.remove(socket)

    assert registry.limits_of("usr_anna") is limits
    assert registry.limits_of("usr_bob") is not limits
    clock.advance(3600)
    assert registry.limits_of("usr_anna") is not limits


async def test_limits_of_who_is_connected_are_kept(
    registry: ConnectionRegistry, clock: ManualClock
) -> None:
    """A socket keeps the limit it began with, and later sockets of its person have the same."""
    registry.admit(Socket())
    limits = registry.limits_of("usr_anna")
    clock.advance(3600)

    assert registry.limits_of("usr_anna") is limits


async def test_who_was_closed_for_too_much_is_let_in_later(
    registry: ConnectionRegistry, clock: ManualClock
) -> None:
    """The refusal says how long it will be, and concerns nobody else (checklist 56)."""
    registry.refuse_who_is_shut_out("usr_anna")
    registry.limits_of("usr_anna").shut_out(clock.monotonic(), SHUT_OUT_SECONDS)
    clock.advance(0.5)

    with pytest.raises(TooManyRequests) as refused:
        registry.refuse_who_is_shut_out("usr_anna")
    assert refused.value.retry_after == SHUT_OUT_SECONDS
    registry.refuse_who_is_shut_out("usr_bob")
    clock.advance(SHUT_OUT_SECONDS)
    registry.refuse_who_is_shut_out("usr_anna")


async def test_closing_ends_all_and_waits_for_them(registry: ConnectionRegistry) -> None:
    """Everybody is told to come back, latecomers too, and the close ends when the last has gone."""
    sockets = [Socket(), Socket("usr_bob")]
    for socket in sockets:
        registry.admit(socket)
    closing = asyncio.create_task(registry.aclose())
    await eventually(lambda: sockets[1].ended, within=UNIT)
    late = Socket("usr_carol")
    registry.admit(late)
    for socket in (*sockets, late):
        assert not closing.done()
        assert socket.ended == [(CloseCode.RESTARTING, "restarting")]
        registry.remove(socket)
    await closing


async def test_closing_waits_for_nobody_for_ever(
    revocations: RevocationSet, clock: ManualClock
) -> None:
    """A socket that does not go is left, and that is said."""
    registry = ConnectionRegistry(revocations, clock, drain_seconds=0.01)
    registry.admit(Socket())

    with log_lines() as lines:
        await registry.aclose()

    assert lines.only("sockets_left_open")["sockets"] == 1


async def test_closing_with_nobody_there_is_at_once(registry: ConnectionRegistry) -> None:
    """There is nothing to wait for."""
    await registry.aclose()
