"""Whoever is cancelled, at whatever step of a session: its connection comes back.

What nobody gave back is told of when it is collected, and a warning is an error.
"""

import asyncio
import gc
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import select
from sqlalchemy.pool import QueuePool

from fakes.run_engines import person
from fakes.running_backend import migrated
from fakes.stores import store_url
from fakes.timing import UNIT, eventually
from netra.policy import CredentialMethod
from netra.secret import Secret
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.session import Database
from netra_backend.app.db.tables import Thread

MOMENTS: Final = [number * 0.0002 * UNIT for number in range(80)]
"""Seconds, in steps shorter than anything a session waits for, for longer than all of it takes."""


@pytest.fixture
async def address(store: Path) -> Secret:
    """Give the address of a store that is ready."""
    return Secret(store_url(await migrated(store)))


def opened(address: Secret) -> Database:
    """Open a database of two connections."""
    return Database(open_engine(address, pool_size=2, pool_wait=5 * UNIT))


async def nothing_is_held(database: Database) -> None:
    """Wait until every connection was given back."""
    pool = database._engine.pool
    assert isinstance(pool, QueuePool)
    await eventually(lambda: pool.checkedout() == 0, within=10 * UNIT)
    assert database.life.open() == ()


async def read(database: Database) -> None:
    """Do what a route does that lists something."""
    async with database.session_for(person(), CredentialMethod.BEARER, writes=False) as session:
        await session.scalars(select(Thread))


async def cancelled_after(seconds: float, database: Database) -> None:
    """Begin a session and cancel whoever began it a moment later."""
    task = asyncio.create_task(read(database))
    await asyncio.sleep(seconds)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_connection_that_is_made_comes_back(address: Secret) -> None:
    """None is left with nobody while it is being made."""
    for moment in MOMENTS:
        database = opened(address)
        await cancelled_after(moment, database)
        await nothing_is_held(database)
        await read(database)
        await database.aclose()
    gc.collect()


async def test_a_connection_that_is_there_comes_back(address: Secret) -> None:
    """None is left with nobody while it is asked whether it is there, or used."""
    database = opened(address)
    for moment in MOMENTS:
        await asyncio.gather(read(database), read(database))
        await cancelled_after(moment, database)
        await nothing_is_held(database)
    await database.aclose()
    gc.collect()


async def test_many_who_are_cancelled_leave_the_pool_whole(address: Secret) -> None:
    """Also when they wait for each other's connections."""
    database = opened(address)
    for moment in MOMENTS:
        await asyncio.gather(*(cancelled_after(moment * more, database) for more in range(5)))
    await nothing_is_held(database)

    await asyncio.gather(*(read(database) for _ in range(8)))
    await nothing_is_held(database)
    await database.aclose()
    gc.collect()
