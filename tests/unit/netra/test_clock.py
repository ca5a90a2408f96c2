"""Tests of `netra.clock`: reading time, and writing it."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.clock import ManualClock
from netra.clock import Clock, SystemClock, as_datetime, as_iso


def test_the_system_clock_reads_the_machines_clocks() -> None:
    """Both readings lie between two readings of the machine's own clocks."""
    clock: Clock = SystemClock()

    assert time.time() <= clock.timestamp() <= time.time()
    assert time.monotonic() <= clock.monotonic() <= time.monotonic()


def test_the_tests_clock_is_a_clock() -> None:
    """The fake keeps the contract: both move forward, and only the wall clock jumps."""
    clock = ManualClock(1000.0)
    as_protocol: Clock = clock
    monotonic = as_protocol.monotonic()

    clock.advance(5)
    clock.jump(-100)

    assert as_protocol.timestamp() == 905.0
    assert as_protocol.monotonic() == monotonic + 5


def test_a_timestamp_is_written_in_utc_with_microseconds() -> None:
    """RFC 3339, always the same width."""
    assert as_iso(0) == "1970-01-01T00:00:00.000000Z"
    assert as_iso(1_800_000_000.5) == "2027-01-15T08:00:00.500000Z"


@given(st.integers(0, 253_402_300_799))
def test_a_datetime_is_aware_and_the_same_moment(timestamp: int) -> None:
    """Nothing is lost or shifted on the way."""
    moment = as_datetime(timestamp)

    assert moment.tzinfo is UTC
    assert moment.timestamp() == timestamp
    assert datetime.fromisoformat(as_iso(timestamp)) == moment


@pytest.mark.parametrize("timestamp", [float("nan"), float("inf"), 1e18])
def test_a_number_that_is_no_time_is_an_error(timestamp: float) -> None:
    """It does not become some other time."""
    with pytest.raises((ValueError, OverflowError, OSError)):
        as_datetime(timestamp)
