"""Times as records write them."""

from typing import Any

import pytest

from netra_ops.logs.entries.times import from_text, from_value

SECOND = 1_000_000_000
NOON = 1_757_937_600 * SECOND  # 2025-09-15T12:00:00Z


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-09-15T12:00:00Z", NOON),
        ("2025-09-15T12:00:00.5Z", NOON + SECOND // 2),
        ("2025-09-15T12:00:00.123456789Z", NOON + 123_456_789),
        ("2025-09-15T12:00:00.000000001Z", NOON + 1),
        ("2025-09-15T14:00:00+02:00", NOON),
        ("2025-09-15T07:30:00-0430", NOON),
        ("2025-09-15 12:00:00,250", NOON + SECOND // 4),
        ("2025-09-15T12:00:00", NOON),
        ("2025-09-15 12:00:00 UTC", NOON),
        ("2016-12-31T23:59:60Z", 1_483_228_800 * SECOND),
        ("1757937600", NOON),
        ("1757937600.5", NOON + SECOND // 2),
        ("1757937600123", NOON + 123_000_000),
        ("2025-02-30T00:00:00Z", None),
        ("2025-09-15", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59.999999999Z", None),
        ("99999999999", None),
        ("soon", None),
        ("", None),
        ("\u0662025-09-15T12:00:00Z", None),
    ],
)
def test_a_text_is_a_moment_or_none(text: str, expected: int | None) -> None:
    """Every fraction, zone and common relative of RFC 3339 is read, twice alike; else None."""
    assert from_text(text) == expected
    assert from_text(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_757_937_600, NOON),
        (1_757_937_600.25, NOON + SECOND // 4),
        (1_757_937_600_123, NOON + 123_000_000),
        (1_757_937_600_123.5, NOON + 123_500_000),
        (1_757_937_600_123_456, NOON + 123_456_000),
        (1_757_937_600_123_456_789, NOON + 123_456_789),
        ({"seconds": 1_757_937_600, "nanos": 5}, NOON + 5),
        ({"seconds": "1757937600"}, NOON),
        ({"seconds": 10**40}, None),
        ({"seconds": 253_402_300_799}, None),
        ({"seconds": 1_757_937_600, "nanos": 10**30}, None),
        ({"seconds": 1_757_937_600, "nanos": -(10**30)}, None),
        (0, None),
        (-1, None),
        (10**30, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_whatever_stands_for_a_time_is_read_or_none(value: Any, expected: int | None) -> None:
    """An epoch is told by its size, whether seconds or nanoseconds; nonsense is no time."""
    assert from_value(value) == expected
