"""The one writer of journals in a process: what is waiting is committed together, then published.

How several writes become one transaction is in `group_commit`.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from netra.errors import DatabaseUnavailable, InternalError, NetraError
from netra.telemetry.log_events import event_logger
from netra_backend.app.db.session import Database
from netra_backend.app.events.bus import EventBus
from netra_backend.app.events.group_commit import (
    LeaseLost,
    PreparedWrite,
    RunWrite,
    prepared,
    write_together,
)

__all__ = ["EventWriter", "LeaseLost", "RunWrite"]

_BATCH_EVENTS: Final = 500
_BATCH_BYTES: Final = 1_048_576
_PENDING_BYTES: Final = 67_108_864
_REMEMBERED_FAILURES: Final = 10_000
_STUCK_SECONDS: Final = 15.0
_GATHERING_TURNS: Final = 3
"""Turns of the event loop, not of the clock: what is said in one go is written in one go."""

_log: Final = event_logger("events")


@dataclass(slots=True, eq=False)
class _Pending:
    """A write that waits, or (with None) a mark whose turn comes when all before it had theirs."""

    write: RunWrite | None
    settled: asyncio.Future[None]
    events: int = 0
    bytes: int = 0
    prepared: PreparedWrite | None = None

    def succeed(self) -> None:
        if not self.settled.done():
            self.settled.set_result(None)

    def fail(self, error: NetraError) -> None:
        if not self.settled.done():
            self.settled.set_exception(error)


class EventWriter:
    """Takes writes at any time and has one transaction after the other done with all that wait.

    Args:
        database: Where the journals are.
        bus: Who is told once it is committed.
        max_pending: How many events may wait before `ready` lets nobody pass.
    """

    def __init__(self, database: Database, bus: EventBus, *, max_pending: int = 10_000) -> None:
        self._database = database
        self._bus = bus
        self._max_pending = max_pending
        self._waiting: deque[_Pending] = deque()
        self._in_hand: Sequence[_Pending] = ()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._events = 0
        self._bytes = 0
        self._failed: dict[tuple[str, int], tuple[type[NetraError], str]] = {}
        self._is_running = False
        self._has_ended = False
        self._busy_since: float | None = None
        self._trouble: str | None = None

    @property
    def problem(self) -> str | None:
        """Say what keeps events from being written, or None."""
        if not self._is_running:
            return "the event writer does not run"
        since = self._busy_since
        if since is not None and asyncio.get_running_loop().time() - since > _STUCK_SECONDS:
            return "the event writer waits for the database"
        return self._trouble

    def submit(self, write: RunWrite) -> asyncio.Future[None]:
        """Put a write in line; the future is done when it was committed and published.

        Writes of one run are written in the order in which they were submitted. Once one has
        failed, later ones of the same run and epoch fail alike, so none is ever left out; whoever
        awaits the last one has awaited all. Cancelling the future does not take the write back.
        Nothing blocks here: await `ready` before, so that no more waits than can be held.

        The future raises:
            LeaseLost: The run has ended, or is worked on under a later epoch.
            PermissionDenied: The principal may not write.
            DatabaseUnavailable: The database did not answer.
            InternalError: It cannot be written, or whether it was is not known.
        """
        settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        settled.add_done_callback(_look_at)
        if self._has_ended:
            settled.set_exception(InternalError("the event writer has ended"))
            return settled
        size = sum(len(event.payload) for event in write.events)
        self._put(_Pending(write, settled, len(write.events), size))
        return settled

    async def ready(self) -> None:
        """Wait until there is room for another write."""
        while not self._room.is_set():
            await self._room.wait()

    async def flushed(self) -> None:
        """Wait until everything that was submitted before has been written or has failed."""
        if self._has_ended:
            return
        mark: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        mark.add_done_callback(_look_at)
        self._put(_Pending(None, mark))
        await asyncio.wait((mark,))

    async def run(self) -> None:
        """Write until cancelled; at its end everything that waits fails, and it may be run again.

        Raises:
            InternalError: It runs already.
        """
        if self._is_running:
            raise InternalError("there is one event writer, and it runs")
        self._is_running, self._has_ended = True, False
        try:
            while True:
                await self._arrived.wait()
                for _ in range(_GATHERING_TURNS):
                    await asyncio.sleep(0)
                await self._write(self._take())
        finally:
            self._is_running, self._has_ended = False, True
            self._give_up()

    def _put(self, item: _Pending) -> None:
        self._waiting.append(item)
        self._count(item, 1)
        self._arrived.set()

    def _count(self, item: _Pending, sign: int) -> None:
        self._events += sign * item.events
        self._bytes += sign * item.bytes
        if self._events < self._max_pending and self._bytes < _PENDING_BYTES:
            self._room.set()
        else:
            self._room.clear()

    def _take(self) -> Sequence[_Pending]:
        """Take what waits, as much as one transaction may hold, at least one."""
        taken: list[_Pending] = []
        events = size = 0
        while self._waiting:
            item = self._waiting[0]
            if taken and (events + item.events > _BATCH_EVENTS or size + item.bytes > _BATCH_BYTES):
                break
            events += item.events
            size += item.bytes
            taken.append(self._waiting.popleft())
            self._count(item, -1)
        if not self._waiting:
            self._arrived.clear()
        return taken

    async def _write(self, taken: Sequence[_Pending]) -> None:
        self._in_hand = taken
        self._busy_since = asyncio.get_running_loop().time()
        items = [item for item in taken if self._may_be_written(item) and self._is_fit(item)]
        try:
            if items:
                await self._commit(items, looks=False)
        except DatabaseUnavailable as error:
            self._say(error.reason)
            for item in items:
                self._fail(item, error)
        except Exception as error:  # noqa: BLE001 - whatever one write does, the others go on
            _log.warning(
                "journal_batch_failed",
                message="A transaction of the journal failed: each write is tried by itself",
                writes=len(items),
                error_type=type(error).__name__,
            )
            await self._write_one_by_one(items)
        self._busy_since = None
        for item in taken:
            if item.write is None:
                item.succeed()
        self._in_hand = ()

    async def _write_one_by_one(self, items: Sequence[_Pending]) -> None:
        """Write each by itself, or find that it was written when the commit seemed to fail."""
        away: DatabaseUnavailable | None = None
        for item in items:
            if not self._may_be_written(item):
                continue
            if away is not None:
                self._fail(item, InternalError("whether it was written is not known"))
                continue
            try:
                await self._commit([item], looks=True)
            except DatabaseUnavailable as error:
                away = error
                self._say(error.reason)
                self._fail(item, InternalError("whether it was written is not known"))
            except Exception as error:  # noqa: BLE001 - whatever one write does, the others go on
                self._fail(item, _told(item, error))

    async def _commit(self, items: Sequence[_Pending], *, looks: bool) -> None:
        writes = [item.prepared for item in items if item.prepared is not None]
        outcome = await write_together(self._database, writes, looks=looks)
        self._say(None)
        for owner_id, events in outcome.events.items():
            if events:
                self._bus.publish(owner_id, events)
        for place, item in enumerate(items):
            if place in outcome.refused:
                self._fail(item, outcome.refused[place])
            else:
                item.succeed()

    def _may_be_written(self, item: _Pending) -> bool:
        """Refuse a write whose predecessor failed."""
        if item.write is None:
            return False
        earlier = self._failed.get((item.write.run_id, item.write.epoch))
        if earlier is not None:
            kind, reason = earlier
            item.fail(kind(reason))
        return earlier is None

    def _is_fit(self, item: _Pending) -> bool:
        """Refuse a write the journal could not hold."""
        try:
            item.prepared = prepared(item.write) if item.write else None
        except InternalError as error:
            self._fail(item, _told(item, error))
            return False
        return True

    def _fail(self, item: _Pending, error: NetraError) -> None:
        if item.write is not None:
            self._failed[item.write.run_id, item.write.epoch] = type(error), error.reason
            while len(self._failed) > _REMEMBERED_FAILURES:
                del self._failed[next(iter(self._failed))]
        item.fail(error)

    def _give_up(self) -> None:
        """Fail everything that waits, so that nobody waits for ever."""
        left = (*self._in_hand, *self._waiting)
        self._in_hand = ()
        self._waiting.clear()
        self._arrived.clear()
        self._events = self._bytes = 0
        self._room.set()
        self._busy_since = None
        for item in left:
            self._fail(item, InternalError("the event writer has ended"))

    def _say(self, trouble: str | None) -> None:
        """Keep what is wrong for the health report, and log when that changes."""
        before, self._trouble = self._trouble, trouble
        if trouble and not before:
            _log.warning(
                "journal_unavailable",
                message="Events cannot be written: the database does not answer",
                reason=trouble,
            )
        elif before and not trouble:
            _log.info("journal_available", message="Events are written again")


def _told(item: _Pending, error: Exception) -> InternalError:
    """Log that one write is at fault, without what it says, and give what its submitter is told."""
    reason = error.reason if isinstance(error, NetraError) else type(error).__name__
    _log.error(
        "journal_write_failed",
        run_id=item.write.run_id if item.write else None,
        error_type=type(error).__name__,
        reason=reason,
    )
    return InternalError(f"the event could not be written: {reason}")


def _look_at(settled: asyncio.Future[None]) -> None:
    # Who submits may look at the last future only: the failure of the others is no surprise.
    if not settled.cancelled():
        settled.exception()
