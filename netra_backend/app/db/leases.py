"""The leases of runs, of every owner: who works on what, and under which epoch.

It stands outside the isolation of rows, and so touches nothing but ids and the recorded principal
of one run, by the fixed statements below. What a lease means for a run is decided in `runs`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from netra_backend.app.db.session import Database
from netra_backend.app.db.stored_tables import stored_table
from netra_backend.app.db.tables import Run, RunLease

_ATTEMPTS: Final = 8

_LEASES: Final = stored_table(RunLease)
_RUNS: Final = stored_table(Run)
_OTHERS: Final = _LEASES.alias("others")
_COLUMNS: Final = tuple(
    _LEASES.c[name]
    for name in ("run_id", "owner_id", "thread_id", "slot", "holder", "epoch", "expires_at")
)
# Ids sort by the time they were made, so a lower one is an earlier run.
_IS_FIRST_OF_THREAD: Final = ~exists().where(
    _OTHERS.c.thread_id == _LEASES.c.thread_id,
    _OTHERS.c.owner_id == _LEASES.c.owner_id,
    _OTHERS.c.run_id < _LEASES.c.run_id,
)

LONGEST_PUT_OFF: Final = 600_000_000
"""Microseconds; nobody puts a run off for longer."""

# What is free is what nobody living holds: its time has passed, or its holder is known to be dead.
# What seems to be put off for too long was so by a clock that was wrong.
_NOW: Final = bindparam("now", type_=BigInteger)
_IS_FREE: Final = or_(
    _LEASES.c.expires_at <= _NOW,
    _LEASES.c.holder.in_(bindparam("dead", expanding=True)),
    and_(
        _LEASES.c.holder.is_(None), _LEASES.c.called, _LEASES.c.expires_at > _NOW + LONGEST_PUT_OFF
    ),
)
# What was never taken and has a holder is kept for that one.
_IS_TAKERS: Final = or_(
    _IS_FREE, and_(_LEASES.c.holder == bindparam("taker"), _LEASES.c.epoch == 0)
)
_ANY_WANTED: Final = select(_LEASES.c.owner_id, _LEASES.c.slot).where(
    _LEASES.c.run_id == bindparam("run"), _IS_TAKERS
)
_WANTED: Final = _ANY_WANTED.where(_IS_FIRST_OF_THREAD)
_SITTING: Final = select(_LEASES.c.slot, _IS_FREE.label("is_free")).where(
    _LEASES.c.owner_id == bindparam("owner"), _LEASES.c.slot.is_not(None)
)
_EVICT: Final = (
    update(_LEASES)
    .where(_LEASES.c.owner_id == bindparam("owner"), _LEASES.c.slot == bindparam("place"), _IS_FREE)
    .values(slot=None, holder=None)
)
_TAKE: Final = (
    update(_LEASES)
    .where(_LEASES.c.run_id == bindparam("run"), _IS_TAKERS)
    .values(
        holder=bindparam("taker"),
        slot=bindparam("place"),
        epoch=_LEASES.c.epoch + 1,
        expires_at=bindparam("until"),
        # What happened before is looked at by whoever has it now.
        called=False,
    )
    .returning(*_COLUMNS)
)
_CLAIMABLE: Final = (
    select(*_COLUMNS)
    .where(_IS_TAKERS, _IS_FIRST_OF_THREAD)
    .order_by(_LEASES.c.run_id)
    .limit(bindparam("most"))
)
_RUNNING_OF_OWNER: Final = (
    select(func.count())
    .select_from(_OTHERS)
    .where(
        _OTHERS.c.owner_id == _LEASES.c.owner_id,
        _OTHERS.c.slot.is_not(None),
        _OTHERS.c.expires_at > bindparam("now"),
        _OTHERS.c.holder.not_in(bindparam("dead", expanding=True)),
    )
    .scalar_subquery()
)
_CLAIMABLE_WITHIN: Final = _CLAIMABLE.where(bindparam("slots", type_=Integer) > _RUNNING_OF_OWNER)
_AMONG: Final = _LEASES.c.run_id.in_(bindparam("among", expanding=True))


@dataclass(frozen=True, slots=True)
class Lease:
    """Who works on an unfinished run; `expires_at` is in microseconds since the epoch."""

    run_id: str
    owner_id: str
    thread_id: str
    slot: int | None
    holder: str | None
    epoch: int
    expires_at: int


class RunLeases:
    """Takes, keeps and gives back leases.

    A lease is free to be taken once `expires_at` has passed, or if its holder is known to be dead,
    or if it was put off until a time that no right clock can have meant. One that has a holder and
    was never taken is kept for that holder, to whom it is free.
    Every method raises `DatabaseUnavailable` when the database does not answer. On SQLite none may
    be called while a writing session of the same task is open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self,
        run_id: str,
        *,
        holder: str,
        now: int,
        lease_us: int,
        slots: int,
        needs_slot: bool = True,
        dead_holders: Collection[str] = (),
    ) -> Lease | None:
        """Take a lease under the next epoch, if it is free and its turn has come.

        Args:
            run_id: Which run.
            holder: Who takes it.
            now: Microseconds since the epoch.
            lease_us: For how long it is taken.
            slots: How many runs of one owner may run at a time.
            needs_slot: Whether it counts among them and waits for its turn in its thread; one that
                is only to be ended does not.
            dead_holders: Whose leases are free although they have not expired.

        Returns:
            The lease; None if somebody living holds it, it is gone, no slot of its owner is free,
            or an earlier run of the same thread has not ended.
        """
        wish = _Wish(run_id, slots if needs_slot else None, holder, now + lease_us)
        free = {"now": now, "dead": list(dead_holders)}

        def work(connection: Connection) -> Lease | None:
            return _take(connection, wish, free)

        for _ in range(_ATTEMPTS):
            try:
                return await self._database.beneath_the_fence(work, writes=True)
            except IntegrityError:
                # Another process took the same slot in between: only its uniqueness can tell.
                continue
        return None

    async def claimable(
        self,
        *,
        now: int,
        dead_holders: Collection[str],
        limit: int,
        slots: int | None = None,
        taker: str = "",
        among: Collection[str] | None = None,
    ) -> Sequence[Lease]:
        """List leases that are free and the first of their thread, the oldest run first.

        Args:
            now: Microseconds since the epoch.
            dead_holders: Whose leases are free although they have not expired.
            limit: How many at most.
            slots: If given, those of owners with so many running runs are left out, so that many
                waiting runs of one owner do not hide another's.
            taker: Who asks; what is kept for it is free.
            among: If given, only these runs are looked at.
        """
        query = _CLAIMABLE if slots is None else _CLAIMABLE_WITHIN
        parameters = {"now": now, "dead": list(dead_holders), "most": limit, "slots": slots}
        parameters["taker"] = taker
        if among is not None:
            query, parameters["among"] = query.where(_AMONG), list(among)
        return await self._database.beneath_the_fence(
            lambda connection: [_lease(row) for row in connection.execute(query, parameters)],
            writes=False,
        )

    async def renew(
        self, run_ids: Collection[str], *, holder: str, now: int, lease_us: int
    ) -> frozenset[str]:
        """Keep leases for longer; gives the runs that `holder` still has."""
        return await self._change(run_ids, holder, {"expires_at": now + lease_us})

    async def release(self, run_ids: Collection[str], *, holder: str) -> None:
        """Give leases back with their slots: anybody may take them at once."""
        await self._change(run_ids, holder, {"holder": None, "slot": None, "expires_at": 0})

    async def postpone(self, run_id: str, *, holder: str, until: int) -> None:
        """Give a lease back with its slot; nobody may take it before `until`.

        That is `LONGEST_PUT_OFF` from now at most: further ahead it is taken for an error of the
        clock, and anybody may take the lease.
        """
        # What is put off is called for, unlike what waits for its person.
        values = {"holder": None, "slot": None, "expires_at": until, "called": True}
        await self._change([run_id], holder, values)

    async def park(self, run_id: str, *, holder: str, until: int) -> None:
        """Give a lease back with its slot; nobody may take it before `until`, unless called for.

        One that was called for meanwhile may be taken at once.
        """
        free_from = case((_LEASES.c.called, 0), else_=until)
        values = {"holder": None, "slot": None, "expires_at": free_from}
        await self._change([run_id], holder, values)

    async def drop(self, run_id: str) -> None:
        """Take a lease away for good: nobody will work on the run."""
        gone = delete(_LEASES).where(_LEASES.c.run_id == run_id)
        await self._database.beneath_the_fence(
            lambda connection: connection.execute(gone), writes=True
        )

    async def holders(self) -> frozenset[str]:
        """Name everybody who holds a lease, living or not."""
        query = select(_LEASES.c.holder).where(_LEASES.c.holder.is_not(None)).distinct()
        return await self._database.beneath_the_fence(
            lambda connection: frozenset(connection.execute(query).scalars()), writes=False
        )

    async def unfinished_of(self, owner_id: str) -> int:
        """Count the runs of an owner that have not ended, waiting ones included."""
        query = select(func.count()).select_from(_LEASES).where(_LEASES.c.owner_id == owner_id)
        return await self._database.beneath_the_fence(
            lambda connection: connection.execute(query).scalar_one(), writes=False
        )

    async def recorded_principal(self, run_id: str, owner_id: str) -> str | None:
        """Read what was recorded of the principal of a run; None if there is no such run.

        It is the one column that is read of a run here, because without it no session can be
        opened for the run's owner. Only `runs` makes a principal of it.
        """
        query = select(_RUNS.c.principal).where(_RUNS.c.id == run_id, _RUNS.c.owner_id == owner_id)
        return await self._database.beneath_the_fence(
            lambda connection: connection.execute(query).scalar_one_or_none(), writes=False
        )

    async def _change(
        self,
        run_ids: Collection[str],
        holder: str,
        values: Mapping[str, int | ColumnElement[int] | None],
    ) -> frozenset[str]:
        if not run_ids:
            return frozenset()
        # Rows are locked in the order in which the journal locks them, so nobody waits in a circle.
        held = (
            select(_LEASES.c.run_id)
            .where(_LEASES.c.run_id.in_(run_ids), _LEASES.c.holder == holder)
            .order_by(_LEASES.c.owner_id, _LEASES.c.run_id)
            .with_for_update()
        )
        change = update(_LEASES).where(_LEASES.c.run_id.in_(held)).values(values)
        change = change.returning(_LEASES.c.run_id)
        return await self._database.beneath_the_fence(
            lambda connection: frozenset(connection.execute(change).scalars()), writes=True
        )


