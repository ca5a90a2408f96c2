"""Who hears of events that were committed: the port of buses, and the one within a process.

A bus is fast, not sure: what it did not carry is read from the journal (`journal`).
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from netra.telemetry.log_events import event_logger
from netra_backend.app.events.journal import JournaledEvent

_log: Final = event_logger("events")

Sink = Callable[[Sequence[JournaledEvent]], None]
"""Takes events of one owner in the order of `seq`; it neither raises nor blocks.

An event may come twice, and some may be missing in between: who needs all compares `seq`.
"""

Hint = Callable[[int | None], None]
"""Learns that the owner's journal reaches a `seq`, or (None) may have gone on; as a sink, harmless.
"""


class Subscription(Protocol):
    """A sink that is being served."""

    def close(self) -> None:
        """Serve it no longer; a second time does nothing."""


class EventBus(Protocol):
    """Carries committed events to those who watch their owner."""

    def publish(self, owner_id: str, events: Sequence[JournaledEvent]) -> None:
        """Give events of one owner, in the order of `seq`, to the owner's sinks; never raises."""

    def subscribe(self, owner_id: str, sink: Sink, hint: Hint | None = None) -> Subscription:
        """Let a sink have an owner's events from now on, and hints of those of other processes."""


class _MemorySubscription:
    def __init__(self, bus: "MemoryBus", owner_id: str, sink: Sink, hint: Hint | None) -> None:
        self._bus = bus
        self._owner_id = owner_id
        self.sink = sink
        self.hint = hint

    def close(self) -> None:
        """Serve the sink no longer; a second time does nothing."""
        self._bus.remove(self._owner_id, self)


class MemoryBus:
    """A bus for the sockets of this process; of other processes' events it only hears."""

    def __init__(self) -> None:
        # A dict keeps the order of subscribing; the values mean nothing.
        self._served: dict[str, dict[_MemorySubscription, None]] = {}

    def publish(self, owner_id: str, events: Sequence[JournaledEvent]) -> None:
        """Give events of one owner, in the order of `seq`, to the owner's sinks; never raises."""
        if not events:
            return
        for subscription in tuple(self._served.get(owner_id, ())):
            try:
                subscription.sink(events)
            except Exception:  # noqa: BLE001 - a broken sink must not cost the others their events
                _log.exception("event_sink_failed", owner_id=owner_id)

    def watched(self) -> Sequence[str]:
        """Name the owners whom somebody is subscribed to."""
        return tuple(self._served)

    def went_on(self, owner_id: str, head: int) -> None:
        """Hint to an owner's sinks that the journal reaches a `seq`; never raises."""
        self._hint((owner_id,), head)

    def look_again(self) -> None:
        """Hint to every sink that its journal may have gone on; never raises."""
        self._hint(tuple(self._served), None)

    def _hint(self, owners: Sequence[str], head: int | None) -> None:
        for owner_id in owners:
            for subscription in tuple(self._served.get(owner_id, ())):
                if subscription.hint is None:
                    continue
                try:
                    subscription.hint(head)
                except Exception:  # noqa: BLE001 - a broken sink must not cost the others theirs
                    _log.exception("event_sink_failed", owner_id=owner_id)

    def subscribe(self, owner_id: str, sink: Sink, hint: Hint | None = None) -> Subscription:
        """Let a sink have an owner's events from now on, and hints of those of other processes."""
        subscription = _MemorySubscription(self, owner_id, sink, hint)
        self._served.setdefault(owner_id, {})[subscription] = None
        return subscription

    def remove(self, owner_id: str, subscription: _MemorySubscription) -> None:
        """Take a subscription out; nothing stays of an owner whom nobody watches."""
        served = self._served.get(owner_id)
        if served is None:
            return
        served.pop(subscription, None)
        if not served:
            del self._served[owner_id]
