"""Following the revocation feed, against a fake auth service on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from fakes.auth_service import FakeAuthService
from fakes.clock import ManualClock
from fakes.log_lines import log_lines
from fakes.timing import UNIT, eventually
from fakes.wired_client import Wired, wired
from netra.clock import SystemClock
from netra.errors import AuthServiceUnreachable, CouldNotDecide
from netra.secret import Secret
from netra.tokens import RevocationSet, TokenRejected
from netra.wire.auth_api import (
    REVOCATIONS_PATH,
    TOKEN_PATH,
    Revocation,
    RevocationKind,
    RevocationPage,
)
from netra_backend.app.auth_integration.revocations import RevocationFollower


@asynccontextmanager
async def following(
    backend: Wired, revocations: RevocationSet
) -> AsyncIterator[RevocationFollower]:
    """Follow the feed for the length of the block."""
    follower = RevocationFollower(backend.client, revocations, SystemClock())
    task = asyncio.create_task(follower.run())
    try:
        yield follower
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def fake() -> FakeAuthService:
    """Give a healthy auth service, not running yet."""
    return FakeAuthService()


async def test_a_revocation_takes_effect_within_a_second(fake: FakeAuthService) -> None:
    """A session ended at the auth service ends here while a poll is held (checklist 48)."""
    revocations = RevocationSet()
    async with (
        fake.running() as served,
        wired(served.url, fake.issuer, revocations=revocations) as backend,
        following(backend, revocations) as follower,
    ):
        token = fake.issuer.user_token(session_id="ses_1")
        await backend.verifier.verify(token)
        await eventually(lambda: follower.up, within=5 * UNIT)

        await fake.revoke(RevocationKind.SESSION, "ses_1")

        async def refused() -> bool:
            try:
                await backend.verifier.verify(token)
            except TokenRejected:
                return True
            return False

        await eventually(refused, within=1 * UNIT)


async def test_what_was_revoked_before_is_known_at_the_start(fake: FakeAuthService) -> None:
    """The feed is read from its beginning, page by page."""
    for number in range(1200):
        await fake.revoke(RevocationKind.TOKEN, f"tok_{number}")
    revocations = RevocationSet()
    async with (
        fake.running() as served,
        wired(served.url, fake.issuer) as backend,
        following(backend, revocations),
    ):
        await eventually(lambda: len(revocations) == 1200, within=5 * UNIT)


async def test_an_idle_feed_is_not_asked_in_a_tight_circle(fake: FakeAuthService) -> None:
    """While nothing happens the answer is held, and nobody spins."""
    revocations = RevocationSet()
    async with (
        fake.running() as served,
        wired(served.url, fake.issuer) as backend,
        following(backend, revocations) as follower,
    ):
        await eventually(lambda: fake.calls[REVOCATIONS_PATH] >= 2, within=5 * UNIT)
        await asyncio.sleep(0.5)
        assert follower.up
        assert fake.calls[REVOCATIONS_PATH] <= 3
        assert fake.calls[TOKEN_PATH] == 1


async def test_it_stops_promptly_while_an_answer_is_held(fake: FakeAuthService) -> None:
    """Cancelling ends a held poll at once, and `up` with it."""
    async with fake.running() as served, wired(served.url, fake.issuer) as backend:
        follower = RevocationFollower(backend.client, RevocationSet(), SystemClock())
        task = asyncio.create_task(follower.run())
        await eventually(lambda: fake.calls[REVOCATIONS_PATH] >= 2, within=5 * UNIT)

        task.cancel()
        done, _ = await asyncio.wait((task,), timeout=0.5 * UNIT)

    assert done == {task}
    assert not follower.up


async def test_it_comes_back_by_itself(fake: FakeAuthService) -> None:
    """Down, `up` is false and what is known stays; back, the cursor goes on where it was."""
    revocations = RevocationSet()
    with log_lines() as lines:
        async with fake.running() as first:
            port = first.port
        async with (
            wired(f"http://127.0.0.1:{port}", fake.issuer) as backend,
            following(backend, revocations) as follower,
        ):
            async with fake.running(port):
                await fake.revoke(RevocationKind.TOKEN, "tok_1")
                await eventually(lambda: len(revocations) == 1, within=15 * UNIT)
            await eventually(lambda: not follower.up, within=20 * UNIT)
            assert len(revocations) == 1
            await fake.revoke(RevocationKind.TOKEN, "tok_2")

            async with fake.running(port):
                await eventually(lambda: len(revocations) == 2, within=20 * UNIT)
                assert follower.up
                assert follower.lag is not None

    assert [line["event"] for line in lines.all() if line["event"].startswith("revocation")] in (
        ["revocation_feed_up", "revocation_feed_down", "revocation_feed_up"],
        [
            "revocation_feed_down",
            "revocation_feed_up",
            "revocation_feed_down",
            "revocation_feed_up",
        ],
    )


async def test_a_feed_that_began_anew_is_read_anew(fake: FakeAuthService) -> None:
    """A cursor beyond the feed's end does not hide what comes now."""
    revocations = RevocationSet()
    async with (
        fake.running() as served,
        wired(served.url, fake.issuer) as backend,
        following(backend, revocations),
    ):
        await fake.revoke(RevocationKind.TOKEN, "tok_1")
        await fake.revoke(RevocationKind.TOKEN, "tok_2")
        await eventually(lambda: len(revocations) == 2, within=5 * UNIT)
    fake.forget_revocations()
    await fake.revoke(RevocationKind.TOKEN, "tok_3")

    feed = _Scripted(RevocationPage(items=(), next_after=2), await _page(fake), await _page(fake))
    follower = RevocationFollower(feed, revocations, SystemClock(), pause=feed.pause)
    with pytest.raises(_End):
        await follower.run()

    assert feed.asked == [0, 2, 0, 1]
    assert len(revocations) == 3


