"""SQL over `pending_logins`: logins that wait for the second factor."""

from dataclasses import dataclass, field

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import pending_logins


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLoginRow:
    """A login whose password was right; `password_hash` is the hash it was right against."""

    pending_hash: str = field(repr=False)
    user_id: str
    password_hash: str = field(repr=False)
    attempts: int
    expires_at: float


async def add(connection: AsyncConnection, row: PendingLoginRow) -> None:
    """Insert one."""
    await connection.execute(
        insert(pending_logins).values(
            pending_hash=row.pending_hash,
            user_id=row.user_id,
            password_hash=row.password_hash,
            attempts=row.attempts,
            expires_at=row.expires_at,
        )
    )


async def begin_attempt(
    connection: AsyncConnection, pending_hash: str, *, limit: int, at: float
) -> PendingLoginRow | None:
    """Count an attempt and hold the row; None if it is over, spent or was never there."""
    statement = (
        update(pending_logins)
        .where(
            pending_logins.c.pending_hash == pending_hash,
            pending_logins.c.attempts < limit,
            pending_logins.c.expires_at > at,
        )
        .values(attempts=pending_logins.c.attempts + 1)
        .returning(*pending_logins.c)
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else PendingLoginRow(**row)


async def remove(connection: AsyncConnection, pending_hash: str) -> None:
    """Erase one."""
    await connection.execute(
        delete(pending_logins).where(pending_logins.c.pending_hash == pending_hash)
    )


async def remove_expired_of(connection: AsyncConnection, user_id: str, at: float) -> None:
    """Erase what a person let lapse."""
    await connection.execute(
        delete(pending_logins).where(
            pending_logins.c.user_id == user_id, pending_logins.c.expires_at <= at
        )
    )


async def remove_all_of(connection: AsyncConnection, user_id: str) -> None:
    """Erase all of a person's."""
    await connection.execute(delete(pending_logins).where(pending_logins.c.user_id == user_id))
