"""SQL over `revocations` and the counter that numbers them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import counters, revocations

COUNTER: Final = "revocations"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRevocation:
    """One entry that is still to be numbered."""

    kind: str
    identifier: str
    revoked_at: float
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationRow:
    """One entry of the feed as stored."""

    seq: int
    kind: str
    identifier: str
    revoked_at: float
    expires_at: float


async def add(connection: AsyncConnection, entries: Sequence[NewRevocation]) -> None:
    """Append entries; numbers become visible in their own order.

    The counter's row is locked from here to the commit.
    """
    next_numbers = (
        update(counters)
        .where(counters.c.name == COUNTER)
        .values(value=counters.c.value + len(entries))
        .returning(counters.c.value)
    )
    last: int = (await connection.execute(next_numbers)).scalar_one()
    first = last - len(entries) + 1
    rows = [{"seq": first + place, **asdict(entry)} for place, entry in enumerate(entries)]
    await connection.execute(insert(revocations), rows)


async def after(connection: AsyncConnection, seq: int, limit: int) -> tuple[RevocationRow, ...]:
    """List at most `limit` entries that follow a number, in order."""
    statement = (
        select(revocations).where(revocations.c.seq > seq).order_by(revocations.c.seq).limit(limit)
    )
    return tuple(RevocationRow(**row) for row in (await connection.execute(statement)).mappings())


async def any_of(
    connection: AsyncConnection, identifiers: Iterable[tuple[str, str]], at: float
) -> bool:
    """Tell whether an entry for one of these kinds and identifiers is in force at a time."""
    named = [
        and_(revocations.c.kind == kind, revocations.c.identifier == identifier)
        for kind, identifier in identifiers
    ]
    statement = select(revocations.c.seq).where(or_(*named), revocations.c.expires_at > at).limit(1)
    return (await connection.execute(statement)).first() is not None


async def latest(connection: AsyncConnection) -> int:
    """Give the number of the newest entry, or 0."""
    statement = select(counters.c.value).where(counters.c.name == COUNTER)
    number: int = (await connection.execute(statement)).scalar_one()
    return number
