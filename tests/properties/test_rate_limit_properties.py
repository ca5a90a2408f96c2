"""Counters in the store: however callers interleave, a limit is never exceeded in a window."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute
from sqlalchemy.ext.asyncio import AsyncConnection

from fakes.clock import ManualClock
from netra.secret import Secret
from netra_auth.limits.counters.in_store import StoreCounters
from netra_auth.limits.counters.window import CountedWindow
from netra_auth.store.engine import Database
from netra_auth.store.tables import rate_limits

CALLERS = st.lists(
    st.tuples(st.sampled_from([0, 1]), st.sampled_from(["a", "b"])), min_size=1, max_size=30
)


async def prepared(path: Path) -> list[Database]:
    """Give two ways to one store, as two processes have them."""
    url = Secret(f"sqlite+aiosqlite:///{path}")
    databases = [Database(url), Database(url)]
    async with databases[0].transaction() as transaction:
        await transaction.connection.run_sync(rate_limits.create)
    return databases


async def hit(
    database: Database, clock: ManualClock, item: RateLimitItemPerMinute, whom: str
) -> bool:
    """Hit a limit in a transaction of its own."""
    async with database.transaction() as transaction:
        window = CountedWindow(StoreCounters(transaction.connection, clock))
        return await window.hit(item, whom)


def window_of(connection: AsyncConnection, clock: ManualClock) -> CountedWindow:
    """Give a window that reads."""
    return CountedWindow(StoreCounters(connection, clock))


@settings(max_examples=15)
@given(callers=CALLERS, amount=st.integers(1, 8))
def test_never_more_than_the_limit_is_admitted_by_two_processes(
    callers: list[tuple[int, str]], amount: int
) -> None:
    """Of k concurrent callers at two instances exactly min(k, n) are admitted (58, 6.1.1)."""
    clock, item = ManualClock(), RateLimitItemPerMinute(amount, 1, "limit")

    async def run(path: Path) -> list[bool]:
        databases = await prepared(path)
        try:
            return list(
                await asyncio.gather(
                    *(hit(databases[which], clock, item, whom) for which, whom in callers)
                )
            )
        finally:
            for database in databases:
                await database.close()

    with tempfile.TemporaryDirectory() as folder:
        admitted = asyncio.run(run(Path(folder) / "store.db"))

    for whom in ("a", "b"):
        asked = [yes for yes, (_, each) in zip(admitted, callers, strict=True) if each == whom]
        assert sum(asked) == min(len(asked), amount)


@settings(max_examples=15)
@given(
    steps=st.lists(st.one_of(st.just("hit"), st.floats(0.1, 90)), max_size=25),
    amount=st.integers(1, 4),
)
def test_a_window_admits_its_amount_and_ends_on_time(steps: list[str | float], amount: int) -> None:
    """As time passes, a counter does what a window that begins with its first hit does."""
    clock, item = ManualClock(), RateLimitItemPerMinute(amount, 1, "limit")

    async def run(path: Path) -> None:
        databases = await prepared(path)
        hits, ends_at = 0, 0.0
        try:
            for number, step in enumerate(steps):
                if isinstance(step, float):
                    clock.advance(step)
                    continue
                now = clock.timestamp()
                if now >= ends_at:
                    hits, ends_at = 0, now + 60
                hits += 1
                assert await hit(databases[number % 2], clock, item, "a") is (hits <= amount)
                async with databases[number % 2].reading() as connection:
                    window = window_of(connection, clock)
                    assert await window.test(item, "a") is (hits < amount)
                    left = await window.seconds_left(item, "a", now)
                assert left - 1 < ends_at - now <= left
        finally:
            for database in databases:
                await database.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder) / "store.db"))
