"""One person's journal in memory, and its bus: what sockets are sent events from."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from netra.clock import as_iso
from netra.errors import DatabaseUnavailable
from netra.wire.chat_protocol import EventName, RunEvent, encoded
from netra_backend.app.events.bus import MemoryBus
from netra_backend.app.events.journal import JournaledEvent
from netra_backend.app.websocket_core.event_stream import Beginning

OWNER = "usr_alice"


@dataclass
class FakeJournal:
    """A journal that is written by tests and may be away."""

    bus: MemoryBus = field(default_factory=MemoryBus)
    owner_id: str = OWNER
    events: list[JournaledEvent] = field(default_factory=list)
    unfinished_from: int | None = None
    away: bool = False
    reads: int = 0
    erased_through: int = 0

    def write(
        self, number: int = 1, *, run_id: str = "run_1", text: str = ""
    ) -> Sequence[JournaledEvent]:
        """Commit events without telling anybody."""
        first = self._head() + 1
        new = [_event(self.owner_id, seq, run_id, text) for seq in range(first, first + number)]
        self.events += new
        return new

    def publish(self, number: int = 1, *, run_id: str = "run_1", text: str = "") -> None:
        """Commit events and tell the bus."""
        self.bus.publish(self.owner_id, self.write(number, run_id=run_id, text=text))

    def erase(self) -> None:
        """Delete everything: a number is left out, and the next event follows that."""
        self.erased_through = self._head() + 1
        self.events.clear()

    def restore(self) -> None:
        """Become another journal, as after a backup of long ago was restored."""
        self.erased_through = 0
        self.events.clear()

    async def beginning(self, after: int | None) -> Beginning:
        """Say from where to go on."""
        await self._read()
        head = self._head()
        if after is None:
            first = head if self.unfinished_from is None else self.unfinished_from
            return Beginning(first, head, reset=False)
        if self.erased_through <= after <= head:
            return Beginning(after, head, reset=False)
        return Beginning(head, head, reset=True)

    async def events_after(self, after: int, limit: int) -> Sequence[JournaledEvent]:
        """Read the events behind a `seq`."""
        await self._read()
        return [event for event in self.events if event.seq > after][:limit]

    def _head(self) -> int:
        return self.events[-1].seq if self.events else self.erased_through

    async def _read(self) -> None:
        self.reads += 1
        await asyncio.sleep(0)
        if self.away:
            raise DatabaseUnavailable("the journal is away")


def _event(owner_id: str, seq: int, run_id: str, text: str) -> JournaledEvent:
    name = EventName.TEXT_DELTA
    payload = {"step": "step:say#1", "attempt": 1, "index": seq, "text": text}
    frame = RunEvent(name, seq, run_id, "thr_1", "assistant", as_iso(1_800_000_000.0), payload)
    return JournaledEvent(owner_id, seq, name, run_id, encoded(frame))
