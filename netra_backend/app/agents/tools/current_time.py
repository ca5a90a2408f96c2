"""The tool that says what time it is, in UTC or at another place."""

import asyncio
from functools import cache
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from netra.agent_api import Tool, ToolContext, ToolFailed
from netra.clock import as_datetime
from netra.policy import Permission
from netra_backend.app.agents.reckoning.days import in_words

_UTC: Final = "UTC"


class CurrentTime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where; a time zone such as `Europe/Berlin`, or the name of a large city."""

    place: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = _UTC


async def _current_time(parameters: CurrentTime, context: ToolContext) -> dict[str, Any]:
    now = as_datetime(context.clock.timestamp())
    zone = _UTC
    if parameters.place.upper() not in (_UTC, "GMT"):
        # The first time it is asked for, the list of zones is read from disk.
        zone = await asyncio.to_thread(_zone_named, parameters.place)
        now = now.astimezone(await asyncio.to_thread(_zone, zone))
    return {
        "time": now.strftime("%H:%M"),
        "day": now.date().isoformat(),
        "in_words": in_words(now.date()),
        "time_zone": zone,
        "utc_offset": now.strftime("%z")[:3] + ":" + now.strftime("%z")[3:5],
    }


def _zone_named(place: str) -> str:
    name = "_".join(place.lower().split())
    zone = _zones().get(name)
    if zone is None:
        raise ToolFailed(
            f"I do not know the time zone of {place}. Name a large city, or a time zone such as "
            "Europe/Berlin."
        )
    return zone


@cache
def _zones() -> dict[str, str]:
    """Map zones and the cities they are named for to the zones, the machine's own list of them."""
    names = sorted(name for name in available_timezones() if "/" in name)
    areas = {name.lower(): name for name in names if not name.startswith(("Etc/", "posix"))}
    cities = {name.rpartition("/")[2]: zone for name, zone in areas.items()}
    return {**cities, **areas}


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError as error:
        raise ToolFailed("The list of time zones is not there.") from error


CURRENT_TIME: Final = Tool(
    name="current_time",
    description="Say the time and date, in UTC or in the time zone of a large city.",
    permission=Permission.AGENTS_RUN,
    parameters=CurrentTime,
    call=_current_time,
)
