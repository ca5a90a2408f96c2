"""How a reached limit is answered and recorded: alike for everybody, and in few rows."""

from dataclasses import dataclass
from typing import Final

from netra.errors import TooManyRequests
from netra_auth.audit import Act, AuditEvent, Origin, Outcome
from netra_auth.limits.counters.window import CountedWindow, is_milestone
from netra_auth.limits.keys import Counted

_MINUTE: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is counted, in the words of the audit record.

    Attributes:
        origin: The request it belongs to.
        client_id: The client it came through, as claimed.
        subject: The account it concerns, as claimed.
    """

    origin: Origin
    client_id: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reached limit: what the caller is told, and the row it leaves, if it leaves one."""

    error: TooManyRequests
    act: Act | None


async def refusal(
    window: CountedWindow, reached: Counted, hits: int, caller: Caller, now: float
) -> Refusal:
    """Make the refusal of a hit beyond a limit.

    The first refusal of a window leaves a row, the tenth, the hundredth and so on: a flood of n
    leaves as many rows as n has digits, and each says how many there were.
    """
    limit = reached.limit
    seconds = await window.seconds_left(limit.item, reached.whom, now)
    error = TooManyRequests(
        f"the limit {limit.name} is reached",
        retry_after=seconds,
        detail=f"Try again in {_in_words(seconds)}.",
    )
    number = hits - limit.item.amount
    if not is_milestone(number):
        return Refusal(error, None)
    act = Act(
        event=AuditEvent.LIMIT_REACHED,
        outcome=Outcome.REFUSED,
        origin=caller.origin,
        client_id=caller.client_id,
        subject=caller.subject,
        reason=f"{limit.name}: {number} refused in this window so far",
    )
    return Refusal(error, act)


def _in_words(seconds: int) -> str:
    minutes = -(-seconds // _MINUTE)
    if minutes == 1:
        return "a minute"
    if minutes <= 2 * _MINUTE:
        return f"{minutes} minutes"
    return f"{-(-minutes // _MINUTE)} hours"