async def _page(fake: FakeAuthService) -> RevocationPage:
    """Give what the fake would answer to a fresh reader."""
    items = tuple(fake._behind(0))
    return RevocationPage(items=items, next_after=items[-1].seq)


class _End(Exception):
    """The script is over."""


class _Scripted:
    """A feed that gives what it was told to, and notes cursors and pauses."""

    def __init__(self, *script: RevocationPage | CouldNotDecide) -> None:
        self._script = list(script)
        self.asked: list[int] = []
        self.waits: list[float] = []
        self.pauses: list[float] = []

    async def revocations_after(self, after: int, wait: float) -> RevocationPage:
        """Give the next page or error."""
        self.asked.append(after)
        self.waits.append(wait)
        if not self._script:
            raise _End
        step = self._script.pop(0)
        if isinstance(step, CouldNotDecide):
            raise step
        return step

    async def pause(self, seconds: float) -> None:
        """Note the pause instead of pausing."""
        self.pauses.append(seconds)


async def test_failures_are_paused_between_and_logged_once_a_minute() -> None:
    """Pauses grow to a bound with jitter; a minute of failures is one event."""
    clock = ManualClock()
    feed = _Scripted(*(AuthServiceUnreachable("no connection") for _ in range(40)))

    async def pause(seconds: float) -> None:
        feed.pauses.append(seconds)
        clock.advance(seconds)

    with log_lines() as lines:
        follower = RevocationFollower(feed, RevocationSet(), clock, pause=pause, jitter=lambda: 1.0)
        with pytest.raises(_End):
            await follower.run()

    assert feed.pauses[:4] == [0.4, 0.8, 1.6, 3.0]
    assert max(feed.pauses) == 3.0
    assert set(feed.waits) == {0.0}
    events = lines.of("revocation_feed_down")
    assert len(events) == 2
    assert events[0]["reason"] == "no connection"
    assert events[1]["not_logged_since"] > 10
    assert follower.lag is None


async def test_the_first_look_after_a_failure_is_not_held() -> None:
    """Whether the feed is back is known at once, not after the longest wait."""
    empty = RevocationPage(items=(), next_after=0)
    feed = _Scripted(empty, empty, AuthServiceUnreachable("gone"), empty, empty)
    follower = RevocationFollower(feed, RevocationSet(), ManualClock(), pause=feed.pause)
    with pytest.raises(_End):
        await follower.run()

    assert feed.waits == [0.0, 20, 20, 0.0, 20, 20]


async def test_a_wrong_secret_keeps_the_feed_down_without_a_flood(fake: FakeAuthService) -> None:
    """A refused credential is one critical event, however often the feed is tried."""
    fake.secrets = {"netra-backend": Secret("another one")}
    with log_lines() as lines:
        async with (
            fake.running() as served,
            wired(served.url, fake.issuer) as backend,
            following(backend, RevocationSet()) as follower,
        ):
            await eventually(lambda: bool(lines.of("revocation_feed_down")), within=5 * UNIT)
            await asyncio.sleep(1.5)
            assert not follower.up

    assert fake.calls[TOKEN_PATH] == 1
    assert fake.calls[REVOCATIONS_PATH] == 0
    assert len(lines.of("critical_auth_failure")) == 1
    assert len(lines.of("revocation_feed_down")) == 1
    assert lines.of("revocation_feed_down")[0]["error_code"] == "own_credential_unproven"


def _of_page(*seqs: int) -> RevocationPage:
    items = tuple(
        Revocation(
            seq=seq,
            kind=RevocationKind.SESSION,
            identifier=f"ses_{seq}",
            revoked_at=1_800_000_000.0,
            expires_at=1_800_000_300.0,
        )
        for seq in seqs
    )
    return RevocationPage(items=items, next_after=seqs[-1] if seqs else 0)


async def test_who_asked_is_told_what_was_applied() -> None:
    """Every entry is told once it is in the set; a page without entries is not worth a word."""
    revocations = RevocationSet()
    told: list[tuple[tuple[str, ...], int]] = []

    def note(items: tuple[Revocation, ...]) -> None:
        told.append((tuple(item.identifier for item in items), len(revocations)))

    feed = _Scripted(_of_page(1, 2), _of_page(), _of_page(3))
    follower = RevocationFollower(
        feed, revocations, ManualClock(), pause=feed.pause, on_applied=note
    )
    with pytest.raises(_End):
        await follower.run()

    assert told == [(("ses_1", "ses_2"), 2), (("ses_3",), 3)]


async def test_who_could_not_be_told_is_told_again() -> None:
    """A page counts as read only once everybody was told: begun again, it is asked for again."""
    told: list[int] = []

    def fail_first(items: tuple[Revocation, ...]) -> None:
        told.append(items[0].seq)
        if len(told) == 1:
            raise LookupError

    revocations = RevocationSet()
    feed = _Scripted(_of_page(1), _of_page(1))
    follower = RevocationFollower(
        feed, revocations, ManualClock(), pause=feed.pause, on_applied=fail_first
    )
    with pytest.raises(LookupError):
        await follower.run()
    assert len(revocations) == 1
    with pytest.raises(_End):
        await follower.run()

    assert told == [1, 1]
    assert feed.asked == [0, 0, 1]
