"""What every bus does, whatever carries it."""

from collections.abc import Callable, Sequence

import pytest

from fakes.log_lines import log_lines
from netra.wire.chat_protocol import EventName
from netra_backend.app.events.bus import EventBus, MemoryBus
from netra_backend.app.events.journal import JournaledEvent

BUSES: list[Callable[[], EventBus]] = [MemoryBus]


@pytest.fixture(params=BUSES)
def bus(request: pytest.FixtureRequest) -> EventBus:
    """Give each bus there is."""
    made: EventBus = request.param()
    return made


def events(*seqs: int, owner_id: str = "usr_anna") -> list[JournaledEvent]:
    """Make events of an owner."""
    name = EventName.AGENT_THINKING
    return [JournaledEvent(owner_id, seq, name, "run_1", "{}") for seq in seqs]


def seqs(heard: Sequence[JournaledEvent]) -> list[int]:
    """Give the numbers of what was heard."""
    return [event.seq for event in heard]


def test_every_sink_of_the_owner_hears_in_order(bus: EventBus) -> None:
    """Two sockets of a person hear the same, in the order it was published."""
    first: list[JournaledEvent] = []
    second: list[JournaledEvent] = []
    bus.subscribe("usr_anna", first.extend)
    bus.subscribe("usr_anna", second.extend)

    bus.publish("usr_anna", events(1, 2))
    bus.publish("usr_anna", events(3))

    assert seqs(first) == seqs(second) == [1, 2, 3]


def test_nobody_hears_what_is_anothers(bus: EventBus) -> None:
    """Events go to the sinks of their owner only."""
    heard: list[JournaledEvent] = []
    bus.subscribe("usr_bert", heard.extend)

    bus.publish("usr_anna", events(1))

    assert heard == []


def test_a_closed_subscription_hears_nothing_more(bus: EventBus) -> None:
    """Closing twice, or in the middle of a publication, is harmless to it and to others."""
    heard: list[str] = []

    def hear_once(_events: Sequence[JournaledEvent]) -> None:
        heard.append("first")
        first.close()

    first = bus.subscribe("usr_anna", hear_once)
    bus.subscribe("usr_anna", lambda _events: heard.append("second"))

    bus.publish("usr_anna", events(1))
    first.close()
    bus.publish("usr_anna", events(2))

    assert heard == ["first", "second", "second"]


def test_one_sink_twice_is_two_subscriptions(bus: EventBus) -> None:
    """Closing one of two subscriptions of the same sink leaves the other."""
    heard: list[JournaledEvent] = []
    first = bus.subscribe("usr_anna", heard.extend)
    bus.subscribe("usr_anna", heard.extend)
    first.close()

    bus.publish("usr_anna", events(1))

    assert seqs(heard) == [1]


def test_a_sink_that_subscribes_meanwhile_hears_from_the_next_on(bus: EventBus) -> None:
    """A publication goes to those who were there when it began."""
    heard: list[JournaledEvent] = []

    def follow(_events: Sequence[JournaledEvent]) -> None:
        bus.subscribe("usr_anna", heard.extend)

    bus.subscribe("usr_anna", follow)

    bus.publish("usr_anna", events(1))
    bus.publish("usr_anna", events(2))

    assert seqs(heard) == [2]


def test_a_broken_sink_does_not_keep_others_from_hearing(bus: EventBus) -> None:
    """Publishing never raises; what a sink raised is logged without what the events say."""
    heard: list[JournaledEvent] = []

    def broken(_events: Sequence[JournaledEvent]) -> None:
        raise ZeroDivisionError

    bus.subscribe("usr_anna", broken)
    bus.subscribe("usr_anna", heard.extend)
    with log_lines() as logged:
        bus.publish("usr_anna", events(1))

    assert seqs(heard) == [1]
    assert logged.only("event_sink_failed")["error_type"] == "ZeroDivisionError"


def test_nothing_stays_of_who_left() -> None:
    """A process that serves many people for long keeps only those who are connected."""
    bus = MemoryBus()
    subscriptions = [bus.subscribe(f"usr_{number}", lambda _events: None) for number in range(100)]
    for subscription in subscriptions:
        subscription.close()

    assert bus._served == {}
