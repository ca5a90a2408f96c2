"""Work that may not go on for longer than it should, even if it does not want to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from netra.telemetry.log_events import event_logger

T = TypeVar("T")

_left: Final[set["asyncio.Task[Any]"]] = set()
"""Tasks that did not stop when told to: kept, or the loop would lose them while they run."""

log: Final = event_logger("runs")


async def bounded(
    work: Coroutine[Any, Any, T], *, seconds: float, grace: float, what: str, run_id: str
) -> T:
    """Await work for at most some seconds; what then goes on is left to itself.

    Args:
        work: What is done, in a task of its own.
        seconds: How long it may take.
        grace: How long it may take to stop when told to.
        what: What it is, for the log.
        run_id: For whom it is done.

    Raises:
        TimeoutError: It took longer.
        InternalError: As anything else that the work raises.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait((task,), timeout=seconds)
    except asyncio.CancelledError:
        await stopped(task, grace=grace, what=what, run_id=run_id)
        raise
    if not task.done():
        await stopped(task, grace=grace, what=what, run_id=run_id)
        raise TimeoutError
    return task.result()


async def stopped(task: "asyncio.Task[Any]", *, grace: float, what: str, run_id: str) -> None:
    """Tell a task to stop, and wait a while for it; one that does not is left behind."""
    task.cancel()
    try:
        await asyncio.wait((task,), timeout=grace)
    finally:
        if task.done():
            _look_at(task)
        else:
            log.warning("work_ignores_cancellation", work=what, run_id=run_id)
            _left.add(task)
            task.add_done_callback(_left.discard)
            task.add_done_callback(_look_at)


def _look_at(task: "asyncio.Task[Any]") -> None:
    # Whatever it ended with, nobody waits for it any more.
    if not task.cancelled():
        task.exception()
