"""SQL over `consents`: what a person allowed which client."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import consents


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """A consent as stored; the scopes in `scope` are separated by spaces."""

    user_id: str
    client_id: str
    scope: str
    granted_at: float


async def of_user(connection: AsyncConnection, user_id: str) -> tuple[ConsentRow, ...]:
    """List what a person allowed, by client."""
    statement = select(consents).where(consents.c.user_id == user_id).order_by(consents.c.client_id)
    return tuple(ConsentRow(**row) for row in (await connection.execute(statement)).mappings())


async def scope_of(connection: AsyncConnection, user_id: str, client_id: str) -> str:
    """Give the scopes a person allowed a client, separated by spaces; empty if none."""
    statement = select(consents.c.scope).where(
        consents.c.user_id == user_id, consents.c.client_id == client_id
    )
    return (await connection.execute(statement)).scalar_one_or_none() or ""


async def put(connection: AsyncConnection, row: ConsentRow) -> None:
    """Write a consent in the place of the one before.

    The caller keeps the person's row: of two browsers that consent at once only one inserts.
    """
    replaced = await connection.execute(
        update(consents)
        .where(consents.c.user_id == row.user_id, consents.c.client_id == row.client_id)
        .values(scope=row.scope, granted_at=row.granted_at)
    )
    if replaced.rowcount == 0:
        await connection.execute(
            insert(consents).values(
                user_id=row.user_id,
                client_id=row.client_id,
                scope=row.scope,
                granted_at=row.granted_at,
            )
        )


async def remove(connection: AsyncConnection, user_id: str, client_id: str) -> bool:
    """Erase a consent; say whether there was one."""
    statement = delete(consents).where(
        consents.c.user_id == user_id, consents.c.client_id == client_id
    )
    return (await connection.execute(statement)).rowcount == 1
