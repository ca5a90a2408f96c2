"""A person's journal: what an event is, and reading and erasing within a session of the owner.

The journal is the truth about what happened; how events get into it is in `writer`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

import msgspec
from sqlalchemy import delete, func, select, update

from netra.wire.chat_protocol import EventName, RunEvent, encoded
from netra_backend.app.db.isolation.journal_transaction import NewEventRow
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import Event, JournalHead, RunLease
from netra_backend.app.events.byte_length import ByteLength

PAGE_BYTES: Final = 262_144
"""Of payloads; the only event of a page may be larger."""
ERASED: Final = '{"erased":true}'


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that is to be journaled.

    Attributes:
        key: Names it within the owner's journal, such as `<run id>:started`: it is there once.
        run_id: The run it belongs to.
        thread_id: The run's thread.
        agent_name: Who answers.
        name: What happened.
        timestamp: RFC 3339 in UTC.
        payload: A JSON object of at most `MAX_EVENT_BYTES`.
    """

    key: str
    run_id: str
    thread_id: str
    agent_name: str
    name: EventName
    timestamp: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class JournaledEvent:
    """An event as the journal has it; `frame` is what every client is sent, encoded once."""

    owner_id: str
    seq: int
    name: EventName
    run_id: str
    frame: str = field(repr=False)


async def events_after(
    session: PrincipalSession, after: int, limit: int
) -> Sequence[JournaledEvent]:
    """Read the session's journal from the event behind `after`, in the order of `seq`.

    At most `limit` events and `PAGE_BYTES`, but one at least if there is one: less than `limit`
    does not mean that there are no more.
    """
    behind = Event.seq > after
    if limit > 1:
        size = ByteLength(Event.payload)
        sizes = await session.scalars(select(size).where(behind).order_by(Event.seq).limit(limit))
        limit = max(1, sum(total <= PAGE_BYTES for total in accumulate(sizes)))
    rows = await session.scalars(select(Event).where(behind).order_by(Event.seq).limit(limit))
    return [_of(row) for row in rows]


async def head(session: PrincipalSession) -> int:
    """Give the `seq` of the journal's last event; 0 if it has none."""
    return await session.scalar(select(JournalHead.head)) or 0


async def erased_through(session: PrincipalSession) -> int:
    """Give the `seq` up to which the journal was erased; 0 if it never was."""
    return await session.scalar(select(JournalHead.erased_through)) or 0


async def unfinished_from(session: PrincipalSession) -> int:
    """Give the `seq` behind which every event of every unfinished run is; the head if none is."""
    # The head is read first: a run that begins in between then lies behind it.
    last = await head(session)
    unfinished = (await session.scalars(select(RunLease.run_id))).all()
    if not unfinished:
        return last
    first = await session.scalar(select(func.min(Event.seq)).where(Event.run_id.in_(unfinished)))
    return last if first is None else min(last, first - 1)


async def erase_thread(session: PrincipalSession, thread_id: str) -> None:
    """Empty the events of a thread; their places stay, so that the journal has no gap.

    The thread is deleted before, in the same session: its leases go with it, and no event can
    follow.
    """
    await session.execute(update(Event).where(Event.thread_id == thread_id).values(payload=ERASED))


async def erase_message(session: PrincipalSession, thread_id: str, message_id: str) -> None:
    """Empty the events of the run that a message began or that answered with it."""
    query = select(Event.run_id).where(
        Event.thread_id == thread_id,
        Event.name.in_((EventName.AGENT_STARTED, EventName.AGENT_COMPLETED)),
        Event.payload.contains(f'"{message_id}"', autoescape=True),
    )
    runs = (await session.scalars(query)).all()
    if runs:
        change = update(Event).where(Event.run_id.in_(runs)).values(payload=ERASED)
        await session.execute(change)


async def erase_run(session: PrincipalSession, run_id: str) -> None:
    """Empty the events of a run."""
    await session.execute(update(Event).where(Event.run_id == run_id).values(payload=ERASED))


async def erase_everything(session: PrincipalSession) -> None:
    """Delete the journal; the owner's threads are deleted before.

    Only its number stays: what comes later must not be taken for the events that are gone.
    """
    await session.execute(delete(Event))
    passed = JournalHead.head + 1
    await session.execute(update(JournalHead).values(head=passed, erased_through=passed))


def journaled(owner_id: str, seq: int, row: NewEventRow) -> JournaledEvent:
    """Make what is published of what is stored."""
    name = EventName(row.name)
    frame = RunEvent(
        type=name,
        seq=seq,
        run_id=row.run_id,
        thread_id=row.thread_id,
        agent_name=row.agent_name,
        timestamp=row.timestamp,
        payload=msgspec.Raw(row.payload),
    )
    return JournaledEvent(owner_id, seq, name, row.run_id, encoded(frame))


def _of(row: Event) -> JournaledEvent:
    fields = (getattr(row, name) for name in NewEventRow._fields)
    return journaled(row.owner_id, row.seq, NewEventRow(*fields))
