"""Several runs' writes in one transaction: each accepted or refused by itself, all committed once.

When that is done, and what happens after it, is decided in `writer`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from netra.errors import InternalError, NetraError, PermissionDenied
from netra.policy import CredentialMethod
from netra.principal import UserPrincipal
from netra.wire.chat_protocol import MAX_EVENT_BYTES
from netra_backend.app.db.isolation.journal_transaction import (
    AdmittedOwner,
    JournalTransaction,
    NewEventRow,
    RunOf,
)
from netra_backend.app.db.session import Database
from netra_backend.app.events.journal import JournaledEvent, NewEvent, journaled

_DECODE_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class LeaseLost(InternalError):
    """The run has ended, or somebody else works on it under a later epoch."""


@dataclass(frozen=True, slots=True)
class RunWrite:
    """What is to be written of one run, whole or not at all.

    Attributes:
        principal: Whose journal it goes into: who was verified for the run.
        method: How that credential came; the policy depends on it.
        run_id: The run.
        epoch: Under which the writer of this works on the run; a later one refuses the write. From
            the second epoch on, an event whose key is in the journal is not written again.
        events: In order.
        ends_run: Whether the run has ended with this; its lease is then gone.
    """

    principal: UserPrincipal
    method: CredentialMethod
    run_id: str
    epoch: int
    events: tuple[NewEvent, ...]
    ends_run: bool = False


@dataclass(frozen=True, slots=True)
class PreparedWrite:
    """A write whose events were found fit to be stored."""

    write: RunWrite
    rows: tuple[NewEventRow, ...]


@dataclass(slots=True)
class Outcome:
    """What became of the writes of a transaction that was committed.

    Attributes:
        events: By owner, what is to be published, in the order of `seq`.
        refused: By the place of the write, why it was not written.
    """

    events: dict[str, list[JournaledEvent]] = field(default_factory=dict)
    refused: dict[int, NetraError] = field(default_factory=dict)

    def add(self, own: AdmittedOwner, seq: int, row: NewEventRow) -> None:
        """Add an event that is to be published."""
        self.events.setdefault(own.owner_id, []).append(journaled(own.owner_id, seq, row))


def prepared(write: RunWrite) -> PreparedWrite:
    """Look whether every payload is what the protocol says.

    Raises:
        InternalError: One is too large or no JSON object.
    """
    return PreparedWrite(write, tuple(_row(event) for event in write.events))


async def write_together(
    database: Database, writes: Sequence[PreparedWrite], *, looks: bool
) -> Outcome:
    """Write in one transaction, in the order given.

    What was in the journal before is published again as it stands there: whether it was published
    when it was written is not known.

    Args:
        database: Where the journals are.
        writes: What to write.
        looks: Whether any of them may have been written already.

    Raises:
        DatabaseUnavailable: Nothing was written.
        InternalError: The commit failed; whether it took effect is not known.
        SQLAlchemyError: The database refused one of the writes; nothing was written.
    """
    return await database.journal_transaction(lambda journal: _written(journal, writes, looks))


def _written(
    journal: JournalTransaction,
    writes: Sequence[PreparedWrite],
    looks: bool,  # noqa: FBT001 - handed on by position within this module only
) -> Outcome:
    outcome = Outcome()
    admitted = _admitted(journal, writes, outcome)
    epochs = dict(journal.epochs_of({(own, item.write.run_id) for own, item in admitted.values()}))
    stored = journal.stored(
        {
            (own, row.key)
            for own, item in admitted.values()
            if looks or item.write.epoch > 1
            for row in item.rows
        }
    )
    new: dict[AdmittedOwner, list[NewEventRow]] = {}
    ending: list[RunOf] = []
    for place, (own, item) in admitted.items():
        run = own, item.write.run_id
        if epochs.get(run) != item.write.epoch:
            # What was written with the end of its run, unseen, finds its lease gone.
            ended = looks and run not in epochs
            if not (ended and all((own, row.key) in stored for row in item.rows)):
                outcome.refused[place] = LeaseLost("the run is not worked on under this epoch")
            continue
        new.setdefault(own, []).extend(row for row in item.rows if (own, row.key) not in stored)
        if item.write.ends_run:
            ending.append(run)
            del epochs[run]
    firsts = journal.append(new)
    journal.end_runs(ending)
    for (own, _key), row in stored.items():
        outcome.add(own, row.seq, row.event)
    for own, rows in new.items():
        for seq, event in enumerate(rows, start=firsts.get(own, 0)):
            outcome.add(own, seq, event)
    for events in outcome.events.values():
        events.sort(key=lambda event: event.seq)
    return outcome


def _admitted(
    journal: JournalTransaction, writes: Sequence[PreparedWrite], outcome: Outcome
) -> dict[int, tuple[AdmittedOwner, PreparedWrite]]:
    """Give each write, by its place, the journal of its principal; refuse who may not write."""
    admitted: dict[int, tuple[AdmittedOwner, PreparedWrite]] = {}
    for place, item in enumerate(writes):
        try:
            admitted[place] = journal.under(item.write.principal, item.write.method), item
        except PermissionDenied as error:
            outcome.refused[place] = error
    return admitted


def _row(event: NewEvent) -> NewEventRow:
    if len(event.payload) > MAX_EVENT_BYTES:
        raise InternalError(f"the payload of a {event.name} is too large")
    try:
        _DECODE_OBJECT.decode(event.payload)
        payload = event.payload.decode()
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise InternalError(f"the payload of a {event.name} is no JSON object") from error
    return NewEventRow(
        key=event.key,
        run_id=event.run_id,
        thread_id=event.thread_id,
        agent_name=event.agent_name,
        name=str(event.name),
        timestamp=event.timestamp,
        payload=payload,
    )
