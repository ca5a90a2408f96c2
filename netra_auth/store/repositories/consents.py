"""SQL over `consents`: what a person allowed a client."""

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import consents


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """One consent as stored; the scopes are separated by spaces."""

    user_id: str
    client_id: str
    scope: str
    granted_at: float


async def of_user(connection: AsyncConnection, user_id: str) -> tuple[ConsentRow, ...]:
    """List what a person allowed, by client."""
    statement = select(consents).where(consents.c.user_id == user_id).order_by(consents.c.client_id)
    return tuple(ConsentRow(**row) for row in (await connection.execute(statement)).mappings())


async def remove(connection: AsyncConnection, user_id: str, client_id: str) -> bool:
    """Take a consent back; say whether there was one."""
    statement = delete(consents).where(
        consents.c.user_id == user_id, consents.c.client_id == client_id
    )
    return (await connection.execute(statement)).rowcount == 1
