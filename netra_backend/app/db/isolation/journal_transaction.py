"""Appending to the journals of several owners in one transaction.

It is the one place where a transaction goes from one principal to the next, and only the event
writer uses it. What an event is, and who hears of it, is decided in `events`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from netra.errors import PermissionDenied
from netra.policy import CredentialMethod, Denied, Permission, decide
from netra.principal import UserPrincipal
from netra_backend.app.db.presence.notifications import CHANNEL, payloads
from netra_backend.app.db.stored_tables import stored_table
from netra_backend.app.db.tables import Event, JournalHead, RunLease, RunStep

_LEASES: Final = stored_table(RunLease)
_STEPS: Final = stored_table(RunStep)
_HEADS: Final = stored_table(JournalHead)
_EVENTS: Final = stored_table(Event)


class NewEventRow(NamedTuple):
    """An event that has no place in a journal yet; `payload` is JSON."""

    key: str
    run_id: str
    thread_id: str
    agent_name: str
    name: str
    timestamp: str
    payload: str


class StoredEventRow(NamedTuple):
    """An event in its owner's journal."""

    seq: int
    event: NewEventRow


@dataclass(frozen=True, slots=True)
class AdmittedOwner:
    """Whose journal may be written; only `JournalTransaction.under` makes one."""

    owner_id: str


RunOf: TypeAlias = tuple[AdmittedOwner, str]
KeyOf: TypeAlias = tuple[AdmittedOwner, str]

# Rows are locked in the order of their ids, so that two transactions never wait for each other.
# Most transactions concern one run of one owner, and a list in a statement costs as much as it.
_EPOCH: Final = (
    select(_LEASES.c.owner_id, _LEASES.c.run_id, _LEASES.c.epoch)
    .where(_LEASES.c.run_id == bindparam("run"))
    .with_for_update()
)
_EPOCHS: Final = (
    select(_LEASES.c.owner_id, _LEASES.c.run_id, _LEASES.c.epoch)
    .where(_LEASES.c.run_id.in_(bindparam("runs", expanding=True)))
    .order_by(_LEASES.c.owner_id, _LEASES.c.run_id)
    .with_for_update()
)
_STORED: Final = select(
    _EVENTS.c.owner_id, _EVENTS.c.seq, *(_EVENTS.c[name] for name in NewEventRow._fields)
).where(
    _EVENTS.c.owner_id.in_(bindparam("owners", expanding=True)),
    _EVENTS.c.key.in_(bindparam("keys", expanding=True)),
)
_HEADS_OF: Final = (
    select(_HEADS.c.owner_id, _HEADS.c.head)
    .where(_HEADS.c.owner_id.in_(bindparam("owners", expanding=True)))
    .order_by(_HEADS.c.owner_id)
    .with_for_update()
)
_ADVANCE: Final = (
    update(_HEADS)
    .where(_HEADS.c.owner_id == bindparam("owner"))
    .values(head=_HEADS.c.head + bindparam("count"))
)
_ADVANCE_ONE: Final = _ADVANCE.returning(_HEADS.c.head)
_BEGIN: Final = insert(_HEADS)
_INSERT: Final = insert(_EVENTS)
_END: Final = delete(_LEASES).where(
    _LEASES.c.owner_id == bindparam("owner"), _LEASES.c.run_id == bindparam("run")
)
_TELL: Final = select(func.pg_notify(CHANNEL, bindparam("payload")))
_FORGET: Final = delete(_STEPS).where(
    _STEPS.c.owner_id == bindparam("owner"), _STEPS.c.run_id == bindparam("run")
)


