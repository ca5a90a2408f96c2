"""How bad a record is."""

from typing import Any

import pytest

from netra_ops.logs.entries import Level
from netra_ops.logs.entries.severity import level_of_text, level_of_value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[ERROR] no pool", Level.ERROR),
        ("[error] no pool", Level.ERROR),
        ("ERROR: no pool", Level.ERROR),
        ("Error: no pool", Level.ERROR),
        ("ERROR in app: no pool", Level.ERROR),
        ("WARNING:root:slow", Level.WARNING),
        ("ts=1 level=error msg=x", Level.ERROR),
        ('time="x" level=warning msg="y"', Level.WARNING),
        ("Traceback (most recent call last):", Level.ERROR),
        ("ValueError: no number", Level.ERROR),
        ("shop.errors.CartException: empty", Level.ERROR),
        ("Container called exit(3).", Level.ERROR),
        ("Container called exit(0).", Level.INFO),
        ("panic: runtime error", Level.CRITICAL),
        ("0 errors, 3 warnings", None),
        ("finished with errors", None),
        ('{"error": null}', None),
        ('said "level=error" once', None),
        ("error handling is on", None),
        ("Information about errors", None),
        ("", None),
    ],
)
def test_a_text_says_its_level_where_it_begins(text: str, expected: Level | None) -> None:
    """A level counts at the beginning or as a field; a word somewhere within counts for nothing."""
    assert level_of_text(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ERROR", Level.ERROR),
        ("error", Level.ERROR),
        (" Warn ", Level.WARNING),
        ("E", Level.ERROR),
        ("DEFAULT", Level.DEFAULT),
        (500, Level.ERROR),
        ("500", Level.ERROR),
        (30, Level.INFO),
        (50, Level.ERROR),
        (3, Level.ERROR),
        (830, Level.EMERGENCY),
        (10**30, None),
        (float("nan"), None),
        ("shop", None),
        (True, None),
        (None, None),
        ({}, None),
    ],
)
def test_a_value_means_a_level(value: Any, expected: Level | None) -> None:
    """Names in any case and the numbers of Cloud Logging, pino and syslog are understood."""
    assert level_of_value(value) == expected


def test_numbers_of_python_are_pythons() -> None:
    """Where a field is known to be Python's, 40 is an error and no warning."""
    assert level_of_value(40, python=True) is Level.ERROR
    assert level_of_value(40) is Level.WARNING
