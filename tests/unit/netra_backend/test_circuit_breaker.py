"""The circuit breaker: when it opens, who may probe, and what does not count."""

import asyncio

import pytest

from fakes.clock import ManualClock
from fakes.log_lines import log_lines
from netra.errors import AuthServiceUnreachable, CredentialRejected, OwnCredentialUnproven
from netra_backend.app.clients.circuit_breaker import BreakerOpen, BreakerState, CircuitBreaker


class Dependency:
    """Something to call: fails with an error, answers, or waits until it is let go."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: BaseException | None = None
        self.gate: asyncio.Event | None = None

    async def __call__(self) -> str:
        """Be called."""
        self.calls += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return "answer"


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands still."""
    return ManualClock()


@pytest.fixture
def breaker(clock: ManualClock) -> CircuitBreaker:
    """Give a closed breaker."""
    return CircuitBreaker("auth_service", clock)


def now(breaker: CircuitBreaker) -> BreakerState:
    """Give the state it is in now."""
    return breaker.state


async def fail(breaker: CircuitBreaker, dependency: Dependency, times: int) -> None:
    """Let calls fail by transport."""
    dependency.error = AuthServiceUnreachable("no connection")
    for _ in range(times):
        with pytest.raises(AuthServiceUnreachable):
            await breaker.call(dependency)
    dependency.error = None


def test_it_says_that_it_is_there() -> None:
    """The event of its creation has the documented sentence."""
    with log_lines() as lines:
        CircuitBreaker("auth_service", ManualClock())

    assert "Circuit breaker 'auth_service' initialized: threshold=3" in lines.messages()


async def test_the_third_failure_in_a_row_opens_it(breaker: CircuitBreaker) -> None:
    """Two failures leave it closed, the third opens it, and the fourth call is not made."""
    dependency = Dependency()
    await fail(breaker, dependency, 2)
    assert now(breaker) is BreakerState.CLOSED

    await fail(breaker, dependency, 1)

    assert now(breaker) is BreakerState.OPEN
    with pytest.raises(BreakerOpen) as refused:
        await breaker.call(dependency)
    assert dependency.calls == 3
    assert refused.value.retry_after == 10
    assert refused.value.status == 503


async def test_a_success_between_failures_begins_the_count_anew(breaker: CircuitBreaker) -> None:
    """Only failures in a row count."""
    dependency = Dependency()
    await fail(breaker, dependency, 2)
    await breaker.call(dependency)
    await fail(breaker, dependency, 2)

    assert now(breaker) is BreakerState.CLOSED


@pytest.mark.parametrize(
    "error", [CredentialRejected("bad"), OwnCredentialUnproven("refused"), ValueError("a bug")]
)
async def test_only_transport_failures_count(breaker: CircuitBreaker, error: Exception) -> None:
    """Fifty refusals or faults of our own leave it closed."""
    dependency = Dependency()
    dependency.error = error
    for _ in range(50):
        with pytest.raises(type(error)):
            await breaker.call(dependency)

    assert now(breaker) is BreakerState.CLOSED


async def test_cancellations_do_not_count(breaker: CircuitBreaker) -> None:
    """Ten callers that give up leave it closed."""
    dependency = Dependency()
    dependency.gate = asyncio.Event()
    for _ in range(10):
        task = asyncio.create_task(breaker.call(dependency))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert now(breaker) is BreakerState.CLOSED


async def test_one_of_fifty_probes_at_half_open(
    breaker: CircuitBreaker, clock: ManualClock
) -> None:
    """When the time has passed one call goes through and forty-nine are refused."""
    dependency = Dependency()
    await fail(breaker, dependency, 3)
    clock.advance(10)
    assert now(breaker) is BreakerState.HALF_OPEN
    dependency.calls, dependency.gate = 0, asyncio.Event()

    calls = [asyncio.create_task(breaker.call(dependency)) for _ in range(50)]
    await asyncio.sleep(0)
    dependency.gate.set()
    results = await asyncio.gather(*calls, return_exceptions=True)

    assert dependency.calls == 1
    assert results.count("answer") == 1
    assert sum(isinstance(result, BreakerOpen) for result in results) == 49
    assert now(breaker) is BreakerState.CLOSED


async def test_a_failed_probe_opens_it_again_for_the_whole_time(
    breaker: CircuitBreaker, clock: ManualClock
) -> None:
    """One failure is enough at half-open, and the time begins anew."""
    dependency = Dependency()
    await fail(breaker, dependency, 3)
    clock.advance(10)
    await fail(breaker, dependency, 1)

    clock.advance(9.9)
    assert now(breaker) is BreakerState.OPEN
    clock.advance(0.1)
    assert now(breaker) is BreakerState.HALF_OPEN


@pytest.mark.parametrize("ending", ["cancelled", "fault"])
async def test_an_undecided_probe_gives_its_place_back(
    breaker: CircuitBreaker, clock: ManualClock, ending: str
) -> None:
    """A probe that is cancelled, or fails for a reason of its own, lets the next caller probe."""
    dependency = Dependency()
    await fail(breaker, dependency, 3)
    clock.advance(10)
    dependency.gate = asyncio.Event()
    probe = asyncio.create_task(breaker.call(dependency))
    await asyncio.sleep(0)
    if ending == "cancelled":
        probe.cancel()
    else:
        dependency.error = ValueError("a bug")
        dependency.gate.set()
    await asyncio.gather(probe, return_exceptions=True)
    dependency.gate = dependency.error = None

    assert await breaker.call(dependency) == "answer"
    assert now(breaker) is BreakerState.CLOSED


async def test_a_call_from_before_cannot_change_what_came_after(
    breaker: CircuitBreaker, clock: ManualClock
) -> None:
    """A failure or success that began before the last change of state is not counted."""
    slow = Dependency()
    slow.gate = asyncio.Event()
    slow.error = AuthServiceUnreachable("late")
    late = asyncio.create_task(breaker.call(slow))
    await asyncio.sleep(0)
    dependency = Dependency()
    await fail(breaker, dependency, 3)
    clock.advance(10)
    await breaker.call(dependency)
    await fail(breaker, dependency, 2)

    slow.gate.set()
    await asyncio.gather(late, return_exceptions=True)

    assert now(breaker) is BreakerState.CLOSED


async def test_moving_the_wall_clock_changes_nothing(
    breaker: CircuitBreaker, clock: ManualClock
) -> None:
    """Recovery is measured by the monotonic clock."""
    await fail(breaker, Dependency(), 3)
    clock.jump(3600)

    assert now(breaker) is BreakerState.OPEN


async def test_every_change_is_told_and_logged() -> None:
    """Listeners and the log learn of open, half-open and closed, once each."""
    clock = ManualClock()
    told: list[BreakerState] = []
    dependency = Dependency()
    with log_lines() as lines:
        breaker = CircuitBreaker(
            "auth_service", clock, listeners=[lambda _name, state: told.append(state)]
        )
        await fail(breaker, dependency, 3)
        clock.advance(10)
        await breaker.call(dependency)

    assert told == [BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED]
    assert [line["event"] for line in lines.all()][1:] == [
        "circuit_breaker_open",
        "circuit_breaker_half_open",
        "circuit_breaker_closed",
    ]
    assert lines.of("circuit_breaker_open")[0]["severity"] == "WARNING"
