"""How long runs stand still when what they stand on dies, beside an undisturbed answer.

Run with `PYTHONPATH=tests .venv/bin/python benchmarks/recovery.py`; without a server of PostgreSQL
only SQLite is measured. Both services are processes. A run has recovered when its first new event
is stored, or it has ended.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from fakes import running_auth, slow_agent
from fakes.backend_process import BackendProcess
from fakes.both_processes import BothProcesses, both_processes
from fakes.log_lines import log_lines
from fakes.postgres import PostgresServer, programs, running_postgres
from fakes.run_engines import Journal
from fakes.stores import PostgresStore, databases, elsewhere
from fakes.timing import eventually
from fakes.visitors import Visitors, visiting

PEOPLE: Final = 10
ROUNDS: Final = 5
CALLS: Final = 30
SECONDS: Final = 0.1
BEGUN: Final = 5
"""A run with more events has used its tool."""
_STORED: Final = """SELECT run_id, count(*) FROM t_events
    WHERE run_id IN (SELECT run_id FROM t_run_leases) GROUP BY run_id"""


class Bench:
    """People who ask again and again, and the store that says how far their runs are."""

    def __init__(self, both: BothProcesses, visitors: Visitors, store: Path) -> None:
        self.both = both
        self._visitors = visitors
        self._journal = Journal(store)

    async def ask(self) -> None:
        """Let everyone ask for something that takes some seconds."""
        for visitor in self._visitors.everyone:
            text = slow_agent.question(
                visitor.person.user_id, self._visitors.path, calls=CALLS, seconds=SECONDS
            )
            await visitor.client.say(text, agent=slow_agent.NAME)

    async def alone(self) -> float:
        """Give how many seconds an answer takes that nobody disturbs."""
        began = time.monotonic()
        await self.ask()
        await self._visitors.ended()
        return time.monotonic() - began

    async def in_flight(self) -> None:
        """Let everyone ask, and wait until every run is in the middle of its work."""
        await self.ask()

        def is_amid() -> bool:
            stored = self.stored()
            return len(stored) == PEOPLE and min(stored.values()) > BEGUN

        await eventually(is_amid, within=60)

    async def recovered(self, before: dict[str, int]) -> float:
        """Wait until each run has a new event, and give the moment."""
        assert len(before) > PEOPLE // 2, "too few runs were in flight"

        def went_on() -> bool:
            now = self.stored()
            return all(now.get(run, known + 1) > known for run, known in before.items())

        await eventually(went_on, within=60)
        return time.monotonic()

    async def ended(self) -> None:
        """Wait until nothing is in flight any more."""
        await self._visitors.ended()

    def stored(self) -> dict[str, int]:
        """Give how many events each unfinished run has."""
        return dict(self._journal.rows(_STORED))


@contextmanager
def stores(folder: Path) -> Iterator[list[tuple[str, Path, PostgresServer | None]]]:
    """Give a store of each kind, in a folder of its own."""
    (folder / "sqlite").mkdir()
    found: list[tuple[str, Path, PostgresServer | None]] = [
        ("SQLite", folder / "sqlite/netra-backend.db", None)
    ]
    if programs() is None:
        yield found
        return
    with running_postgres(is_durable=True) as server:
        (folder / "postgres").mkdir()
        path = folder / "postgres/netra-backend.db"
        name = elsewhere(server.backend_database(is_migrated=False))
        databases[path] = PostgresStore(server, name)
        running_auth.stores[path.parent] = elsewhere(server.migrated_database())
        yield [*found, ("PostgreSQL", path, server)]


@asynccontextmanager
async def bench(store: Path, beside: int) -> AsyncIterator[tuple[Bench, list[BackendProcess]]]:
    """Run both services, more backends beside the first, and people at the last of them."""
    folder = store.parent
    packages = [folder / "packages"]
    if not packages[0].exists():
        slow_agent.installed(packages[0])
    async with both_processes(folder, store, packages) as both:
        more = [
            BackendProcess(folder, both.auth.url, packages, store=store, TOKEN_ISSUER=both.auth.url)
            for _ in range(beside)
        ]
        try:
            for backend in more:
                await backend.start()
            backends = [both.backend, *more]
            urls = [backends[-1].url]
            async with visiting(both.people, urls, folder / "stamps", PEOPLE) as visitors:
                yield Bench(both, visitors, store), backends
        finally:
            for backend in more:
                await backend.kill()


Killed = Callable[[Bench], Awaitable[tuple[float, dict[str, int]]]]
"""Kills something in the middle of runs, brings it back, and gives since when they could go on."""


async def backend_killed(bench: Bench) -> tuple[float, dict[str, int]]:
    """Kill the only backend, and start it again."""
    await bench.in_flight()
    await bench.both.backend.kill()
    before = bench.stored()
    began = time.monotonic()
    await bench.both.backend.start()
    print(f", ready after {time.monotonic() - began:.2f} s", end="", flush=True)
    return time.monotonic(), before


def one_of_two_killed(other: BackendProcess) -> Killed:
    """Kill the one that works on the runs; the other goes on with them."""

    async def killed(bench: Bench) -> tuple[float, dict[str, int]]:
        await bench.in_flight()
        await other.kill()
        since = time.monotonic()
        return since, bench.stored()

    return killed


def database_killed(server: PostgresServer) -> Killed:
    """Kill the database under both services, and start it again."""

    async def killed(bench: Bench) -> tuple[float, dict[str, int]]:
        await bench.in_flight()
        server.kill()
        await asyncio.to_thread(server.start)
        return time.monotonic(), bench.stored()

    return killed


async def measured(
    what: str, bench: Bench, killed: Killed, after: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Kill again and again, and print how long it took until every run went on."""
    alone = median([await bench.alone() for _ in range(3)])
    took = []
    for number in range(ROUNDS):
        print(f"\r  {what}: {number + 1} of {ROUNDS}", end="", flush=True)
        since, before = await killed(bench)
        took.append(max(0.0, await bench.recovered(before) - since))
        if after is not None:
            await after()
        await bench.ended()
    print(
        f"\r{what:<58} p50 {median(took):5.2f} max {max(took):5.2f} s   "
        f"undisturbed answer {alone:5.2f} s   x{median(took) / alone:.2f}"
    )


async def main() -> None:
    with tempfile.TemporaryDirectory() as name, log_lines("ERROR"), stores(Path(name)) as found:
        for kind, store, server in found:
            async with bench(store, 0) as (alone, _):
                await measured(f"{kind}: backend killed, since it is ready", alone, backend_killed)
                if server is not None:
                    killed = database_killed(server)
                    await measured(f"{kind}: database killed, since it is back", alone, killed)
            if server is not None:
                async with bench(store, 1) as (beside, backends):
                    last = backends[-1]
                    killed = one_of_two_killed(last)
                    what = f"{kind}: one of two backends killed, since then"
                    await measured(what, beside, killed, last.start)


if __name__ == "__main__":
    asyncio.run(main())
