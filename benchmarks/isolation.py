"""What isolation costs: a principal's session beside a plain one, on SQLite and on PostgreSQL.

Each round opens a session, asks for twenty threads of one person, and closes it; the plain session
says itself whose. Both run in turns in one process, and the least and the median of the rounds'
ratios are printed. Run: `PYTHONPATH=tests python benchmarks/isolation.py [--rounds N]`.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import registry

from fakes.postgres import programs, running_postgres
from fakes.run_engines import person
from fakes.running_backend import migrated
from fakes.stores import PostgresStore, databases, store_url
from netra.policy import CredentialMethod
from netra.secret import Secret
from netra_backend.app.db.engine import Use, open_engine
from netra_backend.app.db.session import Database
from netra_backend.app.db.sessions.silence import watch_silence
from netra_backend.app.db.stored_tables import stored_table
from netra_backend.app.db.tables import Thread

_ANNA = person("anna")
_EACH = 200
_SHOWN = 20


class PlainThread:
    """A thread as nobody isolates it."""

    id: Any
    owner_id: Any
    created_at: Any


async def _planted(store: Path) -> AsyncEngine:
    """Give a store two people's threads, and connections that nothing holds to either."""
    await migrated(store)
    stands_for = databases.get(store)
    url = store_url(store) if stands_for is None else stands_for.server.url(stands_for.database)
    unheld = open_engine(Secret(url), use=Use.OWNERSHIP)
    if stands_for is not None:
        # As any service's, it asks whether a connection is there before it uses it.
        watch_silence(unheld.sync_engine)
    database = Database(open_engine(Secret(store_url(store))))
    for name in ("anna", "berta"):
        who = person(name)
        async with database.session_for(who, CredentialMethod.BEARER) as session:
            for number in range(500):
                values = {"title": "t", "created_at": number, "updated_at": number}
                await session.put_in(Thread, {"id": f"thr_{name}_{number}", **values})
    await database.aclose()
    return unheld


async def _spent(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(_EACH):
        await work()
    return (time.perf_counter() - wall) / _EACH, (time.process_time() - cpu) / _EACH


async def _measure(name: str, store: Path, rounds: int) -> None:
    unheld = await _planted(store)
    isolated = Database(open_engine(Secret(store_url(store))))

    async def plain() -> None:
        query = select(PlainThread).where(PlainThread.owner_id == "usr_anna")
        query = query.order_by(PlainThread.created_at.desc(), PlainThread.id.desc()).limit(_SHOWN)
        async with AsyncSession(unheld, expire_on_commit=False) as session:
            assert len((await session.scalars(query)).all()) == _SHOWN
            await session.commit()

    async def ours() -> None:
        query = select(Thread).order_by(Thread.created_at.desc(), Thread.id.desc()).limit(_SHOWN)
        async with isolated.session_for(_ANNA, CredentialMethod.BEARER, writes=False) as session:
            assert len((await session.scalars(query)).all()) == _SHOWN

    pairs = [(await _spent(plain), await _spent(ours)) for _ in range(rounds)]
    for place, what in enumerate(("time", "CPU")):
        ratios = [own[place] / bare[place] for bare, own in pairs]
        bare = statistics.median(pair[0][place] for pair in pairs)
        own = statistics.median(pair[1][place] for pair in pairs)
        print(
            f"{name:<11} {what:<4} plain {bare * 1e6:7.0f} us  isolated {own * 1e6:7.0f} us"
            f"  x{statistics.median(ratios):.2f} (least x{min(ratios):.2f})"
        )
    await isolated.aclose()
    await unheld.dispose()


async def _all(rounds: int) -> None:
    registry().map_imperatively(PlainThread, stored_table(Thread))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        await _measure("SQLite", folder / "netra-backend.db", rounds)
        if programs() is None:
            print("PostgreSQL  no server here")
            return
        server = stack.enter_context(running_postgres())
        name = await server.backend_database(is_migrated=True)
        databases[folder / "pg"] = PostgresStore(server, name)
        await _measure("PostgreSQL", folder / "pg", rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    uvloop.run(_all(parser.parse_args().rounds))
