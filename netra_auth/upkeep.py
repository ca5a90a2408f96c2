"""What the service does by itself at intervals, under supervision.

When a task is due is decided by the injected clock; the loop only looks often enough. What the
tasks do belongs to the rooms they come from.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from netra.clock import Clock
from netra.errors import NetraError
from netra.telemetry.log_events import event_logger

_log = event_logger("netra_auth.upkeep")

_TICK_SECONDS: Final = 1.0
_FIRST_SECONDS: Final = 5.0
_GRACE_SECONDS: Final = 5.0

Pause = Callable[[float], Awaitable[None]]
"""Waits for some seconds."""


@dataclass(frozen=True, slots=True)
class UpkeepTask:
    """A task with a name, due soon after the start, then `every_seconds` after its beginning.

    Attributes:
        name: What it is called in the log.
        every_seconds: Its interval.
        run: What it does.
        bell: Set by whoever has work for it that should not wait for its next time.
    """

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[None]]
    bell: asyncio.Event | None = None


class Upkeep:
    """Runs tasks at their intervals, each by itself.

    A task that fails is told in the log and tried again at its next time; one that takes long is
    not begun a second time meanwhile. Neither keeps the others from running.
    """

    def __init__(
        self, tasks: Iterable[UpkeepTask], clock: Clock, *, pause: Pause = asyncio.sleep
    ) -> None:
        self._tasks = tuple(tasks)
        self._clock = clock
        self._pause = pause
        self._due_at = {
            task.name: clock.monotonic() + min(_FIRST_SECONDS, task.every_seconds)
            for task in self._tasks
        }
        self._failures: dict[str, int] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        if len(self._due_at) != len(self._tasks):
            raise ValueError("two upkeep tasks have one name")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the tasks running until the block ends; what is under way then may finish."""
        create_task = asyncio.get_running_loop().create_task
        loops = [create_task(self._go_on(), name="upkeep")]
        loops += [
            create_task(self._answer(task, task.bell), name=f"bell {task.name}")
            for task in self._tasks
            if task.bell is not None
        ]
        try:
            yield
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.wait(loops)
            await self._finish()

    def begin_due(self) -> tuple[str, ...]:
        """Begin every task that is due and not under way, and name those that were begun."""
        now = self._clock.monotonic()
        due = [
            task
            for task in self._tasks
            if now >= self._due_at[task.name] and task.name not in self._running
        ]
        for task in due:
            self._begin(task)
        return tuple(task.name for task in due)

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    async def _go_on(self) -> None:
        while True:
            self.begin_due()
            await self._pause(_TICK_SECONDS)

    async def _answer(self, task: UpkeepTask, bell: asyncio.Event) -> None:
        """Begin a task whenever its bell is rung; one under way may have looked already."""
        while True:
            await bell.wait()
            while (under_way := self._running.get(task.name)) is not None:
                await asyncio.wait([under_way])
            bell.clear()
            self._begin(task)

    def _begin(self, task: UpkeepTask) -> None:
        self._due_at[task.name] = self._clock.monotonic() + task.every_seconds
        self._running[task.name] = asyncio.get_running_loop().create_task(
            self._attempt(task), name=f"upkeep {task.name}"
        )

    async def _finish(self) -> None:
        under_way = list(self._running.values())
        if not under_way:
            return
        _, late = await asyncio.wait(under_way, timeout=_GRACE_SECONDS)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _attempt(self, task: UpkeepTask) -> None:
        try:
            await task.run()
        except Exception as error:  # noqa: BLE001 - no fault of one task may end the others' upkeep; it is told
            self._tell_failure(task, error)
        else:
            self._tell_recovery(task)
        finally:
            del self._running[task.name]

    def _tell_failure(self, task: UpkeepTask, error: Exception) -> None:
        self._failures[task.name] = self._failures.get(task.name, 0) + 1
        _log.error(
            "upkeep_failed",
            message=f"Upkeep failed and is tried again: {task.name}",
            task=task.name,
            failures=self._failures[task.name],
            error_type=type(error).__name__,
            reason=error.reason if isinstance(error, NetraError) else None,
            exc_info=None if isinstance(error, NetraError) else error,
        )

    def _tell_recovery(self, task: UpkeepTask) -> None:
        failures = self._failures.pop(task.name, 0)
        if failures:
            _log.info("upkeep_recovered", task=task.name, failures=failures)
