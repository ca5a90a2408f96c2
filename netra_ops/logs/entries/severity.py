"""How bad a record is: what its severity means, and what its text says where it has none.

A text says its level where it begins, or in a field of its own. It is never searched for words: an
INFO may well speak of `0 errors`, and quote an error within.
"""

import re
from types import MappingProxyType
from typing import Any, Final

from netra_ops.logs.entries.entry import Level

NAMES: Final = MappingProxyType(
    {
        "default": Level.DEFAULT,
        "trace": Level.DEBUG,
        "verbose": Level.DEBUG,
        "silly": Level.DEBUG,
        "fine": Level.DEBUG,
        "finer": Level.DEBUG,
        "finest": Level.DEBUG,
        "debug": Level.DEBUG,
        "config": Level.INFO,
        "info": Level.INFO,
        "information": Level.INFO,
        "informational": Level.INFO,
        "success": Level.INFO,
        "log": Level.INFO,
        "notice": Level.NOTICE,
        "warn": Level.WARNING,
        "warning": Level.WARNING,
        "err": Level.ERROR,
        "error": Level.ERROR,
        "severe": Level.ERROR,
        "failure": Level.ERROR,
        "crit": Level.CRITICAL,
        "critical": Level.CRITICAL,
        "fatal": Level.CRITICAL,
        "dpanic": Level.CRITICAL,
        "panic": Level.CRITICAL,
        "alert": Level.ALERT,
        "emerg": Level.EMERGENCY,
        "emergency": Level.EMERGENCY,
    }
)
"""What the words mean that programs write, in lower case."""

_LETTERS: Final = MappingProxyType(
    {
        "V": Level.DEBUG,
        "D": Level.DEBUG,
        "I": Level.INFO,
        "N": Level.NOTICE,
        "W": Level.WARNING,
        "E": Level.ERROR,
        "F": Level.CRITICAL,
        "C": Level.CRITICAL,
    }
)
_AS_WRITTEN: Final = MappingProxyType(
    {**_LETTERS, **NAMES, **{name.upper(): level for name, level in NAMES.items()}}
)
_SYSLOG: Final = (
    Level.EMERGENCY,
    Level.ALERT,
    Level.CRITICAL,
    Level.ERROR,
    Level.WARNING,
    Level.NOTICE,
    Level.INFO,
    Level.DEBUG,
)
_BUNYAN: Final = MappingProxyType(
    {
        10: Level.DEBUG,
        20: Level.DEBUG,
        30: Level.INFO,
        40: Level.WARNING,
        50: Level.ERROR,
        60: Level.CRITICAL,
    }
)
_PYTHON: Final = MappingProxyType(
    {
        10: Level.DEBUG,
        20: Level.INFO,
        30: Level.WARNING,
        40: Level.ERROR,
        50: Level.CRITICAL,
    }
)

WORDS: Final = "|".join(sorted(NAMES, key=len, reverse=True))
"""The words as alternatives of a pattern; the longer before what it begins with."""

_BEGINNING: Final = re.compile(
    r"\s*(?:"
    rf"[\[<(]\s*((?i:{WORDS}))\s*[\]>)]"
    rf"|({WORDS.upper()})(?=[:\s|\]-]|$)"
    rf"|((?i:{WORDS})):(?=\s|$)"
    r"|(?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*(Error|Exception)(?=[:\s]|$)"
    r"|(Traceback) \(most recent call last\)"
    r"|Container called exit\((\d+)\)"
    r"|(panic|fatal error): "
    r")"
)
_FIELD: Final = re.compile(rf"(?:^|\s)(?:level|lvl|severity|loglevel)=[\"']?((?i:{WORDS}))\b")
_HEAD: Final = 400


def level_of_name(name: str) -> Level | None:
    """Give what a severity's name or letter means; None if it is none."""
    found = _AS_WRITTEN.get(name)
    return NAMES.get(name.strip().lower()) if found is None else found


def level_of_number(number: float, *, python: bool = False) -> Level | None:
    """Give what a severity's number means, told by its size.

    Args:
        number: Cloud Logging's (100 to 800), that of Bunyan and pino (10 to 60), or syslog's.
        python: Whether 10 to 50 are those of Python's logging instead.
    """
    if python and number in _PYTHON:
        return _PYTHON[int(number)]
    if number in _BUNYAN:
        return _BUNYAN[int(number)]
    if 0 <= number < len(_SYSLOG) and number == int(number):
        return _SYSLOG[int(number)]
    if 100 <= number <= 899:  # noqa: PLR2004 - Cloud Logging's, and what lies between
        return Level(min(int(number) // 100 * 100, Level.EMERGENCY))
    return None


def level_of_value(value: Any, *, python: bool = False) -> Level | None:
    """Give what a field's value means as a severity; None if it is none."""
    if isinstance(value, str):
        found = _AS_WRITTEN.get(value)
        if found is not None:
            return found
        if value.isdecimal() and len(value) < 4:  # noqa: PLR2004 - no severity has more digits
            return level_of_number(int(value), python=python)
        return level_of_name(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return level_of_number(value, python=python)


def level_of_text(text: str) -> Level | None:
    """Give the level that a text says of itself; None if it says none."""
    found = _BEGINNING.match(text)
    if found is not None:
        code = found[6]
        if code is not None:
            return Level.ERROR if int(code) else Level.INFO
        if found[7]:
            return Level.CRITICAL
        word = found[1] or found[2] or found[3]
        return NAMES[word.lower()] if word else Level.ERROR
    if "=" in text[:_HEAD]:
        field = _FIELD.search(text, 0, _HEAD)
        if field is not None:
            return NAMES[field[1].lower()]
    return None


def level_of_status(status: int) -> Level:
    """Give how bad an answer with this HTTP status is."""
    if status >= 500:  # noqa: PLR2004 - server errors
        return Level.ERROR
    return Level.WARNING if status >= 400 else Level.INFO  # noqa: PLR2004 - client errors
