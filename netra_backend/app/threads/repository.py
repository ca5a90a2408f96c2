"""The queries about threads and messages; all of them within one principal's session."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    SQLColumnExpression,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import Message, Thread
from netra_backend.app.threads.cursor import Place
from netra_backend.app.threads.search_words import Spellings

SEARCHED_MESSAGES: Final = 3_000
SEARCHED_CHARACTERS: Final = 1_500_000
SEARCHED_THREADS: Final = 5_000
"""What a search reads, of the latest messages and titles: together they bound what it can cost."""
MEASURED_AT_ONCE: Final = 100
"""Messages whose lengths are read at a time: to know a length, the whole text is read."""

_LENGTHS: Final = select(Message.id, func.length(Message.text)).where(
    Message.id.in_(bindparam("ids", expanding=True))
)

# A clock set back must not put what is said later before what was said earlier.
_NOW: Final = bindparam("now", type_=BigInteger)
_TOUCH: Final = (
    update(Thread)
    .where(Thread.id == bindparam("thread"))
    .values(updated_at=case((Thread.updated_at < _NOW, _NOW), else_=Thread.updated_at + 1))
    .returning(Thread.updated_at)
)


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
            folded = _folded(await self.searched())
            said = select(folded.thread_id).where(_contains(folded.text, words))
            titled = and_(_is_recent(), _contains(func.lower(Thread.title), words))
            query = query.where(or_(titled, Thread.id.in_(said)))
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
        folded = _folded(await self.searched())
        found = select(folded.id).where(_contains(folded.text, words))
        query = select(Message).where(Message.id.in_(found))
        query = query.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit)
        return (await self._session.scalars(query)).all()

    async def searched(self) -> Sequence[str]:
        """List the ids of the messages a search reads: the latest, within its bounds."""
        query = select(Message.id).order_by(Message.created_at.desc(), Message.id.desc())
        latest = (await self._session.scalars(query.limit(SEARCHED_MESSAGES))).all()
        left = SEARCHED_CHARACTERS
        for begin in range(0, len(latest), MEASURED_AT_ONCE):
            measured = latest[begin : begin + MEASURED_AT_ONCE]
            rows = await self._session.run_constant(_LENGTHS, {"ids": measured})
            lengths = {row[0]: row[1] for row in rows}
            for place, message_id in enumerate(measured, begin):
                left -= lengths.get(message_id, 0)
                if left < 0:
                    return latest[:place]
        return latest

    async def count_threads(self) -> int:
        """Count the principal's threads."""
        return await self._session.scalar(select(func.count(Thread.id))) or 0

    async def touched(self, thread_id: str, now: int) -> int | None:
        """Say that something was said in a thread now; gives the moment, later than any before.

        Gives None if the principal has no such thread.
        """
        rows = await self._session.run_constant(_TOUCH, {"thread": thread_id, "now": now})
        return int(rows[0].updated_at) if rows else None

    async def add(self, entity: type[Thread | Message], values: Mapping[str, object]) -> None:
        """Write a new row of the principal."""
        await self._session.put_in(entity, values)

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


def _folded(message_ids: Sequence[str]) -> type[Message]:
    """Give messages whose texts are in lower case.

    The limit keeps a database from writing what stands within into what stands around: it would
    fold a text once for each spelling.
    """
    columns = (Message.id, Message.owner_id, Message.thread_id)
    within = select(*columns, func.lower(Message.text).label("text"))
    within = within.where(Message.id.in_(message_ids)).limit(SEARCHED_MESSAGES)
    return aliased(Message, within.subquery(), adapt_on_names=True)


def _contains(folded: SQLColumnExpression[str], words: Sequence[Spellings]) -> ColumnElement[bool]:
    return and_(*(or_(*(_holds(folded, spelling) for spelling in word)) for word in words))


def _holds(folded: SQLColumnExpression[str], word: str) -> ColumnElement[bool]:
    # A text holds a word if without it it is another. So no sign in a word means anything but
    # itself, and the worst text takes a tenth of the time that a pattern would take.
    return func.replace(folded, func.lower(word), "") != folded


def _is_recent() -> ColumnElement[bool]:
    recent = aliased(Thread)
    latest = select(recent.id).order_by(recent.created_at.desc(), recent.id.desc())
    return Thread.id.in_(latest.limit(SEARCHED_THREADS))
