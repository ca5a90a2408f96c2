"""Say a thing once per interval and count the rest, in bounded memory.

What is said, and where, is the caller's business.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from netra.clock import Clock

_MAX_KEYS: Final = 1024
_OVERFLOW: Final = object()


@dataclass(slots=True)
class _Window:
    opened_at: float
    suppressed: int = 0


class OncePerInterval:
    """Permit one occurrence of each key per interval.

    At most `max_keys` keys are told apart at a time; while that many are live, every further key
    shares one window, so neither memory nor the number of permits grows with the number of keys.
    """

    def __init__(self, clock: Clock, seconds: float = 60, *, max_keys: int = _MAX_KEYS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._max_keys = max_keys
        self._lock = threading.Lock()
        # Ordered by when each window opened: the first one is the first to end.
        self._windows: OrderedDict[Hashable, _Window] = OrderedDict()

    def permit(self, key: Hashable) -> int | None:
        """Give how many were suppressed since the last permit, or None to stay silent."""
        now = self._clock.monotonic()
        with self._lock:
            return self._permit(key, now)

    def _permit(self, key: Hashable, now: float) -> int | None:
        if key not in self._windows and not self._room_for_one_more(now):
            key = _OVERFLOW
        window = self._windows.get(key)
        if window is None:
            self._windows[key] = _Window(now)
            return 0
        if now - window.opened_at < self._seconds:
            window.suppressed += 1
            return None
        suppressed, window.suppressed, window.opened_at = window.suppressed, 0, now
        self._windows.move_to_end(key)
        return suppressed

    def _room_for_one_more(self, now: float) -> bool:
        while len(self._windows) >= self._max_keys:
            oldest, window = next(iter(self._windows.items()))
            if now - window.opened_at < self._seconds:
                return False
            del self._windows[oldest]
        return True
