"""The queries about threads and messages; all of them within one principal's session."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, tuple_

from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import Message, Thread
from netra_backend.app.threads.cursor import Place


class ThreadRepository:
    """Finds and changes rows of threads and messages."""

    def __init__(self, session: PrincipalSession) -> None:
        self._session = session

    async def thread(self, thread_id: str) -> Thread | None:
        """Find a thread of the principal."""
        return await self._session.get(Thread, thread_id)

    async def threads(self, after: Place | None, limit: int) -> Sequence[Thread]:
        """List threads, newest first, from the one after a place."""
        order = (Thread.created_at, Thread.id)
        query = select(Thread).order_by(*(column.desc() for column in order)).limit(limit)
        if after is not None:
            query = query.where(tuple_(*order) < _values(after))
        return (await self._session.scalars(query)).all()

    async def message(self, message_id: str) -> Message | None:
        """Find a message of the principal."""
        return await self._session.get(Message, message_id)

    async def messages(self, thread_id: str, after: Place | None, limit: int) -> Sequence[Message]:
        """List a thread's messages, oldest first, from the one after a place."""
        order = (Message.created_at, Message.id)
        query = select(Message).where(Message.thread_id == thread_id)
        query = query.order_by(*order).limit(limit)
        if after is not None:
            query = query.where(tuple_(*order) > _values(after))
        return (await self._session.scalars(query)).all()

    async def count_threads(self) -> int:
        """Count the principal's threads."""
        return await self._session.scalar(select(func.count(Thread.id))) or 0

    async def add(self, row: Thread | Message) -> None:
        """Write a new row."""
        self._session.add(row)
        await self._session.flush()

    async def flush(self) -> None:
        """Write what was changed on rows that were found."""
        await self._session.flush()

    async def delete_thread(self, thread_id: str) -> None:
        """Delete a thread; its messages go with it by their foreign key."""
        await self._session.execute(delete(Thread).where(Thread.id == thread_id))

    async def delete_message(self, message_id: str) -> None:
        """Delete a message."""
        await self._session.execute(delete(Message).where(Message.id == message_id))

    async def delete_everything(self) -> None:
        """Delete every thread of the principal, and with them every message."""
        await self._session.execute(delete(Thread))


def _values(place: Place) -> ColumnElement[Any]:
    return tuple_(place.created_at, place.row_id)