class JournalTransaction:
    """One transaction over journals; each row is written under the principal it belongs to."""

    def __init__(self, connection: Connection, origin: str) -> None:
        self._connection = connection
        self._origin = origin

    def under(self, principal: UserPrincipal, method: CredentialMethod) -> AdmittedOwner:
        """Admit a principal: the owner of what is written comes from here and nowhere else.

        Raises:
            PermissionDenied: The principal may not open sessions.
        """
        decision = decide(principal, Permission.SESSIONS_OPEN, method)
        if isinstance(decision, Denied):
            raise PermissionDenied(decision.reason)
        return AdmittedOwner(principal.user_id)

    def epochs_of(self, runs: Collection[RunOf]) -> Mapping[RunOf, int]:
        """Read, and hold to the end, under which epoch unfinished runs are worked on.

        A run that is missing has ended, or is another owner's.
        """
        run_ids = [run_id for _, run_id in runs]
        if len(run_ids) == 1:
            rows = self._connection.execute(_EPOCH, {"run": run_ids[0]})
        else:
            rows = self._connection.execute(_EPOCHS, {"runs": run_ids})
        found = {(AdmittedOwner(row.owner_id), row.run_id): row.epoch for row in rows}
        return {run: found[run] for run in runs if run in found}

    def stored(self, keys: Collection[KeyOf]) -> Mapping[KeyOf, StoredEventRow]:
        """Find which events are in their journals already."""
        if not keys:
            return {}
        parameters = {
            "owners": sorted({own.owner_id for own, _ in keys}),
            "keys": [key for _, key in keys],
        }
        rows = self._connection.execute(_STORED, parameters)
        found = {
            (AdmittedOwner(row.owner_id), row.key): StoredEventRow(row.seq, NewEventRow(*row[2:]))
            for row in rows
        }
        return {key: found[key] for key in keys if key in found}

    def append(
        self, events: Mapping[AdmittedOwner, Sequence[NewEventRow]]
    ) -> Mapping[AdmittedOwner, int]:
        """Put events at the end of journals; gives the `seq` of the first in each.

        Raises:
            IntegrityError: A key is there already; the transaction is lost.
        """
        counts = {own.owner_id: len(rows) for own, rows in events.items() if rows}
        if not counts:
            return {}
        heads = self._advanced(counts)
        firsts = {own: heads[own.owner_id] - len(rows) + 1 for own, rows in events.items() if rows}
        self._connection.execute(
            _INSERT,
            [
                {"owner_id": own.owner_id, "seq": seq, **row._asdict()}
                for own, first in firsts.items()
                for seq, row in enumerate(events[own], start=first)
            ],
        )
        if self._connection.dialect.name == "postgresql":
            moved = {owner: heads[owner] for owner in counts}
            for payload in payloads(moved, self._origin):
                self._connection.execute(_TELL, {"payload": payload})
        return firsts

    def end_runs(self, runs: Iterable[RunOf]) -> None:
        """Take the leases and the recorded steps of runs away: they have ended."""
        parameters = [{"owner": own.owner_id, "run": run_id} for own, run_id in runs]
        if parameters:
            self._connection.execute(_END, parameters)
            self._connection.execute(_FORGET, parameters)

    def _advanced(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """Move the heads of owners' journals on, and hold them; gives the new ones."""
        if len(counts) == 1:
            [(owner, count)] = counts.items()
            moved = self._connection.execute(_ADVANCE_ONE, {"owner": owner, "count": count})
            head = moved.scalar_one_or_none()
            before = {} if head is None else {owner: head - count}
        else:
            owners = {"owners": list(counts)}
            found = self._connection.execute(_HEADS_OF, owners)
            before = {row.owner_id: row.head for row in found}
            begun = [{"owner": owner, "count": counts[owner]} for owner in before]
            if begun:
                self._connection.execute(_ADVANCE, begun)
        # Two processes that begin one journal at once: the second is refused and tries again.
        new = [
            {"owner_id": owner, "head": count}
            for owner, count in counts.items()
            if owner not in before
        ]
        if new:
            self._connection.execute(_BEGIN, new)
        return {owner: before.get(owner, 0) + count for owner, count in counts.items()}
