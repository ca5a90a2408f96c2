"""The queries about threads and messages; all of them within one principal's session."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, aliased

from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import Message, Thread
from netra_backend.app.threads.cursor import Place
from netra_backend.app.threads.search_words import Spellings

SEARCHED_MESSAGES: Final = 10_000
"""How many of the latest messages a search reads: it bounds what one search can cost."""


class ThreadRepository:
    """Finds and changes rows of threads and messages."""

    def __init__(self, session: PrincipalSession) -> None:
        self._session = session

    async def thread(self, thread_id: str) -> Thread | None:
        """Find a thread of the principal."""
        return await self._session.get(Thread, thread_id)

    async def threads(
        self, after: Place | None, limit: int, words: Sequence[Spellings] = ()
    ) -> Sequence[Thread]:
        """List threads, newest first, from the one after a place.

        With words, only those whose title, or one of whose messages, contains all of them.
        """
        order = (Thread.created_at, Thread.id)
        query = select(Thread).order_by(*(column.desc() for column in order)).limit(limit)
        if after is not None:
            query = query.where(tuple_(*order) < _values(after))
        if words:
            said = select(Message.thread_id).where(_is_recent(), _contains(Message.text, words))
            query = query.where(or_(_contains(Thread.title, words), Thread.id.in_(said)))
        return (await self._session.scalars(query)).all()

    async def threads_by_change(self, limit: int) -> Sequence[Thread]:
        """List threads, the one that changed last first."""
        query = select(Thread).order_by(Thread.updated_at.desc(), Thread.id.desc()).limit(limit)
        return (await self._session.scalars(query)).all()

    async def titles(self, thread_ids: Collection[str]) -> Mapping[str, str]:
        """Find the titles of threads."""
        query = select(Thread).where(Thread.id.in_(thread_ids))
        return {thread.id: thread.title for thread in await self._session.scalars(query)}

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

    async def latest_messages(self, thread_id: str, limit: int) -> Sequence[Message]:
        """List a thread's last messages, the latest first."""
        query = select(Message).where(Message.thread_id == thread_id)
        query = query.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit)
        return (await self._session.scalars(query)).all()

    async def messages_with(self, words: Sequence[Spellings], limit: int) -> Sequence[Message]:
        """List messages of any thread that contain all the words, the latest first."""
        query = select(Message).where(_is_recent(), _contains(Message.text, words))
        query = query.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit)
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


def _contains(text: InstrumentedAttribute[str], words: Sequence[Spellings]) -> ColumnElement[bool]:
    return and_(*(or_(*(_holds(text, spelling) for spelling in word)) for word in words))


def _holds(text: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    # A text holds a word if without it it is another. So no sign in a word means anything but
    # itself, and the worst text takes a tenth of the time that a pattern would take.
    folded = func.lower(text)
    return func.replace(folded, func.lower(word), "") != folded


def _is_recent() -> ColumnElement[bool]:
    recent = aliased(Message)
    latest = select(recent.id).order_by(recent.created_at.desc(), recent.id.desc())
    return Message.id.in_(latest.limit(SEARCHED_MESSAGES))
