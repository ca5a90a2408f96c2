"""Tests of `websocket_core.event_stream`: every event once, in order, whatever the bus does."""

import asyncio
from collections.abc import Callable

import pytest

from fakes.journal import OWNER, FakeJournal
from netra.errors import DatabaseUnavailable
from netra_backend.app.websocket_core.event_stream import (
    PAGE_EVENTS,
    QUEUE_BYTES,
    QUEUE_EVENTS,
    CaughtUp,
    EventStream,
    JournalBegunAnew,
)


class Socket:
    """Takes what a stream gives."""

    def __init__(self, journal: FakeJournal) -> None:
        self.journal = journal
        self.woken = 0
        self.seqs: list[int] = []
        self.caught_up: list[CaughtUp] = []
        self.batches: list[int] = []
        self.stream = EventStream(journal.bus, OWNER, journal, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    async def drain(self) -> list[int]:
        """Take until there is nothing, and give the new events' places."""
        before = len(self.seqs)
        while (batch := await self.stream.next_batch()) is not None:
            if isinstance(batch, CaughtUp):
                self.caught_up.append(batch)
            else:
                assert batch
                self.batches.append(len(batch))
                self.seqs += [event.seq for event in batch]
        return self.seqs[before:]


@pytest.fixture
def journal() -> FakeJournal:
    """Give an empty journal."""
    return FakeJournal()


@pytest.fixture
def socket(journal: FakeJournal) -> Socket:
    """Give a socket of the journal's owner."""
    return Socket(journal)


async def test_nothing_comes_before_the_start(journal: FakeJournal, socket: Socket) -> None:
    """A socket that has not resumed hears of nothing and reads nothing."""
    journal.publish(3)

    assert await socket.stream.next_batch() is None
    assert (journal.reads, socket.woken) == (0, 0)


async def test_the_journal_is_replayed_then_followed(journal: FakeJournal, socket: Socket) -> None:
    """First what followed `after`, then that it is caught up, then what is published."""
    journal.write(5)
    socket.stream.start(2)

    assert await socket.drain() == [3, 4, 5]
    assert socket.caught_up == [CaughtUp(5, reset=False)]

    reads = journal.reads
    journal.publish(2)
    assert await socket.drain() == [6, 7]
    assert journal.reads == reads, "what the bus carries is not read again"
    assert socket.woken == 2
    assert len(socket.caught_up) == 1


async def test_an_empty_journal_is_caught_up_at_once(socket: Socket) -> None:
    """A new user is ready at 0."""
    socket.stream.start(0)

    assert await socket.drain() == []
    assert socket.caught_up == [CaughtUp(0, reset=False)]


async def test_without_a_place_unfinished_runs_are_replayed(
    journal: FakeJournal, socket: Socket
) -> None:
    """A client that knows nothing is sent what belongs to runs that have not ended."""
    journal.write(9)
    journal.unfinished_from = 6
    socket.stream.start(None)

    assert await socket.drain() == [7, 8, 9]
    assert socket.caught_up == [CaughtUp(9, reset=False)]


async def test_a_place_beyond_the_journal_is_reset(journal: FakeJournal, socket: Socket) -> None:
    """A client that remembers another journal is told so, and goes on from the head."""
    journal.write(4)
    socket.stream.start(90)

    assert await socket.drain() == []
    assert socket.caught_up == [CaughtUp(4, reset=True)]
    journal.publish()
    assert await socket.drain() == [5]


async def test_long_journals_come_in_pages(journal: FakeJournal, socket: Socket) -> None:
    """No page is longer than the limit, and none is missing."""
    journal.write(2 * PAGE_EVENTS + 7)
    socket.stream.start(0)

    assert await socket.drain() == list(range(1, 2 * PAGE_EVENTS + 8))
    assert socket.batches == [PAGE_EVENTS, PAGE_EVENTS, 7]


async def test_what_is_published_during_the_replay_is_not_lost(
    journal: FakeJournal, socket: Socket
) -> None:
    """The bus is heard before the journal is read: what falls in between comes once."""
    journal.write(3)
    socket.stream.start(0)
    draining = asyncio.ensure_future(socket.drain())
    while journal.reads < 2:
        journal.publish()
        await asyncio.sleep(0)
    journal.publish(2)

    await draining
    journal.publish()
    await socket.drain()

    assert socket.seqs == list(range(1, len(journal.events) + 1))


async def test_what_the_bus_lost_is_read_from_the_journal(
    journal: FakeJournal, socket: Socket
) -> None:
    """An event that does not follow the last one shows that something is missing."""
    socket.stream.start(0)
    await socket.drain()

    journal.publish(2)
    journal.write(3)
    journal.publish(1)

    assert await socket.drain() == [1, 2, 3, 4, 5, 6]


async def test_what_is_published_twice_is_sent_once(journal: FakeJournal, socket: Socket) -> None:
    """A run that was taken up again publishes what it had published: nobody sees it twice."""
    journal.publish(3)
    socket.stream.start(0)
    await socket.drain()
    journal.publish(2)

    journal.bus.publish(OWNER, journal.events[1:])
    assert await socket.drain() == [4, 5]
    journal.bus.publish(OWNER, journal.events)
    assert await socket.drain() == []
    journal.publish()

    assert await socket.drain() == [6]


@pytest.mark.parametrize(
    ("number", "text"), [(QUEUE_EVENTS * 3, ""), (40, "x" * (QUEUE_BYTES // 10))]
)
async def test_a_slow_socket_holds_no_more_than_its_queue(
    journal: FakeJournal, socket: Socket, number: int, text: str
) -> None:
    """What does not fit is dropped and read from the journal when the socket takes again."""
    socket.stream.start(0)
    await socket.drain()
    for _ in range(number):
        journal.publish(text=text)
        held = socket.stream._live or ()
        assert len(held) <= QUEUE_EVENTS
        assert sum(len(event.frame) for event in held) <= QUEUE_BYTES

    assert await socket.drain() == list(range(1, number + 1))
    assert (socket.stream._live, socket.stream._bytes) == (None, 0)


async def test_a_journal_that_is_away_says_so(journal: FakeJournal, socket: Socket) -> None:
    """It fails, and goes on where it was once the journal is back."""
    journal.write(3)
    socket.stream.start(1)
    journal.away = True
    with pytest.raises(DatabaseUnavailable):
        await socket.stream.next_batch()

    journal.away = False
    assert await socket.drain() == [2, 3]


@pytest.mark.parametrize("again", [1, 3, 10])
@pytest.mark.parametrize("how", [FakeJournal.erase, FakeJournal.restore])
async def test_a_journal_that_began_anew_is_noticed(
    journal: FakeJournal, socket: Socket, again: int, how: Callable[[FakeJournal], None]
) -> None:
    """What follows an erasure, or comes of another journal, is never taken for what goes on."""
    journal.publish(3, run_id="run_old")
    socket.stream.start(0)
    await socket.drain()

    how(journal)
    journal.publish(again, run_id="run_new")

    with pytest.raises(JournalBegunAnew):
        await socket.drain()


async def test_who_was_sent_nothing_yet_notices_an_erasure_too(
    journal: FakeJournal, socket: Socket
) -> None:
    """A socket that knew everything when it was opened does not go on with what came after."""
    journal.publish(3, run_id="run_old")
    socket.stream.start(3)
    assert await socket.drain() == []

    journal.erase()
    journal.publish(4, run_id="run_new")

    with pytest.raises(JournalBegunAnew):
        await socket.drain()


@pytest.mark.parametrize("known", [0, 2, 3])
async def test_an_erasure_is_told_to_who_comes_back(
    journal: FakeJournal, socket: Socket, known: int
) -> None:
    """Whatever was known before the erasure, and however many events there are since."""
    journal.publish(3, run_id="run_old")
    journal.erase()
    journal.publish(6, run_id="run_new")

    socket.stream.start(known)

    assert await socket.stream.next_batch() == CaughtUp(10, reset=True)
    journal.publish(1)
    assert await socket.drain() == [11]


async def test_who_knows_of_an_erasure_is_not_told_again(
    journal: FakeJournal, socket: Socket
) -> None:
    """The number that was told with it belongs to the journal that goes on."""
    journal.publish(3)
    journal.erase()
    journal.publish(2)

    socket.stream.start(4)

    assert await socket.drain() == [5, 6]


async def test_events_that_are_gone_are_not_waited_for(
    journal: FakeJournal, socket: Socket
) -> None:
    """The bus knew of more than there is: the journal was erased in between."""
    journal.publish(3, run_id="run_old")
    socket.stream.start(0)
    await socket.drain()

    journal.write(2)
    journal.publish()
    journal.erase()

    with pytest.raises(JournalBegunAnew):
        await socket.drain()


async def test_a_closed_stream_hears_nothing(journal: FakeJournal, socket: Socket) -> None:
    """Nobody is subscribed any more, and closing twice does nothing."""
    socket.stream.start(0)
    await socket.drain()
    socket.stream.close()
    socket.stream.close()

    journal.publish(2)

    assert await socket.drain() == []
    assert journal.bus._served == {}
