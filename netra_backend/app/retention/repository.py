"""The queries about what has been kept for long enough; within a session for maintenance.

Each changes a bounded number of rows, which are found first.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Bundle, InstrumentedAttribute

from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import (
    Event,
    JournalHead,
    Message,
    ModelUsage,
    Run,
    RunLease,
    Thread,
)
from netra_backend.app.events.journal import ERASED
from netra_backend.app.retention.policy import PlacedEvent

_OWNERS: Final = (JournalHead.owner_id, Thread.owner_id, ModelUsage.owner_id)


class RetentionRepository:
    """Finds and deletes rows of every owner, a batch at a time."""

    def __init__(self, session: PrincipalSession) -> None:
        self._session = session

    async def owners_after(self, after: str, limit: int) -> list[str]:
        """List who has rows, in the order of their ids, from the one after an id."""
        found: set[str] = set()
        for column in _OWNERS:
            query = select(column).where(column > after).distinct().order_by(column).limit(limit)
            found.update(await self._session.scalars(query))
        return sorted(found)[:limit]

    async def silent_threads(
        self, owners: Collection[str], before: int, limit: int
    ) -> Sequence[Thread]:
        """List threads without activity since a moment, and hold them until the session ends.

        Those of unfinished runs are not among them, and nobody says anything in one that is held.
        """
        working = select(RunLease.thread_id).where(RunLease.owner_id.in_(owners))
        is_silent = (Thread.updated_at < before, Thread.id.not_in(working))
        query = select(Thread.id).where(Thread.owner_id.in_(owners), *is_silent).limit(limit)
        ids = (await self._session.scalars(query)).all()
        if not ids:
            return ()
        # Whoever spoke meanwhile was first: then the thread is silent no longer.
        await self._session.execute(
            update(Thread)
            .where(Thread.id.in_(ids), Thread.updated_at < before)
            .values(updated_at=Thread.updated_at)
            .execution_options(synchronize_session=False)
        )
        held = select(Thread).where(Thread.id.in_(ids), *is_silent).order_by(Thread.id)
        return (await self._session.scalars(held)).all()

    async def empty_events(self, thread: Thread, limit: int) -> int:
        """Empty events of a thread; gives how many."""
        of_thread = (Event.owner_id == thread.owner_id, Event.thread_id == thread.id)
        query = select(Event.seq).where(*of_thread, Event.payload != ERASED).limit(limit)
        seqs = (await self._session.scalars(query)).all()
        if seqs:
            await self._session.execute(
                update(Event)
                .where(Event.owner_id == thread.owner_id, Event.seq.in_(seqs))
                .values(payload=ERASED)
                .execution_options(synchronize_session=False)
            )
        return len(seqs)

    async def delete_messages(self, thread: Thread, limit: int) -> int:
        """Delete messages of a thread; gives how many."""
        query = select(Message.id).where(
            Message.owner_id == thread.owner_id, Message.thread_id == thread.id
        )
        return await self._delete(Message, Message.id, await self._some(query, limit))

    async def delete_runs(self, thread: Thread, limit: int) -> int:
        """Delete runs of a thread, none of which is unfinished; gives how many."""
        query = select(Run.id).where(Run.owner_id == thread.owner_id, Run.thread_id == thread.id)
        return await self._delete(Run, Run.id, await self._some(query, limit))

    async def delete_thread(self, thread: Thread) -> None:
        """Delete a thread that has nothing in it any more."""
        await self._delete(Thread, Thread.id, [thread.id])

    async def delete_usage(self, owners: Collection[str], before: int | None, limit: int) -> int:
        """Delete records of usage from before a moment, or all; gives how many."""
        query = select(ModelUsage.id).where(ModelUsage.owner_id.in_(owners))
        if before is not None:
            query = query.where(ModelUsage.created_at < before)
        return await self._delete(ModelUsage, ModelUsage.id, await self._some(query, limit))

    async def unfinished(self, owner_id: str) -> frozenset[str]:
        """Name the unfinished runs of an owner."""
        query = select(RunLease.run_id).where(RunLease.owner_id == owner_id)
        return frozenset(await self._session.scalars(query))

    async def head(self, owner_id: str) -> int:
        """Give the last `seq` of an owner's journal; 0 if there is none."""
        query = select(JournalHead.head).where(JournalHead.owner_id == owner_id)
        return await self._session.scalar(query) or 0

    async def first_events(self, owner_id: str, limit: int) -> list[PlacedEvent]:
        """Read the beginning of an owner's journal."""
        placed: Bundle[Any] = Bundle("placed", Event.seq, Event.run_id, Event.timestamp)
        query = select(placed).where(Event.owner_id == owner_id).order_by(Event.seq).limit(limit)
        return [PlacedEvent(*row) for row in await self._session.scalars(query)]

    async def delete_events(self, owner_id: str, through: int) -> None:
        """Delete the beginning of an owner's journal, which says so from then on."""
        await self._session.execute(
            delete(Event)
            .where(Event.owner_id == owner_id, Event.seq <= through)
            .execution_options(synchronize_session=False)
        )
        await self._session.execute(
            update(JournalHead)
            .where(JournalHead.owner_id == owner_id, JournalHead.erased_through < through)
            .values(erased_through=through)
            .execution_options(synchronize_session=False)
        )

    async def delete_head(self, owner_id: str) -> None:
        """Delete what is known of the place an owner's journal reached."""
        await self._delete(JournalHead, JournalHead.owner_id, [owner_id])

    async def _some(self, query: Any, limit: int) -> Sequence[str]:
        return (await self._session.scalars(query.limit(limit))).all()

    async def _delete(
        self, entity: Any, column: InstrumentedAttribute[str], ids: Sequence[str]
    ) -> int:
        if ids:
            await self._session.execute(
                delete(entity).where(column.in_(ids)).execution_options(synchronize_session=False)
            )
        return len(ids)
