"""What a user's agents can change of the user's own threads, once the user has approved of it.

That it was approved is the run's business, and so is whose session it is.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from netra.clock import Clock
from netra.errors import Conflict, NotFound
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.threads.service import ThreadService

SessionOpener = Callable[[], AbstractAsyncContextManager[PrincipalSession]]
"""Opens a new session of the asker's for writing, in which the run that asks is held."""
RunsIn = Callable[[PrincipalSession, str], Awaitable[bool]]
"""Says whether anything is being answered in a thread."""

OWN_THREAD: Final = "The thread in which this was asked cannot be deleted from within."
OTHER_TITLE: Final = "The thread has another title by now, so it was not deleted."
BUSY: Final = "Something is being answered in that thread. Stop it, or wait, and ask again."


class ThreadChanges:
    """Changes what the asker has, in a session of the asker's own for each call.

    Every method raises `DatabaseUnavailable` when the database does not answer.

    Args:
        open_session: Opens sessions.
        runs_in: Says in which threads something is being answered.
        own_thread: Where the run that changes something was asked.
        clock: The time.
    """

    def __init__(
        self, open_session: SessionOpener, runs_in: RunsIn, own_thread: str, clock: Clock
    ) -> None:
        self._open = open_session
        self._runs_in = runs_in
        self._own_thread = own_thread
        self._clock = clock

    async def delete_thread(self, thread_id: str, title: str) -> bool:
        """Delete a thread of this title; say whether it was there.

        Raises:
            Conflict: It has another title, is the asking run's own, or something runs in it.
        """
        if thread_id == self._own_thread:
            raise Conflict("a run cannot delete its own thread", detail=OWN_THREAD)
        async with self._open() as session:
            threads = ThreadService(session, self._clock)
            try:
                # Held first: nobody begins a run in it between the look and the deletion.
                await threads.hold_thread(thread_id)
                thread = await threads.read_thread(thread_id)
            except NotFound:
                return False
            if thread.title != title:
                raise Conflict("the thread has another title", detail=OTHER_TITLE)
            if await self._runs_in(session, thread_id):
                raise Conflict("a run of the thread has not ended", detail=BUSY)
            await threads.delete_thread(thread_id)
        return True
