"""The only reader of the wall clock and of the monotonic clock.

Code that needs time takes a `Clock`; what a stored or signed time means is decided elsewhere.
"""

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def timestamp(self) -> float:
        """Give the wall-clock time in seconds since the epoch (UTC)."""

    def monotonic(self) -> float:
        """Give seconds that never go backwards, for durations and timeouts."""


class SystemClock:
    """The machine's clocks."""

    def timestamp(self) -> float:
        """Give the wall-clock time in seconds since the epoch (UTC)."""
        return time.time()

    def monotonic(self) -> float:
        """Give seconds that never go backwards, for durations and timeouts."""
        return time.monotonic()


def as_datetime(timestamp: float) -> datetime:
    """Turn seconds since the epoch into an aware UTC datetime."""
    return datetime.fromtimestamp(timestamp, UTC)


def as_iso(timestamp: float) -> str:
    """Write seconds since the epoch as RFC 3339 with microseconds and `Z`."""
    seconds, microseconds = divmod(round(timestamp * 1_000_000), 1_000_000)
    return f"{_whole(seconds)}.{microseconds:06d}Z"


@lru_cache(maxsize=64)
def _whole(seconds: int) -> str:
    return as_datetime(seconds).isoformat().removesuffix("+00:00")
