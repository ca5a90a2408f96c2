"""Records of one person in memory, under the same contract test as those in the database."""

from collections.abc import Sequence

from netra.agent_api import Saying, ThreadSummary
from netra.clock import as_iso
from netra.errors import Conflict, NotFound

_BEGIN = 1_799_000_000


class FakeRecords:
    """What one person has; times go on by a second with everything that is written."""

    def __init__(self) -> None:
        self._threads: dict[str, ThreadSummary] = {}
        self._sayings: list[Saying] = []
        self._written = 0
        self.busy: set[str] = set()

    async def begin(self, title: str) -> str:
        """Begin a thread and give its id."""
        thread_id = f"thr_{self._next():026}"
        self._threads[thread_id] = ThreadSummary(thread_id, title, self._now())
        return thread_id

    async def say(self, thread_id: str, text: str, author: str = "user") -> str:
        """Say something in a thread and give the message's id."""
        message_id = f"msg_{self._next():026}"
        title = self._threads[thread_id].title
        saying = Saying(message_id, thread_id, title, author, text, self._now())
        self._sayings.append(saying)
        self._threads[thread_id] = ThreadSummary(thread_id, title, self._now())
        return message_id

    async def search(self, words: str, limit: int) -> Sequence[Saying]:
        """Find what was said in any thread with all these words, the latest first."""
        wanted = words.casefold().split()
        found = [s for s in self._sayings if all(w in s.text.casefold() for w in wanted)]
        return found[::-1][:limit]

    async def sayings(self, thread_id: str, limit: int) -> Sequence[Saying]:
        """Read the last things said in a thread, the oldest of them first.

        Raises:
            NotFound: There is no such thread.
        """
        if thread_id not in self._threads:
            raise NotFound("no such thread")
        said = [saying for saying in self._sayings if saying.thread_id == thread_id]
        return said[max(0, len(said) - limit) :]

    async def threads(self, limit: int) -> Sequence[ThreadSummary]:
        """List threads, the one in which something was said last first."""
        latest = sorted(self._threads.values(), key=lambda t: t.updated_at, reverse=True)
        return latest[:limit]

    async def delete_thread(self, thread_id: str, title: str) -> bool:
        """Delete a thread of this title.

        Raises:
            Conflict: It has another title, or something is being answered in it.
        """
        thread = self._threads.get(thread_id)
        if thread is None:
            return False
        if thread.title != title or thread_id in self.busy:
            raise Conflict("not to be deleted", detail="It was not deleted.")
        del self._threads[thread_id]
        self._sayings = [one for one in self._sayings if one.thread_id != thread_id]
        return True

    def _next(self) -> int:
        self._written += 1
        return self._written

    def _now(self) -> str:
        return as_iso(_BEGIN + self._written)
