"""The one time unit of all tests, and waiting for a condition with a deadline."""

import asyncio
import inspect
import os
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar, cast, overload

T = TypeVar("T")

UNIT: Final = float(os.environ.get("TEST_TIME_UNIT", "1"))
"""One second on an ordinary machine; `TEST_TIME_UNIT=3` triples every deadline on a slow one."""

_PAUSE: Final = 0.005


@overload
async def eventually(condition: Callable[[], Awaitable[T]], *, within: float) -> T: ...


@overload
async def eventually(condition: Callable[[], T], *, within: float) -> T: ...


async def eventually(condition: Callable[[], T | Awaitable[T]], *, within: float) -> T:
    """Ask until the condition gives something true, and give that.

    Args:
        condition: Asked again and again; may be asynchronous.
        within: Seconds to go on for, best written as a multiple of `UNIT`.

    Raises:
        AssertionError: It was never true within the time; says what it gave last.
    """
    deadline = time.monotonic() + within
    while True:
        given = condition()
        answer = cast("T", await given) if inspect.isawaitable(given) else given
        if answer:
            return answer
        if time.monotonic() >= deadline:
            raise AssertionError(f"not true within {within} s; the last answer was {answer!r}")
        await asyncio.sleep(_PAUSE)


def eventually_blocking(condition: Callable[[], T], *, within: float) -> T:
    """Do what `eventually` does, for tests without an event loop.

    Raises:
        AssertionError: It was never true within the time; says what it gave last.
    """
    deadline = time.monotonic() + within
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            raise AssertionError(f"not true within {within} s; the last answer was {answer!r}")
        time.sleep(_PAUSE)
