"""SQL over `revocations` and the counter that numbers them."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra.wire.auth_api import RevocationKind
from netra_auth.store.tables import counters, revocations

COUNTER: Final = "revocations"
_IN_FORCE: Final = select(
    revocations.c.kind, revocations.c.identifier, revocations.c.revoked_at
).where(
    revocations.c.kind.in_(RevocationKind),
    revocations.c.identifier.in_(bindparam("identifiers", expanding=True)),
    revocations.c.expires_at >= bindparam("at"),
)


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


async def skip_to(connection: AsyncConnection, number: int) -> None:
    """Have the next entry's number be greater than another; numbers never go back."""
    statement = (
        update(counters)
        .where(counters.c.name == COUNTER, counters.c.value < number)
        .values(value=number)
    )
    await connection.execute(statement)


async def after(connection: AsyncConnection, seq: int, limit: int) -> tuple[RevocationRow, ...]:
    """List at most `limit` entries that follow a number, in order."""
    statement = (
        select(revocations).where(revocations.c.seq > seq).order_by(revocations.c.seq).limit(limit)
    )
    return tuple(RevocationRow(**row) for row in (await connection.execute(statement)).mappings())


async def in_force(
    connection: AsyncConnection, identifiers: Collection[str], at: float
) -> dict[tuple[str, str], float]:
    """Find which of several identifiers are revoked at a time: kind and identifier to since when.

    Of what was revoked more than once the last time counts.
    """
    rows = await connection.execute(_IN_FORCE, {"identifiers": list(identifiers), "at": at})
    since: dict[tuple[str, str], float] = {}
    for kind, identifier, revoked_at in rows:
        since[kind, identifier] = max(revoked_at, since.get((kind, identifier), revoked_at))
    return since


async def latest(connection: AsyncConnection) -> int:
    """Give the number of the newest entry, or 0."""
    statement = select(counters.c.value).where(counters.c.name == COUNTER)
    number: int = (await connection.execute(statement)).scalar_one()
    return number
