"""Tests of `netra.tokens.key_source`: how published keys are fetched, kept and missed."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from fakes.clock import ManualClock
from fakes.timing import UNIT, eventually
from netra.errors import AuthServiceUnreachable, InternalError
from netra.tokens import FixedKeySource, KeySet, RemoteKeySource, SigningKey, UnknownKey
from netra.tokens import key_source as module

FIRST, SECOND = SigningKey.generate(), SigningKey.generate()


class Issuer:
    """Publishes keys, counts who asks, and can be down, slow or out of its mind."""

    def __init__(self, *keys: SigningKey) -> None:
        self.document: Any = {"keys": [key.public_jwk() for key in keys]}
        self.asked = 0
        self.failure: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    def publish(self, *keys: SigningKey) -> None:
        """Replace the published set."""
        self.document = {"keys": [key.public_jwk() for key in keys]}

    async def fetch(self) -> Mapping[str, Any]:
        """Answer with the set, once it is allowed to answer."""
        self.asked += 1
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        document: Mapping[str, Any] = self.document
        return document


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that the test moves."""
    return ManualClock()


@pytest.fixture
def issuer() -> Issuer:
    """Give an issuer that publishes the first key."""
    return Issuer(FIRST)


@pytest.fixture
def source(issuer: Issuer, clock: ManualClock) -> RemoteKeySource:
    """Give a source with the usual limits: fresh for 300 s, 10 s apart, a day at most."""
    return RemoteKeySource(issuer.fetch, clock)


