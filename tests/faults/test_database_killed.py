"""A database that dies, or stands still, under the load of both services."""

import asyncio
from pathlib import Path
from typing import Final

import pytest

from fakes.both_processes import both_processes
from fakes.postgres import PostgresServer
from fakes.timing import UNIT
from fakes.visitors import visiting

pytestmark = [pytest.mark.live, pytest.mark.long]

KILLS: Final = 6
PEOPLE: Final = 4


async def test_nothing_is_lost_or_doubled_when_the_database_is_killed(
    postgres_store: Path, postgres: PostgresServer, tmp_path: Path, packages: list[Path]
) -> None:
    """Neither service is started again; what is said meanwhile is answered once it is back."""
    path = tmp_path / "stamps.jsonl"
    async with (
        both_processes(tmp_path, postgres_store, packages) as both,
        visiting(both.people, [both.backend.url], path, PEOPLE) as visitors,
    ):
        for _ in range(KILLS):
            await visitors.ask()
            await visitors.random_moment()
            postgres.kill()
            await visitors.ask()
            await asyncio.to_thread(postgres.start)
            await visitors.served_again(within=30 * UNIT)
        await visitors.ended()

        await visitors.check(both.backend.url)
        assert await both.people.service_token("netra-backend")


async def test_nothing_is_lost_or_doubled_when_the_database_stands_still(
    postgres_store: Path, postgres: PostgresServer, tmp_path: Path, packages: list[Path]
) -> None:
    """While it neither answers nor breaks off, nothing is promised; then all goes on."""
    path = tmp_path / "stamps.jsonl"
    async with (
        both_processes(tmp_path, postgres_store, packages) as both,
        visiting(both.people, [both.backend.url], path, PEOPLE) as visitors,
    ):
        for seconds in (1, 5, 15):
            await visitors.ask()
            await visitors.random_moment()
            postgres.freeze()
            await visitors.ask()
            await asyncio.sleep(seconds)
            postgres.thaw()
            await visitors.served_again(within=60 * UNIT)
        await visitors.ended()

        await visitors.check(both.backend.url)
