"""SQL over `recovery_codes`."""

from collections.abc import Iterable

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import recovery_codes


async def replace_all(
    connection: AsyncConnection, user_id: str, code_hashes: Iterable[str]
) -> None:
    """Put a new set in the place of a person's codes, used or not."""
    await remove_all(connection, user_id)
    rows = [{"code_hash": code_hash, "user_id": user_id} for code_hash in code_hashes]
    await connection.execute(insert(recovery_codes), rows)


async def remove_all(connection: AsyncConnection, user_id: str) -> None:
    """Erase a person's codes."""
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))


async def use(connection: AsyncConnection, user_id: str, code_hash: str, at: float) -> bool:
    """Use a code; of any number of callers exactly one is told True, for all time."""
    statement = (
        update(recovery_codes)
        .where(
            recovery_codes.c.code_hash == code_hash,
            recovery_codes.c.user_id == user_id,
            recovery_codes.c.used_at.is_(None),
        )
        .values(used_at=at)
    )
    return (await connection.execute(statement)).rowcount == 1


async def unused(connection: AsyncConnection, user_id: str) -> int:
    """Count the codes a person has left."""
    statement = select(func.count()).where(
        recovery_codes.c.user_id == user_id, recovery_codes.c.used_at.is_(None)
    )
    count: int = (await connection.execute(statement)).scalar_one()
    return count