async def test_a_known_key_is_fetched_once_and_served_from_memory(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """Within the time to live the issuer is asked once."""
    for _ in range(100):
        assert (await source.keys_for(FIRST.kid)).find(FIRST.kid) is not None
        clock.advance(2.9)

    assert issuer.asked == 1
    assert source.age_seconds == pytest.approx(290)
    assert source.last_error is None


async def test_there_is_no_age_before_the_first_set(source: RemoteKeySource) -> None:
    """A source that has nothing says so."""
    assert source.age_seconds is None


async def test_a_thousand_cold_callers_make_one_fetch(
    source: RemoteKeySource, issuer: Issuer
) -> None:
    """One fetch serves everybody who waits for it."""
    issuer.open.clear()
    callers = [asyncio.create_task(source.keys_for(FIRST.kid)) for _ in range(1000)]
    await eventually(lambda: issuer.asked, within=5 * UNIT)
    issuer.open.set()

    sets = await asyncio.gather(*callers)

    assert issuer.asked == 1
    assert all(keys is sets[0] for keys in sets)


async def test_an_unknown_kid_costs_exactly_one_fetch_and_is_then_refused(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """One refetch, a refusal, and the refusal is remembered (checklist 21)."""
    await source.keys_for(FIRST.kid)
    clock.advance(60)

    for _ in range(5):
        with pytest.raises(UnknownKey) as refused:
            await source.keys_for("forged")
        assert refused.value.kid == "forged"
        clock.advance(20)

    assert issuer.asked == 2


async def test_a_new_key_is_found_by_the_one_refetch(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """A rotation is noticed by the first token of the new key (checklist 21)."""
    await source.keys_for(FIRST.kid)
    issuer.publish(FIRST, SECOND)
    clock.advance(10)

    keys = await source.keys_for(SECOND.kid)

    assert keys.kids == {FIRST.kid, SECOND.kid}
    assert issuer.asked == 2


async def test_a_thousand_forged_kids_make_at_most_one_fetch_an_interval(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """Distinct forged kids cannot be used to flood the issuer (checklist 21)."""
    await source.keys_for(FIRST.kid)
    clock.advance(30)

    for second in range(1000):
        with pytest.raises(UnknownKey):
            await source.keys_for(f"forged-{second}")
        clock.advance(0.02)

    assert issuer.asked == 1 + 2


async def test_forged_kids_do_not_fill_the_memory(
    source: RemoteKeySource, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remembered absences are bounded; the oldest is forgotten first."""
    monkeypatch.setattr(module, "_ABSENT_MAX", 3)

    for number in range(10):
        with pytest.raises(UnknownKey):
            await source.keys_for(f"forged-{number}")
        clock.advance(10)

    assert list(source._absent) == ["forged-7", "forged-8", "forged-9"]


async def test_an_absence_is_forgotten_after_the_time_to_live(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """A kid that was absent once is asked for again when the set is due anyway."""
    with pytest.raises(UnknownKey):
        await source.keys_for(SECOND.kid)
    issuer.publish(FIRST, SECOND)
    clock.advance(299)
    with pytest.raises(UnknownKey):
        await source.keys_for(SECOND.kid)
    clock.advance(1)

    assert (await source.keys_for(SECOND.kid)).find(SECOND.kid) is not None


async def test_an_absence_does_not_hide_a_key_that_was_fetched_since(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """The published set comes before any remembered absence."""
    with pytest.raises(UnknownKey):
        await source.keys_for(SECOND.kid)
    issuer.publish(FIRST, SECOND)
    clock.advance(11)
    await source.refresh()

    assert (await source.keys_for(SECOND.kid)).find(SECOND.kid) is not None


async def test_a_stale_set_is_served_at_once_and_renewed_behind_it(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """Past its time to live a known key does not make its caller wait."""
    await source.keys_for(FIRST.kid)
    clock.advance(301)
    issuer.open.clear()

    keys = await source.keys_for(FIRST.kid)
    again = await source.keys_for(FIRST.kid)

    assert keys is again
    await eventually(lambda: issuer.asked == 2, within=5 * UNIT)
    issuer.open.set()
    await eventually(lambda: source.age_seconds == 0, within=5 * UNIT)
    assert issuer.asked == 2


async def test_a_long_stale_set_is_renewed_before_it_is_used(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """After an idle night a key that was withdrawn is not accepted even once (checklist 20)."""
    await source.keys_for(FIRST.kid)
    issuer.publish(SECOND)
    clock.advance(600)

    with pytest.raises(UnknownKey):
        await source.keys_for(FIRST.kid)


async def test_a_withdrawn_key_is_unknown_after_the_renewal(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """A key that is no longer published ends with the set it was in."""
    await source.keys_for(FIRST.kid)
    issuer.publish(SECOND)
    clock.advance(300)
    await source.keys_for(FIRST.kid)
    await eventually(lambda: source.age_seconds == 0, within=5 * UNIT)

    with pytest.raises(UnknownKey):
        await source.keys_for(FIRST.kid)


async def test_known_keys_outlast_an_issuer_that_is_down(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """The last good set serves known keys; unknown ones are 503, never 401 (checklist 22)."""
    await source.keys_for(FIRST.kid)
    issuer.failure = AuthServiceUnreachable("connection refused")

    for _ in range(100):
        clock.advance(600)
        assert (await source.keys_for(FIRST.kid)).find(FIRST.kid) is not None
        with pytest.raises(AuthServiceUnreachable) as refused:
            await source.keys_for("forged")
        assert 1 <= refused.value.retry_after <= 10

    assert "connection refused" in (source.last_error or "")
    assert issuer.asked == 101


async def test_an_issuer_that_is_down_is_asked_once_an_interval(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """Neither stale nor unknown keys press on an issuer that fails (checklist 21, 22)."""
    await source.keys_for(FIRST.kid)
    clock.advance(1000)
    issuer.failure = AuthServiceUnreachable("down")

    for number in range(100):
        await source.keys_for(FIRST.kid)
        with pytest.raises(AuthServiceUnreachable):
            await source.keys_for(f"forged-{number}")
        clock.advance(0.2)

    assert issuer.asked == 1 + 2


async def test_recovery_needs_no_restart(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """When the issuer is back, the next due fetch finds the new key."""
    await source.keys_for(FIRST.kid)
    issuer.failure = AuthServiceUnreachable("down")
    clock.advance(60)
    with pytest.raises(AuthServiceUnreachable):
        await source.keys_for(SECOND.kid)
    issuer.failure = None
    issuer.publish(FIRST, SECOND)
    clock.advance(10)

    assert (await source.keys_for(SECOND.kid)).find(SECOND.kid) is not None
    assert source.last_error is None


async def test_before_the_first_set_a_failed_fetch_is_repeated_after_a_second(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """Services that start together find each other without a long wait."""
    issuer.failure = AuthServiceUnreachable("not up yet")
    for _ in range(10):
        with pytest.raises(AuthServiceUnreachable):
            await source.keys_for(FIRST.kid)
    assert issuer.asked == 1
    issuer.failure = None
    clock.advance(1)

    assert (await source.keys_for(FIRST.kid)).find(FIRST.kid) is not None


async def test_no_set_is_used_past_the_hard_limit(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """After a day without the issuer nothing can be decided any more (checklist 22)."""
    await source.keys_for(FIRST.kid)
    issuer.failure = AuthServiceUnreachable("down")
    clock.advance(86399)
    await source.keys_for(FIRST.kid)
    clock.advance(1)

    with pytest.raises(AuthServiceUnreachable):
        await source.keys_for(FIRST.kid)
    assert source.age_seconds is None


async def test_a_set_that_passes_the_hard_limit_while_it_is_renewed_is_not_used(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """The limit is looked at again after waiting (checklist 22)."""
    await source.keys_for(FIRST.kid)
    clock.advance(86399)
    issuer.open.clear()
    issuer.failure = AuthServiceUnreachable("down")
    caller = asyncio.create_task(source.keys_for(FIRST.kid))
    await eventually(lambda: issuer.asked == 2, within=5 * UNIT)
    clock.advance(2)
    issuer.open.set()

    with pytest.raises(AuthServiceUnreachable):
        await caller


async def test_moving_the_wall_clock_ages_nothing(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock
) -> None:
    """Ages are monotonic: an administrator's clock change is no day without an issuer."""
    await source.keys_for(FIRST.kid)
    for seconds in (10**6, -(10**7)):
        clock.jump(seconds)
        await source.keys_for(FIRST.kid)

    assert issuer.asked == 1


@pytest.mark.parametrize(
    "document",
    [None, [], {"keys": []}, {"keys": [{**FIRST.public_jwk(), "d": "AAAA"}]}, {"keys": 7}],
)
async def test_an_invalid_set_does_not_replace_a_good_one(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock, document: Any
) -> None:
    """A set that breaks a rule counts as no answer: known keys go on, unknown are 503 (16, 22)."""
    await source.keys_for(FIRST.kid)
    issuer.document = document
    clock.advance(700)

    assert (await source.keys_for(FIRST.kid)).kids == {FIRST.kid}
    with pytest.raises(AuthServiceUnreachable):
        await source.keys_for(SECOND.kid)
    assert "KeySetInvalid" in (source.last_error or "")


@pytest.mark.parametrize("failure", [InternalError("odd"), RuntimeError("odd"), KeyError("odd")])
async def test_a_fault_in_the_fetch_ends_nobodys_access(
    source: RemoteKeySource, issuer: Issuer, clock: ManualClock, failure: Exception
) -> None:
    """Whatever the injected fetch raises, known keys go on and unknown ones are 503."""
    await source.keys_for(FIRST.kid)
    issuer.failure = failure
    clock.advance(700)

    assert (await source.keys_for(FIRST.kid)).kids == {FIRST.kid}
    with pytest.raises(AuthServiceUnreachable, match="odd"):
        await source.keys_for(SECOND.kid)


async def test_a_fetch_that_hangs_is_given_up(issuer: Issuer, clock: ManualClock) -> None:
    """An issuer that never answers is an issuer that cannot be asked."""
    source = RemoteKeySource(issuer.fetch, clock, max_fetch_seconds=0.01)
    issuer.open.clear()

    with pytest.raises(AuthServiceUnreachable, match="TimeoutError"):
        await source.keys_for(FIRST.kid)


async def test_a_cancelled_caller_does_not_cancel_the_fetch_for_the_others(
    source: RemoteKeySource, issuer: Issuer
) -> None:
    """The caller that caused the fetch may leave; the others get their keys."""
    issuer.open.clear()
    first = asyncio.create_task(source.keys_for(FIRST.kid))
    await eventually(lambda: issuer.asked, within=5 * UNIT)
    second = asyncio.create_task(source.keys_for(FIRST.kid))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    issuer.open.set()

    assert (await second).kids == {FIRST.kid}
    assert issuer.asked == 1


async def test_a_fetch_survives_when_every_caller_has_left(
    source: RemoteKeySource, issuer: Issuer
) -> None:
    """What was asked for is kept for whoever comes next."""
    issuer.open.clear()
    caller = asyncio.create_task(source.keys_for(FIRST.kid))
    await eventually(lambda: issuer.asked, within=5 * UNIT)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    issuer.open.set()
    await eventually(lambda: source.age_seconds is not None, within=5 * UNIT)

    await source.keys_for(FIRST.kid)

    assert issuer.asked == 1


async def test_refresh_fetches_now_and_says_when_it_could_not(
    source: RemoteKeySource, issuer: Issuer
) -> None:
    """Start-up and health ask for a fetch and learn how it went."""
    await source.refresh()
    assert issuer.asked == 1
    issuer.failure = AuthServiceUnreachable("down")

    with pytest.raises(AuthServiceUnreachable, match="down"):
        await source.refresh()

    assert (await source.keys_for(FIRST.kid)).kids == {FIRST.kid}


async def test_closing_ends_a_fetch_under_way_and_those_who_wait_for_it(
    source: RemoteKeySource, issuer: Issuer
) -> None:
    """At shutdown nothing hangs: the waiting caller gets a 503, not a cancellation."""
    issuer.open.clear()
    caller = asyncio.create_task(source.keys_for(FIRST.kid))
    await eventually(lambda: issuer.asked, within=5 * UNIT)

    await source.aclose()

    with pytest.raises(AuthServiceUnreachable, match="given up"):
        await caller
    await source.aclose()


async def test_a_fixed_source_knows_its_keys_and_no_others() -> None:
    """A fixed set never asks anybody."""
    keys = KeySet.of(FIRST)
    source = FixedKeySource(keys)

    assert await source.keys_for(FIRST.kid) is keys
    with pytest.raises(UnknownKey):
        await source.keys_for(SECOND.kid)
