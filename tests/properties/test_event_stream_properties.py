"""Properties of what a socket is sent: gapless and once, whatever the bus loses or repeats."""

import asyncio
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from fakes.journal import OWNER, FakeJournal
from netra_backend.app.websocket_core.event_stream import CaughtUp, EventStream

steps: Final = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 5)),
        st.tuples(st.just("lose"), st.integers(1, 5)),
        st.tuples(st.just("repeat"), st.integers(1, 8)),
        st.tuples(st.just("flood"), st.integers(200, 300)),
        st.tuples(st.just("take"), st.integers(1, 6)),
    ),
    max_size=25,
)


class Socket:
    """Takes what a stream gives, a step at a time while the world goes on."""

    def __init__(self, journal: FakeJournal, after: int | None) -> None:
        self.seqs: list[int] = []
        self.caught_up = 0
        self._stream = EventStream(journal.bus, OWNER, journal, lambda: None)
        self._stream.start(after)
        self._taking = asyncio.ensure_future(self._take())

    async def _take(self) -> bool:
        batch = await self._stream.next_batch()
        if isinstance(batch, CaughtUp):
            assert self.seqs[-1:] in ([], [batch.seq])
            self.caught_up += 1
        elif batch is not None:
            self.seqs.extend(event.seq for event in batch)
        return batch is not None

    async def step(self) -> None:
        """Let a taking that has begun go on."""
        await asyncio.sleep(0)
        if self._taking.done():
            await self._taking
            self._taking = asyncio.ensure_future(self._take())

    async def drain(self) -> None:
        """Take until there is nothing."""
        await self._taking
        while await self._take():
            pass


async def _sent(before: int, after: int | None, done: list[tuple[str, int]]) -> list[int]:
    journal = FakeJournal()
    journal.write(before)
    socket = Socket(journal, after)
    for what, number in done:
        if what == "take":
            for _ in range(number):
                await socket.step()
        elif what == "lose":
            journal.write(number)
        elif what == "repeat":
            journal.bus.publish(OWNER, journal.events[-number:])
        else:
            for _ in range(number):
                journal.publish()
    journal.publish()
    await socket.drain()
    assert socket.caught_up == 1
    return socket.seqs


@given(st.integers(0, 450), st.none() | st.integers(0, 500), steps)
def test_every_event_is_sent_once_and_in_order(
    before: int, after: int | None, done: list[tuple[str, int]]
) -> None:
    """From where the client was, without a gap and without a repetition, to the very last."""
    seqs = asyncio.run(_sent(before, after, done))

    written = before + 1 + sum(n for what, n in done if what in {"publish", "lose", "flood"})
    if seqs:
        assert seqs == list(range(seqs[0], written + 1))
    if after is not None and after <= before:
        assert seqs[0] == after + 1
