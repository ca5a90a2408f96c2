"""Background work goes on whatever happens to it, and ends when the app does."""

import asyncio

from fakes.log_lines import log_lines
from fakes.timing import UNIT
from netra_backend.app.bootstrap import _ended, _supervised


async def test_work_that_fails_is_told_and_begun_again() -> None:
    """An exception is logged once with its work's name, and the work is begun anew."""
    begun = 0
    again = asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise ZeroDivisionError("a fault nobody expected")
        again.set()
        await asyncio.Event().wait()

    with log_lines() as logged:
        task = asyncio.create_task(_supervised("probe", work))
        await asyncio.wait_for(again.wait(), 10 * UNIT)
        await _ended(task)

    failure = logged.only("background_work_failed")
    assert failure["work"] == "probe"
    assert failure["error_type"] == "ZeroDivisionError"
    assert task.cancelled()
