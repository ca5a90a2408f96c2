"""The tool that finds a day in the calendar and says which weekday it is."""

from datetime import date
from typing import Annotated, Any, Final

import msgspec

from netra.agent_api import Tool, ToolContext, ToolFailed
from netra.clock import Clock, as_datetime
from netra.policy import Permission
from netra_backend.app.agents.reckoning.days import MAX_LENGTH, DayUnknown, day_named, in_words

Day = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_LENGTH)]
"""`today`, `2027-12-25`, `25 December`, `next Friday`, `Christmas`, `in 10 days`, `3 weeks ago`."""


class CalendarDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which day, in words or as a date."""

    day: Day


async def _calendar_day(parameters: CalendarDay, context: ToolContext) -> dict[str, Any]:
    today = today_of(context.clock)
    day = day_or_failure(parameters.day, today)
    return {
        "day": day.isoformat(),
        "in_words": in_words(day),
        "days_from_today": (day - today).days,
        "iso_week": day.isocalendar().week,
        "day_of_year": day.timetuple().tm_yday,
        "time_zone": "UTC",
    }


def today_of(clock: Clock) -> date:
    """Give today's date in UTC."""
    return as_datetime(clock.timestamp()).date()


def day_or_failure(text: str, today: date) -> date:
    """Find the day a text names.

    Raises:
        ToolFailed: It names none.
    """
    try:
        return day_named(text, today)
    except DayUnknown as error:
        raise ToolFailed(str(error)) from error


CALENDAR_DAY: Final = Tool(
    name="calendar_day",
    description=(
        "Find a day given in words or as a date, such as 'today', 'next Friday', 'Christmas', "
        "'in 10 days' or '2027-12-25', and say its date, weekday and distance from today."
    ),
    permission=Permission.AGENTS_RUN,
    parameters=CalendarDay,
    call=_calendar_day,
)
