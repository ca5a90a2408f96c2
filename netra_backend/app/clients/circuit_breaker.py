"""A circuit breaker: after some failures in a row a dependency is left alone for a while.

What a failure is decided by the error's type; how a call is made, timed and retried is the
caller's matter.
"""

import math
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar

from netra.clock import Clock
from netra.errors import AuthServiceUnreachable
from netra.telemetry.log_events import event_logger

log: Final = event_logger("clients")

T = TypeVar("T")


class BreakerState(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    """They do."""
    OPEN = "open"
    """They do not, until the recovery time has passed."""
    HALF_OPEN = "half_open"
    """One does, as a probe; the others are refused until it has answered."""


BreakerListener: TypeAlias = Callable[[str, BreakerState], None]
"""Told the breaker's name and the state it has just entered."""


class BreakerOpen(AuthServiceUnreachable):
    """The call was not made: the last ones failed. `retry_after` says when one may be made."""


class CircuitBreaker:
    """Stop calling a dependency that does not answer.

    Only `AuthServiceUnreachable` counts, and only `threshold` of them in a row open the breaker.
    Every other error, and a cancellation, counts neither way: it gives the probe's place back.
    A call that began before the last change of state cannot cause the next one.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        threshold: int = 3,
        recovery_seconds: float = 10.0,
        listeners: Sequence[BreakerListener] = (),
    ) -> None:
        self.name: Final = name
        self._clock = clock
        self._threshold = threshold
        self._recovery_seconds = recovery_seconds
        self._listeners = tuple(listeners)
        self._state = BreakerState.CLOSED
        self._failures = 0
        self._opened_at = 0.0
        self._probing = False
        self._epoch = 0
        log.info(
            "circuit_breaker_initialized",
            message=f"Circuit breaker '{name}' initialized: threshold={threshold}",
            breaker=name,
            threshold=threshold,
        )

    @property
    def state(self) -> BreakerState:
        """Say whether the next call would go through; open turns half-open by time alone."""
        if self._state is BreakerState.OPEN and self._seconds_left() <= 0:
            return BreakerState.HALF_OPEN
        return self._state

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Run an operation if the breaker lets it through, and learn from how it ends.

        Raises:
            BreakerOpen: It was not run.
        """
        epoch = self._admit()
        try:
            result = await operation()
        except AuthServiceUnreachable:
            self._failed(epoch)
            raise
        except BaseException:
            self._undecided(epoch)
            raise
        self._succeeded(epoch)
        return result

    def _admit(self) -> int:
        if self._state is BreakerState.OPEN:
            if (left := self._seconds_left()) > 0:
                raise self._refusal(left)
            self._enter(BreakerState.HALF_OPEN)
        if self._state is BreakerState.HALF_OPEN:
            if self._probing:
                raise self._refusal(1)
            self._probing = True
        return self._epoch

    def _refusal(self, seconds: float) -> BreakerOpen:
        return BreakerOpen(
            f"the circuit breaker '{self.name}' is {self._state}: the last calls failed",
            retry_after=max(1, math.ceil(seconds)),
        )

    def _seconds_left(self) -> float:
        return self._opened_at + self._recovery_seconds - self._clock.monotonic()

    def _failed(self, epoch: int) -> None:
        if epoch != self._epoch:
            return
        self._failures += 1
        if self._state is BreakerState.HALF_OPEN or self._failures >= self._threshold:
            self._opened_at = self._clock.monotonic()
            self._enter(BreakerState.OPEN)

    def _undecided(self, epoch: int) -> None:
        if epoch == self._epoch:
            self._probing = False

    def _succeeded(self, epoch: int) -> None:
        if epoch != self._epoch:
            return
        self._failures = 0
        if self._state is BreakerState.HALF_OPEN:
            self._enter(BreakerState.CLOSED)

    def _enter(self, state: BreakerState) -> None:
        self._state = state
        self._epoch += 1
        self._failures = 0
        self._probing = False
        self._tell(state)
        for listener in self._listeners:
            listener(self.name, state)

    def _tell(self, state: BreakerState) -> None:
        message = f"Circuit breaker '{self.name}' is {state.value.replace('_', '-')}"
        if state is BreakerState.OPEN:
            log.warning("circuit_breaker_open", message=message, breaker=self.name)
        elif state is BreakerState.HALF_OPEN:
            log.info("circuit_breaker_half_open", message=message, breaker=self.name)
        else:
            log.info("circuit_breaker_closed", message=message, breaker=self.name)
