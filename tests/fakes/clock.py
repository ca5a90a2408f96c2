"""A clock that a test moves."""


class ManualClock:
    """Wall and monotonic time that stand still until they are moved."""

    def __init__(self, timestamp: float = 1_800_000_000.0) -> None:
        self._timestamp = timestamp
        self._monotonic = 1000.0

    def timestamp(self) -> float:
        """Give the wall-clock time in seconds since the epoch."""
        return self._timestamp

    def monotonic(self) -> float:
        """Give seconds that never go backwards."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move both clocks forward."""
        self._timestamp += seconds
        self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Move the wall clock only, as an administrator or NTP may."""
        self._timestamp += seconds
