"""Two backends over one store: a run has one owner, whoever dies or falls asleep."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Final

import pytest

from fakes.backend_process import BackendProcess
from fakes.both_processes import BothProcesses, both_processes
from fakes.stores import is_sqlite
from fakes.timing import UNIT, eventually
from fakes.visitors import Visitors, visiting
from netra_backend.app.runs.engine import RunLimits

pytestmark = [pytest.mark.live, pytest.mark.long]

PEOPLE: Final = 6
KILLS: Final = 6
ASLEEP_SECONDS: Final = RunLimits().lease_seconds + 2.0
"""So long that whoever sleeps has lost what they held."""


async def put_to_sleep(asleep: BackendProcess, store: Path, visitors: Visitors) -> None:
    """Let it stand still at a moment when it does not hold SQLite's one lock for writing.

    Whoever stands still in the middle of a commit keeps every process on that file from writing
    until they wake: no lease ends the lock of a living process.
    """
    asleep.freeze()
    while is_sqlite(store) and is_held(store):
        asleep.thaw()
        await visitors.random_moment()
        asleep.freeze()


def is_held(store: Path) -> bool:
    """Say whether nobody gets to write into the file for much longer than a commit takes."""
    with closing(sqlite3.connect(store, timeout=UNIT, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
    return False


@asynccontextmanager
async def two_backends(
    folder: Path, store: Path, packages: list[Path]
) -> AsyncIterator[tuple[BothProcesses, BackendProcess]]:
    """Run both services, and a second backend on the store of the first."""
    async with both_processes(folder, store, packages) as both:
        second = BackendProcess(
            folder, both.auth.url, packages, store=store, TOKEN_ISSUER=both.auth.url
        )
        try:
            await second.start()
            yield both, second
        finally:
            await second.kill()


async def test_the_living_go_on_with_what_the_dead_were_doing(
    store: Path, tmp_path: Path, packages: list[Path]
) -> None:
    """One of two is killed, again and again: every run ends at the other before it is back."""
    path = tmp_path / "stamps.jsonl"
    async with two_backends(tmp_path, store, packages) as (both, second):
        backends = [both.backend, second]
        urls = [backend.url for backend in backends]
        async with visiting(both.people, urls, path, PEOPLE) as visitors:
            for number in range(KILLS):
                dead, alive = backends[number % 2], backends[(number + 1) % 2]
                await visitors.ask()
                await visitors.random_moment()
                await dead.kill()
                at_alive = [v for v in visitors.everyone if v.client.url == alive.url]
                await eventually(lambda: all(v.is_done for v in at_alive), within=20 * UNIT)  # noqa: B023 - asked within the round
                await dead.start()
                await visitors.served_again(within=20 * UNIT)
            await visitors.ended()

            await visitors.check(second.url)
    visitors.check_once_by_each_process()
    assert visitors.taken_over() > 0


async def test_who_wakes_up_late_writes_nothing_into_what_others_went_on_with(
    store: Path, tmp_path: Path, packages: list[Path]
) -> None:
    """A backend that stood still for longer than its leases disturbs no run when it goes on."""
    path, thawed = tmp_path / "stamps.jsonl", list[float]()
    async with two_backends(tmp_path, store, packages) as (both, second):
        urls = [both.backend.url, second.url]
        async with visiting(both.people, urls, path, PEOPLE) as visitors:
            for asleep in (both.backend, second):
                await visitors.ask()
                await visitors.random_moment()
                await put_to_sleep(asleep, store, visitors)
                await asyncio.sleep(ASLEEP_SECONDS)
                awake = [v for v in visitors.everyone if v.client.url != asleep.url]
                await eventually(lambda: all(v.is_done for v in awake), within=20 * UNIT)  # noqa: B023 - asked within the round
                thawed.append(time.monotonic())
                asleep.thaw()
                await visitors.served_again(within=20 * UNIT)
            await visitors.ended()

            await visitors.check(second.url, thawed=thawed)
