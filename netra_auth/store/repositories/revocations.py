"""SQL over `revocations` and the counter that numbers them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import counters, revocations

COUNTER: Final = "revocations"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationRow:
    """One entry of the feed as stored."""

    seq: int
    kind: str
    identifier: str
    revoked_at: float
    expires_at: float


async def add(
    connection: AsyncConnection, *, kind: str, identifier: str, revoked_at: float, expires_at: float
) -> int:
    """Append an entry and give its number; numbers become visible in their own order."""
    next_number = (
        update(counters)
        .where(counters.c.name == COUNTER)
        .values(value=counters.c.value + 1)
        .returning(counters.c.value)
    )
    seq: int = (await connection.execute(next_number)).scalar_one()
    await connection.execute(
        insert(revocations).values(
            seq=seq,
            kind=kind,
            identifier=identifier,
            revoked_at=revoked_at,
            expires_at=expires_at,
        )
    )
    return seq


async def after(connection: AsyncConnection, seq: int, limit: int) -> tuple[RevocationRow, ...]:
    """List at most `limit` entries that follow a number, in order."""
    statement = (
        select(revocations).where(revocations.c.seq > seq).order_by(revocations.c.seq).limit(limit)
    )
    return tuple(RevocationRow(**row) for row in (await connection.execute(statement)).mappings())


async def any_of(
    connection: AsyncConnection, identifiers: Iterable[tuple[str, str, float]]
) -> bool:
    """Tell whether one of these kinds and identifiers has an entry that ends at a time or later."""
    named = [
        and_(
            revocations.c.kind == kind,
            revocations.c.identifier == identifier,
            revocations.c.expires_at >= at,
        )
        for kind, identifier, at in identifiers
    ]
    statement = select(revocations.c.seq).where(or_(*named)).limit(1)
    return (await connection.execute(statement)).first() is not None


async def latest(connection: AsyncConnection) -> int:
    """Give the number of the newest entry, or 0."""
    statement = select(counters.c.value).where(counters.c.name == COUNTER)
    number: int = (await connection.execute(statement)).scalar_one()
    return number
