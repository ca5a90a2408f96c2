"""The tool that counts the days between two days."""

from datetime import date, timedelta
from typing import Any, Final

import msgspec

from netra.agent_api import Tool, ToolContext
from netra.policy import Permission
from netra_backend.app.agents.reckoning.days import in_words
from netra_backend.app.agents.tools.calendar_day import Day, day_or_failure, today_of

_WORKDAYS_A_WEEK: Final = 5


class DaysBetween(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which day to which, each in words or as a date."""

    end: Day
    start: Day = "today"


async def _days_between(parameters: DaysBetween, context: ToolContext) -> dict[str, Any]:
    today = today_of(context.clock)
    start = day_or_failure(parameters.start, today)
    end = day_or_failure(parameters.end, today)
    return {
        "start": start.isoformat(),
        "start_in_words": in_words(start),
        "end": end.isoformat(),
        "end_in_words": in_words(end),
        "days": (end - start).days,
        "workdays": _workdays(start, end),
        "time_zone": "UTC",
    }


def _workdays(start: date, end: date) -> int:
    """Count Mondays to Fridays from one day up to the other, the later one left out."""
    first, last = sorted((start, end))
    weeks, rest = divmod((last - first).days, 7)
    begun = sum((first + timedelta(days=day)).weekday() < _WORKDAYS_A_WEEK for day in range(rest))
    return weeks * _WORKDAYS_A_WEEK + begun


DAYS_BETWEEN: Final = Tool(
    name="days_between",
    description=(
        "Count the days from one day to another, each given in words or as a date; without a "
        "start, from today. A negative count means that the end comes first."
    ),
    permission=Permission.AGENTS_RUN,
    parameters=DaysBetween,
    call=_days_between,
)
