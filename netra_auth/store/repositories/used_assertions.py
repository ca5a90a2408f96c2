"""SQL over `used_assertions`: the one-time ids of client assertions, until they have expired."""

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import used_assertions


async def add(connection: AsyncConnection, assertion_hash: str, expires_at: float) -> None:
    """Remember that an assertion was used. Of two who try at once, one succeeds.

    Raises:
        sqlalchemy.exc.IntegrityError: It was used before.
    """
    await connection.execute(
        insert(used_assertions).values(assertion_hash=assertion_hash, expires_at=expires_at)
    )
