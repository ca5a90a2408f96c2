"""A user's own threads and messages, as the user's agents see them.

Whose they are follows from the sessions; how long one lives is decided by who opens them.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final

from netra.agent_api import Saying, ThreadSummary
from netra.clock import Clock, as_iso
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.threads.search_turns import search_turns
from netra_backend.app.threads.service import ThreadService
from netra_backend.app.threads.views import FoundMessage

MAX_READ: Final = 200
"""How many messages or threads an agent reads at once, however many it asks for."""

SessionOpener = Callable[[], AbstractAsyncContextManager[PrincipalSession]]
"""Opens a new session of the asker's for reading."""


class ThreadRecords:
    """Reads what the asker has, in a session of the asker's own for each call.

    Every method raises `DatabaseUnavailable` when the database does not answer.
    """

    def __init__(self, open_session: SessionOpener, clock: Clock) -> None:
        self._open = open_session
        self._clock = clock
        self._search = asyncio.Lock()

    async def search(self, words: str, limit: int) -> Sequence[Saying]:
        """Find what was said in any thread with all these words, the latest first.

        Raises:
            ContentInvalid: The words cannot be searched for, or there are none.
            TooManyRequests: Too many others search.
        """
        # One at a time for whom these records are read, and a session only for one that goes on.
        async with self._search, search_turns().turn(), self._open() as session:
            found = await ThreadService(session, self._clock).search_messages(words, _within(limit))
        return tuple(_saying(message) for message in found)

    async def sayings(self, thread_id: str, limit: int) -> Sequence[Saying]:
        """Read the last things said in a thread, the oldest of them first.

        Raises:
            NotFound: The asker has no such thread.
        """
        async with self._open() as session:
            threads = ThreadService(session, self._clock)
            found = await threads.latest_messages(thread_id, _within(limit))
        return tuple(_saying(message) for message in found)

    async def threads(self, limit: int) -> Sequence[ThreadSummary]:
        """List threads, the one in which something was said last first."""
        async with self._open() as session:
            latest = await ThreadService(session, self._clock).latest_threads(_within(limit))
        return tuple(
            ThreadSummary(thread.id, thread.title, _moment(thread.updated_at)) for thread in latest
        )


def _within(limit: int) -> int:
    return max(0, min(limit, MAX_READ))


def _saying(found: FoundMessage) -> Saying:
    message = found.message
    return Saying(
        message_id=message.id,
        thread_id=message.thread_id,
        thread_title=found.thread_title,
        author=message.author,
        text=message.text,
        said_at=_moment(message.created_at),
    )


def _moment(moment: datetime) -> str:
    return as_iso(moment.timestamp())
