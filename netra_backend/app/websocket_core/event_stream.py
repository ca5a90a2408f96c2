"""What one socket is still to be sent of its person's journal: in order, nothing lost or twice.

The bus says that something happened; the journal is asked whenever the bus did not carry all of
it. Sending is `connection`'s business.
"""

import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from netra_backend.app.events.bus import EventBus, Subscription
from netra_backend.app.events.journal import JournaledEvent

PAGE_EVENTS: Final = 200
QUEUE_EVENTS: Final = 256
QUEUE_BYTES: Final = 1_048_576
_BATCH_EVENTS: Final = 32


class JournalBegunAnew(Exception):
    """The journal was erased, or is another one: what follows does not follow what was sent."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """From where a stream goes on.

    Attributes:
        after: Behind this `seq`.
        head: The journal's last `seq` at that time.
        reset: Whether the journal does not reach what the client asked for.
    """

    after: int
    head: int
    reset: bool


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Everything up to `seq` was sent; what follows is live."""

    seq: int
    reset: bool


class Journal(Protocol):
    """One person's journal; every method raises `CouldNotDecide` if it cannot be read."""

    async def beginning(self, after: int | None) -> Beginning:
        """Say from where to go on for who knows everything up to `after`.

        None is who knows nothing: it is spared what belongs to runs that ended.
        """

    async def events_after(self, after: int, limit: int) -> Sequence[JournaledEvent]:
        """Read events behind a `seq`, in order: at most so many, and at least one if any is."""


class EventStream:
    """A person's events for one socket, pulled by who sends them.

    The bus is listened to before the journal is read, so that nothing falls in between. At most
    `QUEUE_EVENTS` wait here for a slow socket; what does not fit is read from the journal again.

    Args:
        bus: Says what was committed.
        owner_id: Whose events.
        journal: The same person's.
        wake: Called when `next_batch` has something to give; neither raises nor blocks.
    """

    __slots__ = (
        "_after",
        "_beginning",
        "_bus",
        "_bytes",
        "_doubtful",
        "_journal",
        "_known",
        "_last_run",
        "_live",
        "_owner_id",
        "_sent",
        "_subscription",
        "_wake",
    )

    def __init__(
        self, bus: EventBus, owner_id: str, journal: Journal, wake: Callable[[], None]
    ) -> None:
        self._bus = bus
        self._owner_id = owner_id
        self._journal = journal
        self._wake = wake
        self._subscription: Subscription | None = None
        self._after: int | None = None
        self._beginning: Beginning | None = None
        self._sent: int | None = None
        self._known = 0
        self._live: deque[JournaledEvent] | None = None
        self._bytes = 0
        self._doubtful = False
        self._last_run: str | None = None

    def start(self, after: int | None) -> None:
        """Begin with the events behind a `seq`."""
        self._after = after
        self._subscription = self._bus.subscribe(self._owner_id, self._arrived, self._heard_of)
        self._wake()

    def close(self) -> None:
        """Listen no longer and forget what waits."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
        self._live = None

    async def next_batch(self) -> Sequence[JournaledEvent] | CaughtUp | None:
        """Give what is to be sent next, or None if there is nothing now; it counts as sent then.

        Raises:
            CouldNotDecide: The journal cannot be read.
            JournalBegunAnew: It is not the journal it was.
        """
        if self._subscription is None:
            return None
        if self._sent is None:
            self._beginning = await self._journal.beginning(self._after)
            self._sent = self._beginning.after
            self._known = max(self._known, self._beginning.head)
        if self._beginning is not None and self._sent >= self._beginning.head:
            caught_up = CaughtUp(self._sent, self._beginning.reset)
            self._beginning = None
            return caught_up
        if self._doubtful:
            self._doubtful = False
            await self._look_whether_begun_anew(self._sent)
        return self._waiting(self._sent) or await self._missing(self._sent)

    def _waiting(self, sent: int) -> Sequence[JournaledEvent]:
        """Take what the bus brought, as far as it follows what was sent."""
        live = self._live
        if live is None:
            return ()
        while live and live[0].seq <= sent:
            self._bytes -= _size(live.popleft())
        batch: list[JournaledEvent] = []
        while live and len(batch) < _BATCH_EVENTS and live[0].seq == sent + len(batch) + 1:
            event = live.popleft()
            self._bytes -= _size(event)
            batch.append(event)
        if not live:
            self._live = None  # Most sockets are idle most of the time.
        return self._count(batch)

    async def _missing(self, sent: int) -> Sequence[JournaledEvent] | None:
        """Read what the bus did not bring, if there is anything."""
        if self._known <= sent:
            return None
        page = await self._journal.events_after(sent, PAGE_EVENTS)
        if not page:
            # The bus knew of events behind `sent` that are no more.
            await self._look_whether_begun_anew(sent)
            self._known = sent
        elif page[0].seq != sent + 1:
            # A journal has no gap but where it was erased.
            raise JournalBegunAnew
        return self._count(page) or None

    def _count(self, batch: Sequence[JournaledEvent]) -> Sequence[JournaledEvent]:
        if batch:
            self._sent = batch[-1].seq
            self._last_run = batch[-1].run_id
        return batch

    async def _look_whether_begun_anew(self, sent: int) -> None:
        """Look whether the event that was sent last is still where it was."""
        if not sent:
            return
        found = await self._journal.events_after(sent - 1, 1)
        there = next((event.run_id for event in found if event.seq == sent), None)
        if there is None or self._last_run not in {None, there}:
            raise JournalBegunAnew

    def _arrived(self, events: Sequence[JournaledEvent]) -> None:
        """Take what was committed; it may come twice, or with gaps."""
        sent = self._sent
        for event in events:
            if sent is not None and event.seq <= sent:
                # Usually an event that was published twice; else the journal was erased.
                self._doubtful = True
            elif sent is not None:
                self._keep(event, sent)
            self._known = max(self._known, event.seq)
        self._wake()

    def _heard_of(self, head: int | None) -> None:
        """Take note of what another process wrote: it is read from the journal."""
        if head is None:
            head = (self._sent or 0) + 1
        self._known = max(self._known, head)
        self._wake()

    def _keep(self, event: JournaledEvent, sent: int) -> None:
        live = self._live
        if event.seq != (live[-1].seq if live else sent) + 1:
            return
        size = _size(event)
        if live is None:
            live = self._live = deque()
        if len(live) >= QUEUE_EVENTS or self._bytes + size > QUEUE_BYTES:
            # A slow socket: all of it is read from the journal when its turn comes.
            live.clear()
            self._bytes = 0
            return
        live.append(event)
        self._bytes += size


def _size(event: JournaledEvent) -> int:
    """Give the bytes of memory its frame takes: up to four for each character."""
    return sys.getsizeof(event.frame)
