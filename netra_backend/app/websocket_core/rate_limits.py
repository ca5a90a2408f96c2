"""How often something may happen: a bucket of tokens that refills with time. Pure.

What is limited, and what follows from a refusal, is decided in `session_protocol`.
"""

import math
from dataclasses import dataclass


class TokenBucket:
    """Let a burst of `capacity` through, then `per_second`.

    In any span of `s` seconds it gives at most `capacity + s * per_second` tokens.

    Args:
        capacity: The tokens of a full bucket; it begins full.
        per_second: How fast it refills.
        now: Seconds of a clock that never goes backwards.
    """

    __slots__ = ("_at", "_capacity", "_per_second", "_tokens")

    def __init__(self, capacity: int, per_second: float, now: float) -> None:
        self._capacity = capacity
        self._per_second = per_second
        self._tokens = float(capacity)
        self._at = now

    def take(self, now: float) -> float:
        """Take a token and give 0, or give the seconds until there is one."""
        self._refill(now)
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._per_second

    def is_full(self, now: float) -> bool:
        """Say whether a new bucket would be no different."""
        self._refill(now)
        return self._tokens >= self._capacity

    def _refill(self, now: float) -> None:
        passed = max(0.0, now - self._at)
        self._tokens = min(float(self._capacity), self._tokens + passed * self._per_second)
        self._at = max(self._at, now)


@dataclass(slots=True)
class PrincipalLimits:
    """What one principal may ask for, over all its sockets; closing them renews nothing.

    Attributes:
        messages: The messages.
        frames: The frames of every kind, messages included.
        refusals: How many messages in a row were refused.
        shut_out_until: Until when no new socket is opened for it.
    """

    messages: TokenBucket
    frames: TokenBucket
    refusals: int = 0
    shut_out_until: float = -math.inf

    def shut_out(self, now: float, seconds: float) -> None:
        """Open no new socket for so long."""
        self.shut_out_until = max(self.shut_out_until, now + seconds)

    def shut_out_for(self, now: float) -> float:
        """Give the seconds until a new socket is opened; 0 if one is."""
        return max(0.0, self.shut_out_until - now)

    def are_untouched(self, now: float) -> bool:
        """Say whether new limits would be no different."""
        full = self.messages.is_full(now) and self.frames.is_full(now)
        return full and not self.shut_out_for(now)
