"""Many small look-ups, one reading: what is asked while a reading is under way is read next.

Nothing is kept: whoever asks gets what the store said after they asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, Generic, TypeVar

from netra.errors import DatabaseUnavailable

Key = TypeVar("Key")
Value = TypeVar("Value")

_TOGETHER: Final = 128


class GroupRead(Generic[Key, Value]):
    """Gathers keys and looks them up together.

    Args:
        load: Looks several keys up; what it leaves out is not there.
    """

    def __init__(self, load: Callable[[Collection[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        self._load = load
        self._asked: dict[Key, asyncio.Future[Value | None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def get(self, key: Key) -> Value | None:
        """Look a key up; None if it is not there.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        found = self._asked.get(key)
        if found is None:
            found = asyncio.get_running_loop().create_future()
            self._asked[key] = found
            if self._reader is None:
                self._reader = asyncio.create_task(self._read())
        # One waiter's cancellation is not the others'.
        return await asyncio.shield(found)

    async def _read(self) -> None:
        taken: dict[Key, asyncio.Future[Value | None]] = {}
        try:
            while self._asked:
                keys = list(self._asked)[:_TOGETHER]
                taken = {key: self._asked.pop(key) for key in keys}
                await self._settle(taken)
        except asyncio.CancelledError:
            for future in (*taken.values(), *self._asked.values()):
                _fail(future, DatabaseUnavailable("the service stops"))
            self._asked.clear()
            raise
        finally:
            self._reader = None

    async def _settle(self, taken: Mapping[Key, asyncio.Future[Value | None]]) -> None:
        try:
            found = await self._load(taken.keys())
        except Exception as error:  # noqa: BLE001 - it is whoever asked that must know
            for future in taken.values():
                _fail(future, error)
        else:
            for key, future in taken.items():
                future.set_result(found.get(key))


def _fail(future: "asyncio.Future[Value | None]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # Nobody may be waiting any more.
