"""What a user can do with threads and their messages.

Whose threads they are follows from the session; a foreign id is answered like an unknown one.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias, cast

from netra.clock import Clock, as_datetime
from netra.errors import ContentInvalid, NotFound
from netra.ids import row_id
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import Message, Thread
from netra_backend.app.events import journal
from netra_backend.app.threads.cursor import Place, from_cursor, to_cursor
from netra_backend.app.threads.repository import ThreadRepository
from netra_backend.app.threads.search_words import search_words
from netra_backend.app.threads.views import (
    FoundMessage,
    MessagePage,
    MessageView,
    ThreadPage,
    ThreadView,
)

_Author: TypeAlias = Literal["user", "agent"]

_MICROSECONDS: Final = 1_000_000
_ID: Final = re.compile(r"(thr|msg)_[0-9a-hjkmnp-tv-z]{26}")


class ThreadService:
    """Threads and messages of the session's principal.

    Every method raises `DatabaseUnavailable` when the database does not answer, and `NotFound`
    for an id that is unknown or another principal's.
    """

    def __init__(self, session: PrincipalSession, clock: Clock) -> None:
        self._session = session
        self._rows = ThreadRepository(session)
        self._clock = clock

    async def list_threads(self, limit: int, cursor: str | None, search: str = "") -> ThreadPage:
        """List threads, newest first; with words to search for, those that have all of them.

        Raises:
            ContentInvalid: The cursor is not one of ours, or the words cannot be searched for.
        """
        after = None if cursor is None else from_cursor(cursor)
        found = await self._rows.threads(after, limit + 1, search_words(search))
        shown = found[:limit]
        return ThreadPage(
            items=tuple(_thread_view(thread) for thread in shown),
            next_cursor=_next_cursor(shown, more=len(found) > limit),
        )

    async def latest_threads(self, limit: int) -> tuple[ThreadView, ...]:
        """List threads, the one that changed last first."""
        return tuple(_thread_view(thread) for thread in await self._rows.threads_by_change(limit))

    async def create_thread(self, title: str) -> ThreadView:
        """Begin a thread."""
        return await self._begun(title, self._now())

    async def begin_thread(self, title: str, text: str) -> MessageView:
        """Begin a thread with what the user said in it."""
        now = self._now()
        thread = await self._begun(title, now)
        return await self._said(thread.id, "user", text, now)

    async def read_thread(self, thread_id: str) -> ThreadView:
        """Read a thread."""
        return _thread_view(await self._thread(thread_id))

    async def rename_thread(self, thread_id: str, title: str) -> ThreadView:
        """Give a thread another title."""
        thread = await self._thread(thread_id)
        thread.title = title
        thread.updated_at = self._moment_in(thread)
        await self._rows.flush()
        return _thread_view(thread)

    async def hold_thread(self, thread_id: str) -> None:
        """Let nobody say anything in a thread until this session ends."""
        await self._touched(thread_id)

    async def delete_thread(self, thread_id: str) -> None:
        """Delete a thread and its messages and runs; the journal keeps that something happened."""
        thread = await self._thread(thread_id)
        await self._rows.delete_thread(thread.id)
        await journal.erase_thread(self._session, thread.id)

    async def count_threads(self) -> int:
        """Count threads."""
        return await self._rows.count_threads()

    async def list_messages(self, thread_id: str, limit: int, cursor: str | None) -> MessagePage:
        """List a thread's messages, oldest first.

        Raises:
            ContentInvalid: The cursor is not one of ours.
        """
        after = None if cursor is None else from_cursor(cursor)
        thread = await self._thread(thread_id)
        found = await self._rows.messages(thread.id, after, limit + 1)
        shown = found[:limit]
        return MessagePage(
            items=tuple(_message_view(message) for message in shown),
            next_cursor=_next_cursor(shown, more=len(found) > limit),
        )

    async def latest_messages(self, thread_id: str, limit: int) -> tuple[FoundMessage, ...]:
        """List a thread's last messages, the oldest of them first."""
        thread = await self._thread(thread_id)
        latest = await self._rows.latest_messages(thread.id, limit)
        return tuple(_found(message, thread.title) for message in reversed(latest))

    async def search_messages(self, search: str, limit: int) -> tuple[FoundMessage, ...]:
        """List messages of any thread that contain all the words, the latest first.

        Raises:
            ContentInvalid: The words cannot be searched for, or there are none.
        """
        words = search_words(search)
        if not words:
            raise ContentInvalid("no words", detail="There is nothing to search for.")
        found = await self._rows.messages_with(words, limit)
        titles = await self._rows.titles({message.thread_id for message in found})
        return tuple(_found(message, titles.get(message.thread_id, "")) for message in found)

    async def post_message(self, thread_id: str, text: str) -> MessageView:
        """Add what the user said to a thread."""
        return await self._post(thread_id, "user", text)

    async def post_reply(self, thread_id: str, text: str) -> MessageView:
        """Add what an agent answered to a thread; only a run does that."""
        return await self._post(thread_id, "agent", text)

    async def delete_message(self, thread_id: str, message_id: str) -> None:
        """Delete a message of a thread, and what the run that it belongs to said."""
        message = None
        if _ID.fullmatch(message_id):
            message = await self._rows.message(message_id)
        if message is None or message.thread_id != thread_id:
            raise NotFound("no such message in this thread of this principal")
        await self._rows.delete_message(message.id)
        await journal.erase_message(self._session, thread_id, message.id)

    async def erase_everything(self) -> None:
        """Delete all the principal has here."""
        await self._rows.delete_everything()
        await journal.erase_everything(self._session)

    async def _post(self, thread_id: str, author: _Author, text: str) -> MessageView:
        return await self._said(thread_id, author, text, await self._touched(thread_id))

    async def _touched(self, thread_id: str) -> int:
        moment = None
        if _ID.fullmatch(thread_id):
            moment = await self._rows.touched(thread_id, self._now())
        if moment is None:
            raise NotFound("no such thread of this principal")
        return moment

    async def _begun(self, title: str, now: int) -> ThreadView:
        values = {"id": row_id("thr"), "title": title, "created_at": now, "updated_at": now}
        await self._rows.add(Thread, values)
        return _thread_view(Thread(**values))

    async def _said(self, thread_id: str, author: _Author, text: str, now: int) -> MessageView:
        values = {
            "id": row_id("msg"),
            "thread_id": thread_id,
            "author": author,
            "text": text,
            "created_at": now,
        }
        await self._rows.add(Message, values)
        return _message_view(Message(**values))

    async def _thread(self, thread_id: str) -> Thread:
        thread = await self._rows.thread(thread_id) if _ID.fullmatch(thread_id) else None
        if thread is None:
            raise NotFound("no such thread of this principal")
        return thread

    def _now(self) -> int:
        return int(self._clock.timestamp() * _MICROSECONDS)

    def _moment_in(self, thread: Thread) -> int:
        # A clock set back must not put what is said later before what was said earlier.
        return max(self._now(), thread.updated_at + 1)


def _next_cursor(shown: Sequence[Thread] | Sequence[Message], *, more: bool) -> str | None:
    if not more:
        return None
    last = shown[-1]
    return to_cursor(Place(last.created_at, last.id))


def _thread_view(thread: Thread) -> ThreadView:
    return ThreadView(
        id=thread.id,
        title=thread.title,
        created_at=as_datetime(thread.created_at / _MICROSECONDS),
        updated_at=as_datetime(thread.updated_at / _MICROSECONDS),
    )


def _message_view(message: Message) -> MessageView:
    return MessageView(
        id=message.id,
        thread_id=message.thread_id,
        author=cast("_Author", message.author),
        text=message.text,
        created_at=as_datetime(message.created_at / _MICROSECONDS),
    )


def _found(message: Message, thread_title: str) -> FoundMessage:
    return FoundMessage(message=_message_view(message), thread_title=thread_title)
