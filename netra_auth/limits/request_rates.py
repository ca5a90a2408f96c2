"""How many requests are served, right ones included: generous, and under the caller's own name.

Whoever proves who they are is counted by that name, so that nobody's requests but their own stop
them; whoever does not is counted by address.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Final

from limits import RateLimitItem
from limits.aio.storage import Storage

from netra.clock import Clock
from netra_auth.audit import Act, AuditTrail, Origin
from netra_auth.limits import table
from netra_auth.limits.counters.window import CountedWindow, is_milestone
from netra_auth.limits.keys import Counted, counted, network_of
from netra_auth.limits.refusals import Caller, refusal
from netra_auth.limits.table import Limit

_SCALED: Final = frozenset(table.REQUESTS) - {table.REFUSALS_NOTED}


class RequestRates:
    """Counts requests in the process, or in Redis."""

    def __init__(self, counters: Storage, factor: int, audit: AuditTrail, clock: Clock) -> None:
        self._window = CountedWindow(counters)
        self._limits = scaled(factor)
        self._audit = audit
        self._clock = clock

    async def admit(self, limit: Limit, whom: str, caller: Caller) -> None:
        """Count a request of somebody.

        Raises:
            TooManyRequests: It is one too many.
            DatabaseUnavailable: The refusal cannot be recorded.
        """
        each = self._counted(limit, whom)
        hits = await self._window.count(each.limit.item, each.whom)
        if hits <= each.limit.item.amount:
            return
        refused = await refusal(self._window, each, hits, caller, self._clock.timestamp())
        if refused.act is not None:
            await self._audit.note_alone(refused.act)
        raise refused.error

    async def note_refusal(self, act: Act, whom: str | None = None) -> None:
        """Record a refusal that costs its sender nothing: a bad access token, a forged form.

        Beyond the limit only the first, the tenth and so on of a sender leaves a row; the answer
        is the same.

        Args:
            act: What was refused.
            whom: Who proved to have sent it; without it the address counts.

        Raises:
            DatabaseUnavailable: The record cannot be kept.
        """
        sender = whom or network_of(act.origin.address)
        each = self._counted(table.REFUSALS_NOTED, sender)
        hits = await self._window.count(each.limit.item, each.whom)
        beyond = hits - each.limit.item.amount
        if beyond <= 0:
            await self._audit.note_alone(act)
        elif is_milestone(beyond):
            reason = f"{act.reason} ({hits} refusals of this sender within a minute)"
            await self._audit.note_alone(replace(act, reason=reason))

    def _counted(self, limit: Limit, whom: str) -> Counted:
        return counted(self._limits[limit.name], whom)


def scaled(factor: int) -> Mapping[str, Limit]:
    """Give the limits of requests by name, with every amount that may be scaled multiplied."""
    return {limit.name: _scaled(limit, factor) for limit in table.REQUESTS}


def _scaled(limit: Limit, factor: int) -> Limit:
    if limit not in _SCALED:
        return limit
    item: RateLimitItem = copy(limit.item)
    item.amount *= factor
    return Limit(item, limit.scope, limit.counts)


def at_address(origin: Origin) -> str:
    """Name the place a request came from."""
    return network_of(origin.address)
