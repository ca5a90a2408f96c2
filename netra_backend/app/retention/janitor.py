"""Deletes by itself, at intervals, what the settings say is not to be kept.

What that is, is decided in `policy`; what one session deletes, in `service`. Without a session that
is proven to be for maintenance, or an answer of the auth service, nothing is deleted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Final, TypeVar

from netra.clock import Clock
from netra.errors import CouldNotDecide
from netra.telemetry.log_events import event_logger
from netra.wire.auth_api import SubjectStanding
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.retention.policy import Cutoffs, cutoffs, gone
from netra_backend.app.retention.service import Deleted, RetentionService
from netra_backend.app.settings import Retention

Sessions = Callable[[str], AbstractAsyncContextManager[PrincipalSession]]
"""Opens a session for the service's own work of a name, after its credential was proven."""
Alone = Callable[[], AbstractAsyncContextManager[bool]]
"""Says whether no other process sweeps, and keeps it so until the block ends."""
AskStanding = Callable[[str], Awaitable[SubjectStanding]]
"""Asks the auth service how a person stands; raises `CouldNotDecide` if it does not say."""

T = TypeVar("T")

_OPERATION: Final = "retention"
_FIRST_SECONDS: Final = 60.0
_EVERY_SECONDS: Final = 3600.0
_BREATH_SECONDS: Final = 0.05
"""Between two batches, and two questions to the auth service: others come first."""
_OWNERS: Final = 50
_BATCHES: Final = 1000
"""Of one kind and page of owners; what is left then is left to the next sweep."""

_log = event_logger("retention")


class Janitor:
    """Sweeps the store.

    Args:
        kept: What is kept for how long.
        sessions: Opens sessions for maintenance.
        alone: Keeps other processes from sweeping at the same time.
        standing: Asks about people.
        clock: Says what is old.
        pause: Waits for some seconds.
    """

    def __init__(
        self,
        kept: Retention,
        sessions: Sessions,
        alone: Alone,
        standing: AskStanding,
        clock: Clock,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._kept = kept
        self._sessions = sessions
        self._alone = alone
        self._standing = standing
        self._clock = clock
        self._pause = pause
        self._suspected: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Sweep for ever, at intervals."""
        await self._pause(_FIRST_SECONDS)
        while True:
            await self.sweep()
            await self._pause(_EVERY_SECONDS)

    async def sweep(self) -> Deleted:
        """Delete what is due, unless another process does; give how many rows of each kind.

        What cannot be decided is left to the next sweep, and told.
        """
        deleted = Deleted()
        try:
            async with self._alone() as is_alone:
                if is_alone:
                    await self._sweep_everybody(deleted)
        except CouldNotDecide as error:
            _log.warning("retention_postponed", reason=error.reason)
        finally:
            if deleted:
                _log.info("retention_swept", rows=deleted.total(), deleted=dict(deleted))
        return deleted

    async def _sweep_everybody(self, deleted: Deleted) -> None:
        before = cutoffs(
            conversation_days=self._kept.conversation_days,
            event_days=self._kept.event_days,
            usage_days=self._kept.usage_days,
            now=self._clock.timestamp(),
        )
        is_gone: dict[str, bool] = {}
        after = ""
        while owners := await self._in_session(
            partial(RetentionService.owners_after, after=after, limit=_OWNERS)
        ):
            await self._sweep_page(owners, before, deleted)
            if self._kept.deletes_erased_people:
                for owner_id in owners:
                    standing = await self._standing(owner_id)
                    is_gone[owner_id] = standing is SubjectStanding.GONE
                    await self._pause(_BREATH_SECONDS)
            after = owners[-1]
            await self._pause(_BREATH_SECONDS)
        if self._kept.deletes_erased_people:
            await self._sweep_gone(is_gone, deleted)

    async def _sweep_page(self, owners: Sequence[str], before: Cutoffs, deleted: Deleted) -> None:
        if before.conversations is not None:
            conversations = partial(
                RetentionService.sweep_conversations, owners=owners, before=before.conversations
            )
            await self._in_batches(conversations, deleted)
        if before.usage is not None:
            usage = partial(RetentionService.sweep_usage, owners=owners, before=before.usage)
            await self._in_batches(usage, deleted)
        if before.events is not None:
            for owner_id in owners:
                events = partial(
                    RetentionService.sweep_events, owner_id=owner_id, before=before.events
                )
                await self._in_batches(events, deleted)

    async def _sweep_gone(self, is_gone: dict[str, bool], deleted: Deleted) -> None:
        """Delete what belongs to people of whom the auth service said twice that they are gone."""
        found = gone(is_gone, self._suspected)
        self._suspected = found.suspected
        if found.is_doubtful:
            _log.warning(
                "erased_people_in_doubt",
                message="The auth service knows none of the people who have rows here: nobody's"
                " are deleted",
                people=len(is_gone),
            )
        for owner_id in sorted(found.certain):
            await self._in_batches(partial(RetentionService.erase, owner_id=owner_id), deleted)

    async def _in_batches(
        self, batch: Callable[[RetentionService], Awaitable[Deleted]], deleted: Deleted
    ) -> None:
        for _ in range(_BATCHES):
            done = await self._in_session(batch)
            if not done:
                return
            deleted.update(done)
            await self._pause(_BREATH_SECONDS)

    async def _in_session(self, work: Callable[[RetentionService], Awaitable[T]]) -> T:
        async with self._sessions(_OPERATION) as session:
            return await work(RetentionService(session))
