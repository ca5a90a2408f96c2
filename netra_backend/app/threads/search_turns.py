"""Whose turn it is to search: a search reads much, so few go on at a time and nobody has two.

What a search reads is bounded in `repository`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakKeyDictionary

from netra.errors import TooManyRequests

MAX_AT_ONCE: Final = 2
"""Searches that go on at a time in the process, whoever's they are."""
MAX_WAITING: Final = 40
"""Searches that may wait for their turn; each has little to read, so the wait is short."""


class SearchTurns:
    """Gives turns, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(MAX_AT_ONCE)
        self._waiting = 0
        self._asking: set[str] = set()

    @asynccontextmanager
    async def turn_of(self, asker: str) -> AsyncIterator[None]:
        """Wait for a turn of somebody who has none yet; it ends with the block.

        Raises:
            TooManyRequests: The asker's last search goes on, or too many others wait.
        """
        if asker in self._asking:
            raise TooManyRequests("a search of this principal goes on", retry_after=1)
        self._asking.add(asker)
        try:
            async with self.turn():
                yield
        finally:
            self._asking.discard(asker)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; it ends with the block.

        Raises:
            TooManyRequests: Too many others wait.
        """
        if self._waiting >= MAX_WAITING:
            raise TooManyRequests("too many searches are waiting", retry_after=1)
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()


_OF_LOOP: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, SearchTurns]] = WeakKeyDictionary()


def search_turns() -> SearchTurns:
    """Give the turns of this process: of its event loop, to which those who wait belong."""
    return _OF_LOOP.setdefault(asyncio.get_running_loop(), SearchTurns())