class _Wish(NamedTuple):
    """Who wants which lease until when, with one of so many slots or (None) without one."""

    run_id: str
    slots: int | None
    holder: str
    until: int


def _take(connection: Connection, wish: _Wish, free: Mapping[str, Any]) -> Lease | None:
    run = {"run": wish.run_id, "taker": wish.holder, **free}
    query = _ANY_WANTED if wish.slots is None else _WANTED
    wanted = connection.execute(query, run).one_or_none()
    if wanted is None:
        return None
    slot: int | None = wanted.slot
    if wish.slots is not None and (slot is None or slot >= wish.slots):
        slot = _vacant_slot(connection, wanted.owner_id, wish.slots, free)
        if slot is None:
            return None
    change = {**run, "until": wish.until, "place": slot}
    taken = connection.execute(_TAKE, change).one_or_none()
    return None if taken is None else _lease(taken)


def _vacant_slot(
    connection: Connection, owner_id: str, slots: int, free: Mapping[str, Any]
) -> int | None:
    """Find a slot of an owner that no living holder's lease has, and take it from a dead one's.

    A lease that loses its slot loses its holder too, so that one who was only slow learns it when
    renewing.
    """
    owner = {"owner": owner_id, **free}
    is_free = {row.slot: row.is_free for row in connection.execute(_SITTING, owner)}
    for slot in range(slots):
        if slot not in is_free:
            return slot
    for slot in range(slots):
        if is_free[slot]:
            connection.execute(_EVICT, {**owner, "place": slot})
            return slot
    return None


def _lease(row: Row[Any]) -> Lease:
    return Lease(
        run_id=row.run_id,
        owner_id=row.owner_id,
        thread_id=row.thread_id,
        slot=row.slot,
        holder=row.holder,
        epoch=row.epoch,
        expires_at=row.expires_at,
    )
