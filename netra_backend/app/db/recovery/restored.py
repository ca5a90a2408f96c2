"""Making a store fit to serve that was restored from a backup.

A restored store has forgotten what happened since: it would give the numbers of lost events to new
ones, and the epochs of lost leases to new holders. So both go on from where nobody has been.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, case, func, select, update

from netra.clock import Clock
from netra.telemetry.log_events import event_logger
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.session import Database
from netra_backend.app.db.stored_tables import stored_table
from netra_backend.app.db.tables import Event, JournalHead, RunLease
from netra_backend.app.settings import Settings

_log = event_logger("recovery")

_MILLISECONDS: Final = 1_000
_EPOCHS_LOST: Final = 1_000_000
"""More takings of one run than a backup can have missed."""

_LEASES: Final = stored_table(RunLease)
_HEADS: Final = stored_table(JournalHead)
_EVENTS: Final = stored_table(Event)

# No journal has had an event for every millisecond since 1970, so the clock is ahead of all. Each
# event moves further than there are events, so none takes another's number on the way.
_UNSEEN: Final = bindparam("unseen", type_=BigInteger)
_FURTHER: Final = case(
    (_HEADS.c.head < _UNSEEN, _UNSEEN - _HEADS.c.erased_through),
    else_=_HEADS.c.head - _HEADS.c.erased_through + 1,
)
_MOVE_EVENTS: Final = update(_EVENTS).values(
    seq=_EVENTS.c.seq
    + select(_FURTHER).where(_HEADS.c.owner_id == _EVENTS.c.owner_id).scalar_subquery()
)
_MOVE_HEADS: Final = update(_HEADS).values(
    head=_HEADS.c.head + _FURTHER, erased_through=_HEADS.c.erased_through + _FURTHER
)
_FREE_HELD: Final = (
    update(_LEASES)
    .where(_LEASES.c.holder.is_not(None))
    .values(holder=None, slot=None, expires_at=0)
)
_MOVE_EPOCHS: Final = update(_LEASES).values(epoch=_LEASES.c.epoch + _EPOCHS_LOST)


@dataclass(frozen=True, slots=True)
class _Settled:
    """How many journals moved, and how many runs go on."""

    journals: int
    runs: int


async def settle_restored(settings: Settings, clock: Clock) -> None:
    """Move every journal and every lease of a store that nobody serves to where nobody has been.

    Clients are told to begin anew instead of missing what has the numbers they know, and whoever
    still works under an epoch from before the restore writes nothing. It may be done again.

    Raises:
        DatabaseUnavailable: The store could not be reached; nothing was changed.
    """
    database = Database(open_engine(settings.database_url))
    unseen = int(clock.timestamp() * _MILLISECONDS)
    try:
        settled = await database.beneath_the_fence(
            lambda connection: _settle(connection, unseen), writes=True
        )
    finally:
        await database.aclose()
    _log.info(
        "store_restored",
        message="The journals of the restored store go on with numbers nobody has seen",
        journals=settled.journals,
        unfinished_runs=settled.runs,
    )


def _settle(connection: Connection, unseen: int) -> _Settled:
    given = {"unseen": unseen}
    connection.execute(_MOVE_EVENTS, given)
    connection.execute(_MOVE_HEADS, given)
    connection.execute(_FREE_HELD)
    connection.execute(_MOVE_EPOCHS)
    journals = connection.execute(select(func.count()).select_from(_HEADS)).scalar_one()
    runs = connection.execute(select(func.count()).select_from(_LEASES)).scalar_one()
    return _Settled(journals, runs)
