"""Upkeep: when tasks run, and what a task that fails or hangs does to the others."""

import asyncio

import pytest

from fakes.clock import ManualClock
from fakes.log_lines import log_lines
from fakes.timing import UNIT, eventually
from netra.errors import DatabaseUnavailable
from netra_auth import upkeep as module
from netra_auth.upkeep import Upkeep, UpkeepTask


class Counted:
    """A task that counts its runs, and fails or hangs when told to."""

    def __init__(self) -> None:
        self.runs = 0
        self.failure: Exception | None = None
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.was_cancelled = False

    async def run(self) -> None:
        """Run once."""
        self.runs += 1
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        if self.failure is not None:
            raise self.failure


class Ticks:
    """A pause that ends when the test says so."""

    def __init__(self) -> None:
        self._ticks: asyncio.Queue[None] = asyncio.Queue()
        self.waiting = asyncio.Event()

    async def pause(self, _seconds: float) -> None:
        """Wait for the next tick."""
        self.waiting.set()
        await self._ticks.get()

    async def tick(self) -> None:
        """Let the loop look once more, and wait until it has."""
        await self.waiting.wait()
        self.waiting.clear()
        self._ticks.put_nowait(None)
        await self.waiting.wait()


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that the test moves."""
    return ManualClock()


async def run_once(upkeep: Upkeep) -> tuple[str, ...]:
    """Begin what is due and wait for its end."""
    begun = upkeep.begin_due()
    await upkeep.settled()
    return begun


async def test_tasks_run_at_their_intervals(clock: ManualClock) -> None:
    """Each first soon after the start, then whenever its own interval has passed."""
    quick, slow = Counted(), Counted()
    tasks = [UpkeepTask("quick", 5, quick.run), UpkeepTask("slow", 60, slow.run)]
    upkeep = Upkeep(tasks, clock)

    assert await run_once(upkeep) == ()
    begun = []
    for _ in range(13):
        clock.advance(5)
        begun.append(await run_once(upkeep))

    both, one = ("quick", "slow"), ("quick",)
    assert begun == [both, *[one] * 11, both]
    assert (quick.runs, slow.runs) == (13, 2)


async def test_a_task_that_fails_is_told_and_tried_again(clock: ManualClock) -> None:
    """Its failures are counted in the log, its recovery is told, and the others run as ever."""
    broken, other = Counted(), Counted()
    tasks = [UpkeepTask("broken", 5, broken.run), UpkeepTask("other", 5, other.run)]
    upkeep = Upkeep(tasks, clock)

    with log_lines() as lines:
        for failure in (DatabaseUnavailable("the store is away"), ValueError("odd"), None):
            broken.failure = failure
            clock.advance(5)
            await run_once(upkeep)

    told = lines.of("upkeep_failed")
    assert [(line["task"], line["failures"], line["error_type"]) for line in told] == [
        ("broken", 1, "DatabaseUnavailable"),
        ("broken", 2, "ValueError"),
    ]
    assert told[0]["reason"] == "the store is away"
    assert lines.only("upkeep_recovered")["failures"] == 2
    assert (broken.runs, other.runs) == (3, 3)


async def test_a_task_that_hangs_is_not_begun_twice(clock: ManualClock) -> None:
    """It keeps no other from running, and is due again once it has ended."""
    hanging, other = Counted(), Counted()
    hanging.may_end.clear()
    tasks = [UpkeepTask("hanging", 5, hanging.run), UpkeepTask("other", 5, other.run)]
    upkeep = Upkeep(tasks, clock)

    clock.advance(5)
    assert upkeep.begin_due() == ("hanging", "other")
    await eventually(lambda: other.runs == 1 and len(asyncio.all_tasks()) == 2, within=UNIT)
    clock.advance(5)
    assert upkeep.begin_due() == ("other",)
    hanging.may_end.set()
    await upkeep.settled()

    clock.advance(5)
    assert await run_once(upkeep) == ("hanging", "other")


async def test_the_loop_follows_the_injected_clock(clock: ManualClock) -> None:
    """However often it looks, only the clock's time makes a task due."""
    counted, ticks = Counted(), Ticks()
    upkeep = Upkeep([UpkeepTask("counted", 5, counted.run)], clock, pause=ticks.pause)

    async with upkeep.running():
        await ticks.tick()
        assert counted.runs == 0
        for _ in range(3):
            clock.advance(5)
            await ticks.tick()
            await ticks.tick()
            await upkeep.settled()

    assert counted.runs == 3


async def test_what_is_under_way_may_finish_at_the_end(clock: ManualClock) -> None:
    """Closing waits for a task that is running and begins no other."""
    counted, ticks = Counted(), Ticks()
    counted.may_end.clear()
    upkeep = Upkeep([UpkeepTask("counted", 5, counted.run)], clock, pause=ticks.pause)

    async with upkeep.running():
        clock.advance(5)
        await ticks.tick()
        asyncio.get_running_loop().call_soon(counted.may_end.set)

    assert counted.runs == 1
    assert not counted.was_cancelled
    assert len(asyncio.all_tasks()) == 1


async def test_what_does_not_finish_is_cancelled(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing waits for a bounded time."""
    monkeypatch.setattr(module, "_GRACE_SECONDS", 0.01)
    counted, ticks = Counted(), Ticks()
    counted.may_end.clear()
    upkeep = Upkeep([UpkeepTask("counted", 5, counted.run)], clock, pause=ticks.pause)

    async with upkeep.running():
        clock.advance(5)
        await ticks.tick()

    assert counted.was_cancelled
    assert len(asyncio.all_tasks()) == 1


async def test_two_tasks_cannot_have_one_name(clock: ManualClock) -> None:
    """A name tells a task's runs and failures apart from every other's."""
    task = UpkeepTask("one", 5, Counted().run)

    with pytest.raises(ValueError, match="one name"):
        Upkeep([task, task], clock)


async def test_a_bell_begins_its_task_at_once(clock: ManualClock) -> None:
    """Neither the clock nor the loop's next look is waited for, and no other task is begun."""
    rung, other, bell = Counted(), Counted(), asyncio.Event()
    tasks = [UpkeepTask("rung", 5, rung.run, bell), UpkeepTask("other", 5, other.run)]
    upkeep = Upkeep(tasks, clock, pause=Ticks().pause)

    async with upkeep.running():
        bell.set()
        await eventually(lambda: rung.runs == 1, within=UNIT)
        bell.set()
        await eventually(lambda: rung.runs == 2, within=UNIT)

    assert other.runs == 0


async def test_a_bell_during_a_run_begins_another(clock: ManualClock) -> None:
    """What is under way may have looked already, so it is begun again when it has ended."""
    rung, bell = Counted(), asyncio.Event()
    rung.may_end.clear()
    upkeep = Upkeep([UpkeepTask("rung", 5, rung.run, bell)], clock, pause=Ticks().pause)

    async with upkeep.running():
        bell.set()
        await eventually(lambda: rung.runs == 1, within=UNIT)
        bell.set()
        assert rung.runs == 1
        rung.may_end.set()
        await eventually(lambda: rung.runs == 2, within=UNIT)

    assert len(asyncio.all_tasks()) == 1
