"""Failures counted in the store: across instances and restarts, and independent of Redis.

A failure is counted after it happened and before it is told. Of any number of attempts at the same
moment no more are told than the limit allows: the rest get the answer of a reached limit, whether
they were right or wrong.
"""

from collections.abc import Sequence

from netra.clock import Clock
from netra.errors import TooManyRequests
from netra_auth.audit import Act, AuditTrail
from netra_auth.limits.counters.in_store import StoreCounters
from netra_auth.limits.counters.window import CountedWindow
from netra_auth.limits.keys import Counted
from netra_auth.limits.refusals import Caller, refusal
from netra_auth.store.engine import Database, Transaction


class Failures:
    """Counts what failed, and says when it is too much."""

    def __init__(self, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def refuse_if_reached(self, whom: Sequence[Counted], caller: Caller) -> None:
        """Refuse before any work where a limit is reached; nothing is counted where none is.

        Raises:
            TooManyRequests: One of the limits is reached.
            DatabaseUnavailable: The store cannot be reached.
        """
        now = self._clock.timestamp()
        async with self._database.reading() as connection:
            window = CountedWindow(StoreCounters(connection, self._clock))
            waits = {
                each: await window.seconds_left(each.limit.item, each.whom, now)
                for each in whom
                if not await window.test(each.limit.item, each.whom)
            }
        if waits:
            # Whoever comes back too early is refused by the one that lasts.
            await self.count_alone([max(waits, key=lambda each: waits[each])], caller)

    async def record_alone(self, whom: Sequence[Counted], act: Act) -> None:
        """Count a failure and record it, in a transaction of its own.

        Raises:
            TooManyRequests: It is one too many; the caller is told that, and not what failed.
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.transaction() as transaction:
            error = await self.record(transaction, whom, act)
        if error is not None:
            raise error

    async def record(
        self, transaction: Transaction, whom: Sequence[Counted], act: Act
    ) -> TooManyRequests | None:
        """Count a failure and record it; give the error if it is one too many.

        Then the act leaves no row of its own, so that a flood does not fill the audit record.
        """
        caller = Caller(origin=act.origin, client_id=act.client_id, subject=act.subject)
        error = await self.count(transaction, whom, caller)
        if error is None:
            await self._audit.note(transaction, act)
        return error

    async def count_alone(self, whom: Sequence[Counted], caller: Caller) -> None:
        """Count a failure in a transaction of its own.

        Raises:
            TooManyRequests: It is one too many; the caller is told that, and not what failed.
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.transaction() as transaction:
            error = await self.count(transaction, whom, caller)
            # Raised after the commit: what was counted and recorded must stay.
        if error is not None:
            raise error

    async def count(
        self, transaction: Transaction, whom: Sequence[Counted], caller: Caller
    ) -> TooManyRequests | None:
        """Count a failure with a transaction; give the error if it is one too many.

        The limits are counted in order up to the first that is reached, so that whoever is refused
        for one does not use up the others. Every transaction takes them in the same order.
        """
        window = CountedWindow(StoreCounters(transaction.connection, self._clock))
        now = self._clock.timestamp()
        for each in whom:
            hits = await window.count(each.limit.item, each.whom)
            if hits > each.limit.item.amount:
                refused = await refusal(window, each, hits, caller, now)
                if refused.act is not None:
                    await self._audit.note(transaction, refused.act)
                return refused.error
        return None

    async def forget_alone(self, whom: Sequence[Counted]) -> None:
        """Begin anew for somebody who proved who they are; nothing is written where nothing failed.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.reading() as connection:
            counters = StoreCounters(connection, self._clock)
            failed = [await counters.get(each.limit.item.key_for(each.whom)) for each in whom]
        if any(failed):
            async with self._database.transaction() as transaction:
                await self.forget(transaction, whom)

    async def forget(self, transaction: Transaction, whom: Sequence[Counted]) -> None:
        """Begin anew for somebody."""
        window = CountedWindow(StoreCounters(transaction.connection, self._clock))
        for each in whom:
            await window.clear(each.limit.item, each.whom)
