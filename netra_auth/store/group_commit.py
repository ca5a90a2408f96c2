"""Many small writes, one transaction: what arrives while a commit is under way is committed next.

Work is done in the order in which it was handed over, and what follows its commit happens in the
context of whoever handed it over. If the shared transaction fails, each piece of work is done
again in a transaction of its own, so that the fault of one neither loses nor fails another. Hence
work only touches its transaction, and can be done twice.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from netra.errors import DatabaseBusy, DatabaseUnavailable
from netra_auth.store.transaction import StoreContended, Transaction

Result = TypeVar("Result")
Work: TypeAlias = Callable[[Transaction], Awaitable[Result]]
Opening: TypeAlias = Callable[[], AbstractAsyncContextManager[Transaction]]

MAX_WAITING: Final = 1024
_TOGETHER: Final = 128
_IN_VAIN: Final = 3
"""After so many that were given up once more, all of them wait for the same: none is tried."""
ROOM_SECONDS: Final = 5.0


@dataclass(slots=True, eq=False)
class _Piece:
    """One piece of work, who waits for it, and what it gave."""

    work: Work[Any]
    settled: asyncio.Future[Any]
    context: Context = field(default_factory=copy_context)
    result: Any = None

    def succeed(self, part: Transaction) -> None:
        if not self.settled.done():
            self.settled.set_result(self.result)
        self.context.run(part.announce)

    def fail(self, error: BaseException) -> None:
        if not self.settled.done():
            self.settled.set_exception(error)


class GroupCommit:
    """Gathers work and commits it together.

    Args:
        transaction: Opens a write transaction.
        again: Opens one for work that was given up for another's sake; likewise if it is None.
        max_waiting: How many pieces of work may wait; more wait outside.
        room_seconds: For how long they wait there before they are turned away.
    """

    def __init__(
        self,
        transaction: Opening,
        *,
        again: Opening | None = None,
        max_waiting: int = MAX_WAITING,
        room_seconds: float = ROOM_SECONDS,
    ) -> None:
        self._transaction = transaction
        self._again = again or transaction
        self._room_seconds = room_seconds
        self._room = asyncio.Semaphore(max_waiting)
        self._waiting: deque[_Piece] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def commit(self, work: Work[Result]) -> Result:
        """Have work done and committed; give what it gave.

        Whoever stops waiting stops nothing: the work is done all the same.

        Raises:
            DatabaseUnavailable: The store cannot be reached, or too much waits already.
            Exception: Whatever the work raises when it is done by itself.
        """
        await self._enter()
        settled: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        settled.add_done_callback(self._leave)
        self._waiting.append(_Piece(work, settled))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await asyncio.shield(settled)

    async def close(self) -> None:
        """Wait until all work that was handed over is done."""
        while self._writer is not None:
            await asyncio.wait((self._writer,))

    async def _enter(self) -> None:
        if not self._room.locked():
            await self._room.acquire()
            return
        try:
            async with asyncio.timeout(self._room_seconds):
                await self._room.acquire()
        except TimeoutError:
            raise DatabaseBusy("too much waits to be written") from None

    def _leave(self, settled: asyncio.Future[Any]) -> None:
        self._room.release()
        if not settled.cancelled():
            settled.exception()  # Nobody may be waiting any more; the work is settled all the same.

    async def _write(self) -> None:
        pieces: list[_Piece] = []
        try:
            while self._waiting:
                count = min(len(self._waiting), _TOGETHER)
                pieces = [self._waiting.popleft() for _ in range(count)]
                await self._settle(pieces)
        except asyncio.CancelledError:
            for piece in (*pieces, *self._waiting):
                piece.fail(DatabaseUnavailable("the service stops"))
            self._waiting.clear()
            raise
        finally:
            self._writer = None

    async def _settle(self, pieces: Sequence[_Piece]) -> None:
        try:
            parts = await self._together(pieces, self._transaction)
        except StoreContended:
            await self._one_by_one(pieces, self._again)
        except DatabaseUnavailable as error:
            _fail(pieces, error)
        except Exception as error:  # noqa: BLE001 - it is whoever handed the work over that must know
            if len(pieces) == 1:
                pieces[0].fail(error)
            else:
                await self._one_by_one(pieces, self._transaction)
        else:
            for piece, part in zip(pieces, parts, strict=True):
                piece.succeed(part)

    async def _together(self, pieces: Sequence[_Piece], opening: Opening) -> Sequence[Transaction]:
        parts: list[Transaction] = []
        async with opening() as shared:
            for piece in pieces:
                part = Transaction(shared.connection)
                piece.result = await piece.work(part)
                parts.append(part)
            for part in parts:
                shared.take_in(part)
        return parts

    async def _one_by_one(self, pieces: Sequence[_Piece], opening: Opening) -> None:
        in_vain = 0
        for place, piece in enumerate(pieces):
            try:
                (part,) = await self._together([piece], opening)
            except StoreContended as error:
                piece.fail(error)
                in_vain += 1
                if in_vain == _IN_VAIN:
                    _fail(pieces[place + 1 :], error)
                    return
            except DatabaseUnavailable as error:
                _fail(pieces[place:], error)
                return
            except Exception as error:  # noqa: BLE001 - as in `_settle`
                piece.fail(error)
            else:
                piece.succeed(part)


def _fail(pieces: Sequence[_Piece], error: DatabaseUnavailable) -> None:
    for piece in pieces:
        piece.fail(type(error)(error.reason))
