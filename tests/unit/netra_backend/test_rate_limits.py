"""Tests of `websocket_core.rate_limits`: how often something may happen."""

import pytest

from netra_backend.app.websocket_core.rate_limits import TokenBucket


def test_a_burst_goes_through_and_then_one_at_a_time() -> None:
    """A full bucket gives its capacity at once, then as many as time has refilled."""
    bucket = TokenBucket(3, 2.0, 100.0)

    assert [bucket.take(100.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take(100.0) == pytest.approx(0.5)
    assert bucket.take(100.4) == pytest.approx(0.1)
    assert bucket.take(100.5) == 0.0
    assert bucket.take(100.5) == pytest.approx(0.5)


def test_a_bucket_never_holds_more_than_its_capacity() -> None:
    """A long silence earns one burst, not a longer one."""
    bucket = TokenBucket(2, 10.0, 0.0)

    assert [bucket.take(1_000_000.0) for _ in range(3)] == [0.0, 0.0, pytest.approx(0.1)]


def test_a_full_bucket_says_so() -> None:
    """It is full at first, not after a taking, and again after the refill."""
    bucket = TokenBucket(2, 1.0, 0.0)
    assert bucket.is_full(0.0)

    bucket.take(0.0)

    assert not bucket.is_full(0.9)
    assert bucket.is_full(1.0)


def test_time_that_stands_still_refills_nothing() -> None:
    """A moment before the last one counts as the last one."""
    bucket = TokenBucket(1, 1.0, 10.0)

    assert bucket.take(10.0) == 0.0
    assert bucket.take(5.0) == pytest.approx(1.0)
    assert bucket.take(10.5) == pytest.approx(0.5)
