"""Times as records write them, read as nanoseconds since the epoch."""

import re
from datetime import UTC, datetime
from typing import Any, Final

SECOND: Final = 1_000_000_000

_RFC_3339: Final = re.compile(
    r"(\d{4})[-/.](\d\d)[-/.](\d\d)[Tt _-](\d\d)[:.](\d\d)[:.](\d\d)"
    r"(?:[.,:](\d{1,9})\d*)?\s*(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_NUMBER: Final = re.compile(r"\d{9,19}(?:\.\d+)?", re.ASCII)
_UNITS: Final[tuple[int, ...]] = tuple(10 ** (9 - digits) for digits in range(10))
_YEARS: Final = range(1678, 2262)
"""Whose nanoseconds 64 bits hold; what names another year is kept as an entry without a time."""
_LATEST: Final = 9_214_646_400 * SECOND
"""When 2262 begins."""
_REMEMBERED: Final = 8_192

_seconds_of: dict[str, int] = {}
"""The seconds of texts seen lately: consecutive records share them."""


def from_text(text: str) -> int | None:
    """Read RFC 3339 with up to nine digits of a second, its common relatives, or an epoch.

    Without a zone it is UTC. None if it is no time.
    """
    second = _seconds_of.get(text[:19])
    if second is not None:
        rest = text[19:-1] if text[-1] == "Z" else text[19:]
        if not rest:
            return second
        digits = rest[1:]
        if len(digits) < len(_UNITS) and digits.isdecimal() and rest[0] in ".,":
            return second + int(digits) * _UNITS[len(digits)]
    found = _RFC_3339.fullmatch(text.strip())
    if found is None:
        return _epoch_text(text)
    year, month, day, hour, minute, second_text, fraction, zone = found.groups()
    seconds = seconds_of(int(year), int(month), int(day), int(hour), int(minute), int(second_text))
    if seconds is None:
        return None
    if not zone or zone == "Z":
        if len(_seconds_of) >= _REMEMBERED:
            _seconds_of.clear()
        _seconds_of[text.strip()[:19]] = seconds * SECOND
    return (seconds - zone_seconds(zone)) * SECOND + nanoseconds(fraction)


def from_number(number: float) -> int | None:
    """Read an epoch in seconds, milliseconds, microseconds or nanoseconds, told by its size."""
    if number != number or not 0 < number < _LATEST:  # noqa: PLR0124 - only NaN differs from itself
        return None
    unit = SECOND
    for limit in (10**11, 10**14, 10**17):
        if number < limit:
            break
        unit //= 1_000
    # A double has no more than microseconds of the present.
    is_whole = number == int(number)
    value = int(number) * unit if is_whole else round(number * (unit // 1_000)) * 1_000
    return value if 0 < value < _LATEST else None


def from_value(value: Any) -> int | None:
    """Read whatever a record has where its time should be."""
    if isinstance(value, str):
        return from_text(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return from_number(value)
    if isinstance(value, dict):
        seconds, nanos = value.get("seconds"), value.get("nanos", 0)
        if isinstance(seconds, str) and seconds.isdecimal() and len(seconds) < 13:  # noqa: PLR2004 - longer is no epoch
            seconds = int(seconds)
        if type(seconds) is int and type(nanos) is int and 0 <= nanos < SECOND:
            return seconds * SECOND + nanos if 0 < seconds * SECOND < _LATEST else None
    return None


def seconds_of(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int | None:
    """Give the seconds since the epoch of a moment in UTC; None if it is none, or too far."""
    if year not in _YEARS:
        return None
    leap = second == 60  # noqa: PLR2004 - a leap second is the next minute's first
    try:
        moment = datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) + leap


def zone_seconds(zone: str | None) -> int:
    """Give how far a written zone is ahead of UTC."""
    if not zone or zone[0] not in "+-":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:]) if len(zone) > len("+01") else 0
    return (hours * 3600 + minutes * 60) * (1 if zone[0] == "+" else -1)


def nanoseconds(fraction: str | None) -> int:
    """Read the digits after a second's point."""
    return int(fraction[:9]) * _UNITS[len(fraction[:9])] if fraction else 0


def _epoch_text(text: str) -> int | None:
    if _NUMBER.fullmatch(text) is None:
        return None
    if "." not in text:
        return from_number(int(text))
    whole, _, fraction = text.partition(".")
    value = from_number(int(whole))
    return None if value is None else value + nanoseconds(fraction)
