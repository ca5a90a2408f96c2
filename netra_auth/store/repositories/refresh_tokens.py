"""SQL over `refresh_tokens`."""

from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import refresh_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTokenRow:
    """A refresh token as stored; `expires_at` is the absolute end of its whole family."""

    token_hash: str = field(repr=False)
    family_id: str
    session_id: str
    client_id: str
    scope: str
    issued_at: float
    expires_at: float
    spent_at: float | None = None
    sealed_successor: str | None = field(default=None, repr=False)


async def add(connection: AsyncConnection, row: RefreshTokenRow) -> None:
    """Insert a refresh token."""
    await connection.execute(
        insert(refresh_tokens).values(
            token_hash=row.token_hash,
            family_id=row.family_id,
            session_id=row.session_id,
            client_id=row.client_id,
            scope=row.scope,
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            spent_at=row.spent_at,
            sealed_successor=row.sealed_successor,
        )
    )


async def by_hash(connection: AsyncConnection, token_hash: str) -> RefreshTokenRow | None:
    """Find a refresh token, spent or not, expired or not."""
    statement = select(refresh_tokens).where(refresh_tokens.c.token_hash == token_hash)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else RefreshTokenRow(**row)


async def spend(
    connection: AsyncConnection, token_hash: str, at: float, sealed_successor: str
) -> bool:
    """Spend a refresh token; of any number of callers exactly one is told True, for all time."""
    statement = (
        update(refresh_tokens)
        .where(refresh_tokens.c.token_hash == token_hash, refresh_tokens.c.spent_at.is_(None))
        .values(spent_at=at, sealed_successor=sealed_successor)
    )
    return (await connection.execute(statement)).rowcount == 1


async def forget_successors(connection: AsyncConnection, family_id: str, except_of: str) -> None:
    """Erase the sealed successors in a family but that of one token.

    Otherwise an old token and a copy of the store would lead, one seal after the other, to the
    token that is in force.
    """
    await connection.execute(
        update(refresh_tokens)
        .where(
            refresh_tokens.c.family_id == family_id,
            refresh_tokens.c.token_hash != except_of,
            refresh_tokens.c.sealed_successor.is_not(None),
        )
        .values(sealed_successor=None)
    )


async def forget_old_successors(connection: AsyncConnection, spent_before: float) -> int:
    """Erase the sealed successors of tokens spent before a time; say how many there were."""
    statement = (
        update(refresh_tokens)
        .where(
            refresh_tokens.c.spent_at < spent_before,
            refresh_tokens.c.sealed_successor.is_not(None),
        )
        .values(sealed_successor=None)
    )
    return (await connection.execute(statement)).rowcount


async def remove_family(connection: AsyncConnection, family_id: str) -> int:
    """Erase the refresh tokens of a family; say how many there were."""
    statement = delete(refresh_tokens).where(refresh_tokens.c.family_id == family_id)
    return (await connection.execute(statement)).rowcount
