"""Days as people name them: dates, weekdays, holidays, and so many days from another. Pure.

Today is handed in: nothing here reads a clock.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

MAX_LENGTH: Final = 100
WEEKDAYS: Final = (*("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),)
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_HOLIDAYS: Final = {
    "christmas eve": (12, 24),
    "christmas day": (12, 25),
    "christmas": (12, 25),
    "xmas": (12, 25),
    "boxing day": (12, 26),
    "new year's eve": (12, 31),
    "new years eve": (12, 31),
    "new year's day": (1, 1),
    "new years day": (1, 1),
    "new year's": (1, 1),
    "new year": (1, 1),
    "valentine's day": (2, 14),
    "valentines day": (2, 14),
    "halloween": (10, 31),
}
_NEAR: Final = {
    "today": 0,
    "now": 0,
    "right now": 0,
    "tomorrow": 1,
    "yesterday": -1,
    "day after tomorrow": 2,
    "day before yesterday": -2,
}
_NUMBERS: Final = {
    word: number
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), start=1
    )
} | {"a": 1, "an": 1, "twelve": 12}

_SPACES: Final = re.compile(r"[\s,]+")
_ENDING: Final = re.compile(r"(?<=[0-9])(?:st|nd|rd|th)\b")
_LEAD: Final = re.compile(r"^(?:(?:on|the|is|be|at) )+")
_BY_YEAR: Final = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_BY_NUMBERS: Final = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")
_DAY_MONTH: Final = re.compile(r"([0-9]{1,2})\.? (?:of )?([a-z]+)\.?(?: ([0-9]{4}))?")
_MONTH_DAY: Final = re.compile(r"([a-z]+)\.? (?:the )?([0-9]{1,2})(?: ([0-9]{4}))?")
_WEEKDAY: Final = re.compile(r"(?:(this|next|last|coming|past) )?([a-z]+)")
_HOLIDAY: Final = re.compile(r"(?:(this|next|last) )?([a-z' ]+?)(?: ([0-9]{4}))?")
_COUNT: Final = r"([0-9]{1,6}|[a-z]+) (day|week|month|year)s?"
_IN: Final = re.compile(rf"in {_COUNT}(?: time)?")
_AGO: Final = re.compile(rf"{_COUNT} ago")
_OFF: Final = re.compile(rf"{_COUNT} (from|after|before) (.+)")
_NEXT: Final = re.compile(r"(next|last) (week|month|year)")


class DayUnknown(ValueError):
    """It names no day; the message says why, to the person who typed it."""


def day_named(text: str, today: date) -> date:
    """Find the day a person means, such as `25 December`, `next Friday` or `in 10 days`.

    Without a year it is the next such day, today included; `last` and `ago` look back.

    Raises:
        DayUnknown: It names no day, no single one, or one beyond the years 1 to 9999.
    """
    if len(text) > MAX_LENGTH:
        raise DayUnknown("That is too long for a day.")
    phrase = _SPACES.sub(" ", text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    phrase = _LEAD.sub("", _ENDING.sub("", phrase.strip(" .?!'\"")))
    try:
        for read in _READERS:
            day = read(phrase, today)
            if day is not None:
                return day
    except (ValueError, OverflowError) as error:
        if isinstance(error, DayUnknown):
            raise
        raise DayUnknown("There is no such day in the calendar.") from error
    raise DayUnknown("I do not know which day that is. Write it as 2027-12-25 or 25 December.")


def is_day(text: str) -> bool:
    """Tell whether a text names a day."""
    try:
        day_named(text, date(2000, 1, 1))
    except DayUnknown:
        return False
    return True


def in_words(day: date) -> str:
    """Write a day as people do, with its weekday and the year in four digits."""
    return f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year:04}"


def _near(phrase: str, today: date) -> date | None:
    distance = _NEAR.get(phrase)
    return None if distance is None else today + timedelta(days=distance)


def _numeric(phrase: str, _today: date) -> date | None:
    if match := _BY_YEAR.fullmatch(phrase):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := _BY_NUMBERS.fullmatch(phrase):
        first, separator, second, year = int(match[1]), match[2], int(match[3]), int(match[4])
        # With points the day comes first everywhere; with strokes countries differ.
        if separator == "." or first > len(MONTHS) or first == second:
            return date(year, second, first)
        if second > len(MONTHS):
            return date(year, first, second)
        raise DayUnknown(
            f"{phrase} can be read in two ways. "
            f"Write {year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}."
        )
    return None


def _by_month(phrase: str, today: date) -> date | None:
    if match := _DAY_MONTH.fullmatch(phrase):
        day, name, year = match[1], match[2], match[3]
    elif match := _MONTH_DAY.fullmatch(phrase):
        name, day, year = match[1], match[2], match[3]
    else:
        return None
    month = _place(name, MONTHS)
    if month is None:
        return None
    return _yearly(month + 1, int(day), int(year) if year else None, today)


def _by_weekday(phrase: str, today: date) -> date | None:
    match = _WEEKDAY.fullmatch(phrase)
    weekday = None if match is None else _place(match[2], WEEKDAYS)
    if match is None or weekday is None:
        return None
    ahead = (weekday - today.weekday()) % 7
    if match[1] in ("last", "past"):
        return today - timedelta(days=(7 - ahead) if ahead else 7)
    if match[1] == "next" and ahead == 0:
        ahead = 7
    return today + timedelta(days=ahead)


def _by_holiday(phrase: str, today: date) -> date | None:
    match = _HOLIDAY.fullmatch(phrase)
    if match is None or match[2] not in _HOLIDAYS:
        return None
    month, day = _HOLIDAYS[match[2]]
    if match[1] == "last":
        this_year = date(today.year, month, day)
        return this_year if this_year < today else date(today.year - 1, month, day)
    return _yearly(month, day, int(match[3]) if match[3] else None, today)


def _near_offset(phrase: str, today: date) -> date | None:
    if match := _NEXT.fullmatch(phrase):
        return _moved(today, 1 if match[1] == "next" else -1, match[2])
    if match := _IN.fullmatch(phrase):
        sign, unit = 1, match[2]
    elif match := _AGO.fullmatch(phrase):
        sign, unit = -1, match[2]
    else:
        return None
    count = _number(match[1])
    return None if count is None else _moved(today, sign * count, unit)


def _offset(phrase: str, today: date) -> date | None:
    match = _OFF.fullmatch(phrase)
    count = None if match is None else _number(match[1])
    if match is None or count is None:
        return None
    other = _LEAD.sub("", match[4])
    # One step down: an offset from an offset is not looked for.
    start = next((day for read in _READERS[:-1] if (day := read(other, today))), None)
    sign = -1 if match[3] == "before" else 1
    return None if start is None else _moved(start, sign * count, match[2])


_Reader = Callable[[str, date], date | None]
_READERS: Final[tuple[_Reader, ...]] = (
    _near,
    _numeric,
    _by_month,
    _by_weekday,
    _by_holiday,
    _near_offset,
    _offset,
)


def _yearly(month: int, day: int, year: int | None, today: date) -> date:
    if year is not None:
        return date(year, month, day)
    # Eight years hold a 29 February, also around a century without one.
    for candidate in range(today.year, today.year + 9):
        if day > monthrange(candidate, month)[1]:
            continue
        found = date(candidate, month, day)
        if found >= today:
            return found
    raise DayUnknown("There is no such day in the calendar.")


def _moved(start: date, count: int, unit: str) -> date:
    if unit == "day":
        return start + timedelta(days=count)
    if unit == "week":
        return start + timedelta(weeks=count)
    months = start.year * 12 + start.month - 1 + (count if unit == "month" else 12 * count)
    year, month = divmod(months, 12)
    if not 1 <= year <= date.max.year:
        raise DayUnknown("That is beyond the years 1 to 9999.")
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _place(name: str, names: tuple[str, ...]) -> int | None:
    """Find a name by its first letters, three at least."""
    if len(name) < 3:  # noqa: PLR2004 - as said above
        return None
    for place, full in enumerate(names):
        if full.lower().startswith(name) or name == f"{full.lower()}s":
            return place
    return None


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else _NUMBERS.get(text)
