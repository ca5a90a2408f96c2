"""Deleting what has been kept for long enough: one small batch in each session.

Every method deletes at most so many rows, and gives what it deleted; nothing if nothing is left.
"""

from collections import Counter
from collections.abc import Collection
from typing import Final

from netra.errors import OwnCredentialUnproven
from netra.policy import CredentialMethod, Denied, Permission, decide
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import Thread
from netra_backend.app.retention.policy import journal_cut
from netra_backend.app.retention.repository import RetentionRepository

BATCH: Final = 500
_THREADS: Final = 50
_EVER: Final = 2**62

Deleted = Counter[str]
"""How many rows of which kind; `emptied_events` stay without what was in them."""


class RetentionService:
    """Deletes rows of every owner within one session.

    Raises:
        OwnCredentialUnproven: The session's service may not maintain data, and would find nothing.
    """

    def __init__(self, session: PrincipalSession) -> None:
        decision = decide(
            session.principal, Permission.DATA_MAINTAIN, CredentialMethod.CLIENT_SECRET
        )
        if isinstance(decision, Denied):
            raise OwnCredentialUnproven(
                f"{decision.reason}: register this service with the scope data:maintain"
            )
        self._rows = RetentionRepository(session)

    async def owners_after(self, after: str, limit: int) -> list[str]:
        """List who has rows, in the order of their ids, from the one after an id."""
        return await self._rows.owners_after(after, limit)

    async def sweep_conversations(self, owners: Collection[str], before: int) -> Deleted:
        """Delete threads in which nothing happened since a moment, with all that was said."""
        deleted = Deleted()
        for thread in await self._rows.silent_threads(owners, before, _THREADS):
            deleted += await self._sweep_thread(thread, BATCH - deleted.total())
            if deleted.total() >= BATCH:
                break
        return deleted

    async def sweep_usage(self, owners: Collection[str], before: int) -> Deleted:
        """Delete records of what models cost."""
        return +Deleted(usage=await self._rows.delete_usage(owners, before, BATCH))

    async def sweep_events(self, owner_id: str, before: str) -> Deleted:
        """Delete the beginning of a journal, as far as its runs have ended and it is old."""
        events = await self._rows.first_events(owner_id, BATCH)
        if not events or events[0].timestamp >= before:
            return Deleted()
        unfinished = await self._rows.unfinished(owner_id)
        head = await self._rows.head(owner_id)
        cut = journal_cut(events, unfinished, head=head, before=before)
        if cut:
            await self._rows.delete_events(owner_id, cut)
        return +Deleted(events=sum(event.seq <= cut for event in events))

    async def erase(self, owner_id: str) -> Deleted:
        """Delete rows of somebody who is gone; what their runs still do is not touched."""
        if await self._rows.unfinished(owner_id):
            return Deleted()
        if deleted := await self.sweep_conversations([owner_id], _EVER):
            return deleted
        if usage := await self._rows.delete_usage([owner_id], None, BATCH):
            return Deleted(usage=usage)
        if events := await self._rows.first_events(owner_id, BATCH):
            await self._rows.delete_events(owner_id, events[-1].seq)
            return Deleted(events=len(events))
        if await self._rows.head(owner_id):
            await self._rows.delete_head(owner_id)
            return Deleted(people=1)
        return Deleted()

    async def _sweep_thread(self, thread: Thread, most: int) -> Deleted:
        """Delete what is in a thread, and the thread itself once nothing is."""
        deleted = Deleted()
        for kind, delete in (
            ("emptied_events", self._rows.empty_events),
            ("messages", self._rows.delete_messages),
            ("runs", self._rows.delete_runs),
        ):
            deleted[kind] = await delete(thread, most - deleted.total())
            if deleted.total() >= most:
                return +deleted
        await self._rows.delete_thread(thread)
        deleted["threads"] = 1
        return +deleted
