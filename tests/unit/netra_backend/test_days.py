"""Days in words: which day is meant, and what is no day."""

from datetime import date
from typing import Final

import pytest

from netra_backend.app.agents.reckoning.days import DayUnknown, day_named, in_words, is_day

SUNDAY: Final = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", "2026-11-22"),
        ("Tomorrow", "2026-11-23"),
        ("yesterday", "2026-11-21"),
        ("the day after tomorrow", "2026-11-24"),
        ("2024-02-29", "2024-02-29"),
        ("2024/2/9", "2024-02-09"),
        ("25.12.2024", "2024-12-25"),
        ("5.6.2025", "2025-06-05"),
        ("13/06/2025", "2025-06-13"),
        ("06/13/2025", "2025-06-13"),
        ("25th of December", "2026-12-25"),
        ("Dec 25, 2030", "2030-12-25"),
        ("december the 25th", "2026-12-25"),
        ("22 November", "2026-11-22"),
        ("21 November", "2027-11-21"),
        ("29 February", "2028-02-29"),
        ("Sunday", "2026-11-22"),
        ("next Sunday", "2026-11-29"),
        ("last Sunday", "2026-11-15"),
        ("Fri", "2026-11-27"),
        ("next friday", "2026-11-27"),
        ("last friday", "2026-11-20"),
        ("Christmas", "2026-12-25"),
        ("christmas 2030", "2030-12-25"),
        ("last christmas", "2025-12-25"),
        ("New Year\N{RIGHT SINGLE QUOTATION MARK}s Eve", "2026-12-31"),
        ("in 10 days", "2026-12-02"),
        ("10 days from now", "2026-12-02"),
        ("three weeks ago", "2026-11-01"),
        ("in a month", "2026-12-22"),
        ("next year", "2027-11-22"),
        ("10 days after Christmas", "2027-01-04"),
        ("2 days before new year", "2026-12-30"),
        ("a week from Friday", "2026-12-04"),
        ("1 month after 31 January", "2027-02-28"),
    ],
)
def test_a_day_is_found(text: str, day: str) -> None:
    """Dates, weekdays, holidays and distances are reckoned from the day that is given as today."""
    assert day_named(text, SUNDAY).isoformat() == day
    assert is_day(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "do not know which day"),
        ("someday", "do not know which day"),
        ("may", "do not know which day"),
        ("5 mondays", "do not know which day"),
        ("05/06/2025", "two ways. Write 2025-06-05 or 2025-05-06"),
        ("30 February", "no such day"),
        ("2024-13-01", "no such day"),
        ("0000-01-01", "no such day"),
        ("1 day after 9999-12-31", "no such day"),
        ("in 999999 years", "beyond the years"),
        ("999999 months ago", "beyond the years"),
        ("x" * 101, "too long"),
    ],
)
def test_what_names_no_day_says_why(text: str, why: str) -> None:
    """No day, two possible days, and a day outside the calendar are refused in words."""
    with pytest.raises(DayUnknown, match=why):
        day_named(text, SUNDAY)


def test_a_day_is_written_with_its_weekday() -> None:
    """The words leave no doubt about day, month and year."""
    assert in_words(SUNDAY) == "Sunday, 22 November 2026"
    assert in_words(date(33, 4, 3)) == "Sunday, 3 April 0033"
