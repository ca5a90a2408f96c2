"""The forms of date and time with which plain lines begin, and what moment each is."""

import re
from typing import Final

from netra_ops.logs.entries import times

MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
MONTH: Final = "|".join(MONTHS)
_CLOCK: Final = r"\d\d:\d\d:\d\d(?:[.,:]\d{1,9})?"
_ZONE: Final = r"(?:\s?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?(?![\w:])"

# Groups are named by their form; `moment_of` reads what one of them matched.
MOMENT: Final = re.compile(
    r"[\[<(]?(?:"
    rf"(?P<iso>\d{{4}}[-/.]\d\d[-/.]\d\d[T _-]\d\d[:.]\d\d[:.]\d\d(?:[.,:]\d{{1,9}})?{_ZONE})"
    rf"|(?P<month>(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?(?:{MONTH}) [ \d]\d {_CLOCK}(?: \d{{4}})?)"
    rf"|(?P<day>\d\d/(?:{MONTH})/\d{{4}}:\d\d:\d\d:\d\d(?: [+-]\d{{4}})?)"
    rf"|(?P<short>\d\d/\d\d/\d\d {_CLOCK})"
    r"|(?P<joined>\d{8}[- T]\d\d:?\d\d:?\d\d(?:[.,:]\d{1,9})?(?=[\s|\]]))"
    r"|(?P<tight>\d{6} \d{6}(?= \d+ ))"
    rf"|(?P<yearless>\d\d[-./]\d\d {_CLOCK})"
    r"|(?P<epoch>1\d{9}(?:\.\d{1,9}|\d{3}|\d{6}|\d{9})?(?=[\s\]:,]))"
    rf"|(?P<clock>{_CLOCK}(?=[\s\]]))"
    r")[\]>)]?[,:]?",
    re.ASCII,
)

_NUMBERS: Final = re.compile(r"\d+")
_NAMED: Final = re.compile(rf"({MONTH}) +(\d+) (\d\d):(\d\d):(\d\d)(?:[.,:](\d+))?(?: (\d{{4}}))?")
_AHEAD: Final = 86_400 * times.SECOND


def moment_of(form: str, text: str, now: int) -> int | None:
    """Read a time that `MOMENT` matched, in nanoseconds since the epoch.

    Args:
        form: The name of the group that matched.
        text: What it matched.
        now: The present; a date without a year is the latest such that is at most a day ahead,
            and none if the present is not known (0).

    Returns:
        None if it gives no whole date, or one there is not.
    """
    if form in ("iso", "epoch"):
        return times.from_text(text)
    if form == "month":
        return _with_month(text, now)
    if form == "day":
        return _access(text)
    return None if form == "clock" else _in_numbers(form, text, now)


def _in_numbers(form: str, text: str, now: int) -> int | None:
    """Read the forms that are numbers only."""
    numbers = _NUMBERS.findall(text)
    if form == "yearless":
        return _yearless((int(numbers[0]), int(numbers[1])), numbers[2:], now)
    if form == "short":
        return _whole((2000 + int(numbers[0]), int(numbers[1]), int(numbers[2])), numbers[3:])
    digits = ("20" if form == "tight" else "") + "".join(numbers)
    date = (int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    return _whole(date, [digits[8:10], digits[10:12], digits[12:14], digits[14:]])


def _whole(date: tuple[int, int, int], clock: list[str]) -> int | None:
    seconds = times.seconds_of(*date, int(clock[0]), int(clock[1]), int(clock[2]))
    if seconds is None:
        return None
    return seconds * times.SECOND + times.nanoseconds(clock[3] if clock[3:] else None)


def _with_month(text: str, now: int) -> int | None:
    found = _NAMED.search(text)
    if found is None:
        return None
    month, clock = MONTHS.index(found[1]) + 1, [found[3], found[4], found[5], found[6] or ""]
    if found[7]:
        return _whole((int(found[7]), month, int(found[2])), clock)
    return _yearless((month, int(found[2])), clock, now)


def _yearless(day: tuple[int, int], clock: list[str], now: int) -> int | None:
    if now <= 0:
        return None
    year = 1970 + now // (365_2425 * 86_400 * times.SECOND // 10_000) + 1
    # A 29th of February may be up to eight years back.
    for candidate in range(year, year - 10, -1):
        moment = _whole((candidate, *day), clock)
        if moment is not None and moment <= now + _AHEAD:
            return moment
    return None


def _access(text: str) -> int | None:
    day, month, year = int(text[:2]), MONTHS.index(text[3:6]) + 1, int(text[7:11])
    seconds = times.seconds_of(
        year, month, day, int(text[12:14]), int(text[15:17]), int(text[18:20])
    )
    if seconds is None:
        return None
    return (seconds - times.zone_seconds(text[21:] or None)) * times.SECOND
