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


async def _sent(before: int, after: int | None, done: list[tuple[str, int]]) -> list[int]:
    journal = FakeJournal()
    journal.write(before)
    seqs: list[int] = []
    caught_up: list[CaughtUp] = []
    stream = EventStream(journal.bus, OWNER, journal, lambda: None)
    stream.start(after)

    async def take() -> bool:
        batch = await stream.next_batch()
        if isinstance(batch, CaughtUp):
            assert seqs[-1:] in ([], [batch.seq])
            caught_up.append(batch)
        elif batch is not None:
            seqs.extend(event.seq for event in batch)
        return batch is not None

    taking = asyncio.ensure_future(take())
    for what, number in done:
        if what in {"publish", "flood"}:
            for _ in range(number):
                journal.publish()
        elif what == "lose":
            journal.write(number)
        elif what == "repeat":
            journal.bus.publish(OWNER, journal.events[-number:])
        else:
            # A reading that has begun goes on by a step at a time while the world does.
            for _ in range(number):
                await asyncio.sleep(0)
                if taking.done():
                    await taking
                    taking = asyncio.ensure_future(take())
    journal.publish()
    await taking
    while await take():
        pass
    assert len(caught_up) == 1
    return seqs


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
