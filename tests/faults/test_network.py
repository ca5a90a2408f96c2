"""Wires that are cut, silent and slow: between the services, and before the database."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

import pytest

from fakes.both_processes import both_processes
from fakes.postgres import PostgresServer
from fakes.relay import Relay, relay_to_socket
from fakes.stores import store_url
from fakes.timing import UNIT
from fakes.visitors import visiting
from netra.wire.chat_protocol import EventName

pytestmark = [pytest.mark.live, pytest.mark.long]

PEOPLE: Final = 4
ROUNDS: Final = 2
SOCKET: Final = ".s.PGSQL.5432"

Fault = Callable[[Relay], None]

FAULTS: Final[dict[str, Fault]] = {
    "cut": Relay.cut,
    "silent": Relay.silence,
    "slow": lambda wire: wire.slow(0.3 * UNIT),
}


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> Fault:
    """Choose what is done to the wire."""
    return FAULTS[request.param]


@pytest.fixture
def near() -> Iterator[Path]:
    """Make a folder with a short name, as the path of a socket must be."""
    with TemporaryDirectory(prefix="wire-") as name:
        yield Path(name)


async def test_a_bad_wire_to_the_auth_service_harms_nobody_who_is_logged_in(
    store: Path, tmp_path: Path, packages: list[Path], fault: Fault
) -> None:
    """People are answered while it lasts, and nothing is left of it afterwards."""
    path = tmp_path / "stamps.jsonl"
    async with (
        both_processes(tmp_path, store, packages) as both,
        visiting(both.people, [both.backend.url], path, PEOPLE) as visitors,
    ):
        for _ in range(ROUNDS):
            await visitors.ask()
            await visitors.random_moment()
            fault(both.wire)
            await visitors.served_again(within=20 * UNIT)
            both.wire.mend()
            await visitors.served_again(within=20 * UNIT)
        await visitors.ended()

        assert both.wire.passed > 0
        await visitors.check(both.backend.url)
    visitors.check_once_by_each_process()
    assert set(visitors.ends()) == {EventName.AGENT_COMPLETED}


@pytest.mark.parametrize("seconds", [1, 12])
async def test_a_bad_wire_to_the_database_loses_and_doubles_nothing(
    postgres_store: Path,
    postgres: PostgresServer,
    tmp_path: Path,
    packages: list[Path],
    near: Path,
    fault: Fault,
    seconds: int,
) -> None:
    """What is said while nothing can be stored is answered once it can be."""
    path = tmp_path / "stamps.jsonl"
    address = store_url(postgres_store).replace(_quoted(postgres.folder), _quoted(near))
    async with (
        relay_to_socket(near / SOCKET, postgres.folder / SOCKET) as wire,
        both_processes(tmp_path, postgres_store, packages, DATABASE_URL=address) as both,
        visiting(both.people, [both.backend.url], path, PEOPLE) as visitors,
    ):
        assert wire.passed > 0
        for _ in range(ROUNDS):
            await visitors.ask()
            await visitors.random_moment()
            fault(wire)
            await visitors.ask()
            await asyncio.sleep(seconds)
            wire.mend()
            await visitors.served_again(within=60 * UNIT)
        await visitors.ended()

        await visitors.check(both.backend.url)


def _quoted(folder: Path) -> str:
    return quote(str(folder), safe="")
