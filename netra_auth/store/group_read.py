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
        self._asked: dict[Key, list[asyncio.Future[Value | None]]] = {}
        self._reader: asyncio.Task[None] | None = None

    def get(self, key: Key) -> "asyncio.Future[Value | None]":
        """Begin to look a key up; what is given has its value, or None if it is not there.

        Whoever awaits it learns of a store that cannot be reached: `DatabaseUnavailable`. Nobody
        need do so.
        """
        waiting: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(key, []).append(waiting)
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())
        return waiting

    async def _read(self) -> None:
        taken: dict[Key, list[asyncio.Future[Value | None]]] = {}
        try:
            while self._asked:
                keys = list(self._asked)[:_TOGETHER]
                taken = {key: self._asked.pop(key) for key in keys}
                await self._settle(taken)
        except asyncio.CancelledError:
            for waiting in (*taken.values(), *self._asked.values()):
                _fail(waiting, DatabaseUnavailable("the service stops"))
            self._asked.clear()
            raise
        finally:
            self._reader = None

    async def _settle(self, taken: Mapping[Key, list["asyncio.Future[Value | None]"]]) -> None:
        try:
            found = await self._load(taken.keys())
        except Exception as error:  # noqa: BLE001 - it is whoever asked that must know
            for waiting in taken.values():
                _fail(waiting, error)
        else:
            for key, waiting in taken.items():
                for one in waiting:
                    if not one.done():  # Whoever asked may have gone.
                        one.set_result(found.get(key))


def _fail(waiting: list["asyncio.Future[Value | None]"], error: Exception) -> None:
    for one in waiting:
        if not one.done():
            one.set_exception(error)
            one.exception()  # Nobody may be waiting any more.
