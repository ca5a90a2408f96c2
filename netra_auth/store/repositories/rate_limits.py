"""SQL over `rate_limits`: counters that start at their first hit and end with their window.

Counting is one statement, so that of any number of callers, in any number of processes, no two are
given the same number. What a number means is decided in `netra_auth.limits`.
"""

from typing import Final

from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import rate_limits

MOST_HITS: Final = 2_000_000_000
"""Counting stops here: the column holds 32 bits."""


async def count(
    connection: AsyncConnection, key: str, *, amount: int, now: float, seconds: float
) -> tuple[int, float]:
    """Add to a counter, which starts anew if its window has ended; give sum and window's end."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    has_ended = rate_limits.c.window_ends_at <= now
    statement = (
        insert(rate_limits)
        .values(limit_key=key, hits=amount, window_ends_at=now + seconds)
        .on_conflict_do_update(
            index_elements=[rate_limits.c.limit_key],
            set_={
                "hits": case(
                    (has_ended, amount),
                    (rate_limits.c.hits >= MOST_HITS, rate_limits.c.hits),
                    else_=rate_limits.c.hits + amount,
                ),
                "window_ends_at": case(
                    (has_ended, now + seconds), else_=rate_limits.c.window_ends_at
                ),
            },
        )
        .returning(rate_limits.c.hits, rate_limits.c.window_ends_at)
    )
    row = (await connection.execute(statement)).one()
    return row.hits, row.window_ends_at


async def read(connection: AsyncConnection, key: str, now: float) -> tuple[int, float] | None:
    """Give a counter and the end of its window, or None if it has none that goes on."""
    statement = select(rate_limits.c.hits, rate_limits.c.window_ends_at).where(
        rate_limits.c.limit_key == key, rate_limits.c.window_ends_at > now
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else (row.hits, row.window_ends_at)


async def remove(connection: AsyncConnection, key: str) -> None:
    """Erase a counter."""
    await connection.execute(delete(rate_limits).where(rate_limits.c.limit_key == key))


async def remove_all(connection: AsyncConnection) -> int:
    """Erase every counter; say how many there were."""
    return (await connection.execute(delete(rate_limits))).rowcount
