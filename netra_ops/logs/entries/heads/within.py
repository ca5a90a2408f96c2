"""Times that stand within a line, where it does not begin with one: as access logs have them.

Only what surely is the line's own time counts: a date in the brackets of an access log, behind a
name such as `time=`, or behind words that name who wrote it. What a sentence tells of, such as the
end of a token, is none.
"""

import re
from typing import Final

from netra_ops.logs.entries import times
from netra_ops.logs.entries.heads.moments import MONTH, MONTHS, moment_of

_LOOK: Final = 240
_CLOCK: Final = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_ISO: Final = rf"\d{{4}}[-/]\d\d[-/]\d\d(?:[T ]| - ){_CLOCK}(?:\s?(?:Z|[+-]\d\d:?\d\d))?(?![\w:])"
_WITHIN: Final = re.compile(
    rf"[\[ ](?P<day>\d\d/(?:{MONTH})/\d{{4}}[: ]\d\d:\d\d:\d\d)(?:\.\d+)?"
    r"(?P<zone> [+-]\d{4})?[\] ]"
    rf"|\b(?:time|ts|timestamp|date|t|at)=\"?(?P<named>{_ISO})"
    rf"|^(?:\[[\w.-]{{2,20}}\] |[\w./:-]{{1,60}} +(?:\| +)?|[\w./-]{{1,60}} [\w./-]{{1,40}} +)"
    rf"(?P<behind>{_ISO})(?=[\s|\]])"
    rf"|^\[?(?P<dashed>\d\d[-/ ](?:{MONTH})[-/ ]\d{{4}} {_CLOCK})"
    rf"|^(?P<long>(?:{MONTH}) \d\d?, \d{{4}},? \d\d?:\d\d:\d\d ?[AP]M)"
    r"|^(?:\[\w{2,20}\] \d+ +- +)?(?P<american>\d\d?/\d\d?/\d{4},? \d\d?:\d\d:\d\d ?[AP]M)"
    r"|^\[[A-Z] (?P<tight>\d{6} \d\d:\d\d:\d\d)"
    r"|^(?P<hapi>\d{6}/\d{6}\.\d{1,3}),"
    r"|^(?P<tabs>\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d)\t"
    rf"|\[(?P<month>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:{MONTH}) [ \d]\d {_CLOCK} \d{{4}})\]"
    r"|^.{0,20}Started [A-Z]+ \"[^\"]*\" for \S+ at "
    r"(?P<rails>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})"
)
_TELLS: Final = re.compile(
    r"^(?:at|until|since|from|expir\w*|before|after|iat|nbf|exp|issued|valid|till|to|by)\b",
    re.IGNORECASE,
)
_NUMBERS: Final = re.compile(r"\d+")
_NOON: Final = 12


def moment_within(line: str, now: int) -> int | None:
    """Give the time that a line has of itself further on; None if it has none.

    Args:
        line: A line that does not begin with a time.
        now: Nanoseconds since the epoch, for dates without a year.
    """
    found = _WITHIN.search(line, 0, _LOOK) if any(one.isdigit() for one in line[:_LOOK]) else None
    if found is None or found.lastgroup is None:
        return None
    form = next(name for name, value in found.groupdict().items() if value and name != "zone")
    text = found[form]
    is_told = form == "behind" and _TELLS.match(line) is not None
    return None if is_told else _read(form, text, found["zone"] or "", now)


def _read(form: str, text: str, zone: str, now: int) -> int | None:
    if form in ("named", "behind", "rails", "tabs"):
        return times.from_text(text.replace(" - ", " ").replace("/", "-").replace("\t", " "))
    if form == "day":
        return moment_of("day", f"{text[:11]}:{text[12:]}{zone}", now)
    if form == "month":
        return moment_of("month", text, now)
    if form in ("tight", "hapi"):
        return _of_digits("".join(_NUMBERS.findall(text)))
    return _of_words(form, text)


def _of_digits(digits: str) -> int | None:
    parts = [int(digits[at : at + 2]) for at in range(0, 12, 2)]
    seconds = times.seconds_of(2000 + parts[0], *parts[1:])
    return None if seconds is None else seconds * times.SECOND


def _of_words(form: str, text: str) -> int | None:
    """Read dates that name the month, or have it first, and clocks of twelve hours."""
    numbers = [int(one) for one in _NUMBERS.findall(text)]
    if form == "american":
        month, day, year, *clock = numbers
    else:
        day, year, *clock = numbers
        month = 1 + next(at for at, name in enumerate(MONTHS) if name in text)
    hour = clock[0]
    if text[-1] == "M":
        hour = hour % _NOON + (_NOON if text[-2] == "P" else 0)
    seconds = times.seconds_of(year, month, day, hour, clock[1], clock[2])
    return None if seconds is None else seconds * times.SECOND
