"""What a user's runs asked of language models, and what that cost.

That it is booked, with the step it was used for, is the business of the run.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from netra.clock import Clock, as_datetime
from netra.wire.auth_api import WireModel
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.runs.usage.repository import DAY, UsageRepository

_MICROSECONDS: Final = 1_000_000


class ModelTotal(WireModel):
    """What one language model was asked.

    Attributes:
        model: The model.
        requests: How often it was asked.
        input_tokens: What it was sent.
        output_tokens: What it sent back.
        cost_micros: Millionths of a US dollar, of the requests whose price is known.
        unpriced_requests: The requests whose price is not known; those that were broken off, whose
            tokens may be an estimate, are among them.
    """

    model: str
    requests: int
    input_tokens: int
    output_tokens: int
    cost_micros: int
    unpriced_requests: int


class DayTotal(ModelTotal):
    """What one language model was asked on one day (UTC)."""

    day: date


class Usage(WireModel):
    """What the caller's runs used of language models.

    Attributes:
        since: The first day that is counted (UTC).
        models: By model, over all days.
        days: By day and model, the latest day first.
    """

    since: date
    models: tuple[ModelTotal, ...]
    days: tuple[DayTotal, ...]


class UsageService:
    """The usage of the session's principal."""

    def __init__(self, session: PrincipalSession, clock: Clock) -> None:
        self._rows = UsageRepository(session)
        self._clock = clock

    async def usage(self, days: int) -> Usage:
        """Add up the last so many days, today's included.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        now = int(self._clock.timestamp() * _MICROSECONDS)
        since = now - now % DAY - (days - 1) * DAY
        found = [_day_total(row) for row in await self._rows.by_day(since)]
        return Usage(since=_date(since), models=_by_model(found), days=tuple(found))

    async def erase_everything(self) -> None:
        """Delete every record of usage of the principal.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        await self._rows.delete_everything()


def _day_total(row: Any) -> DayTotal:
    # PostgreSQL gives sums as decimals, and none where nothing was added.
    return DayTotal(
        day=_date(int(row.day)),
        model=row.model,
        requests=row.requests,
        input_tokens=int(row.input_tokens),
        output_tokens=int(row.output_tokens),
        cost_micros=int(row.cost_micros or 0),
        unpriced_requests=row.requests - row.priced,
    )


def _by_model(days: Iterable[DayTotal]) -> tuple[ModelTotal, ...]:
    grouped: defaultdict[str, list[DayTotal]] = defaultdict(list)
    for total in days:
        grouped[total.model].append(total)
    return tuple(
        ModelTotal(
            model=model,
            requests=sum(total.requests for total in totals),
            input_tokens=sum(total.input_tokens for total in totals),
            output_tokens=sum(total.output_tokens for total in totals),
            cost_micros=sum(total.cost_micros for total in totals),
            unpriced_requests=sum(total.unpriced_requests for total in totals),
        )
        for model, totals in sorted(grouped.items())
    )


def _date(microseconds: int) -> date:
    return as_datetime(microseconds / _MICROSECONDS).date()
