"""A disk that is full: nothing that was accepted is lost, and what cannot be kept is refused."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx2
import pytest

from fakes import running_auth
from fakes.both_processes import both_processes
from fakes.requirements import require
from fakes.running_auth import bearer
from fakes.timing import UNIT, eventually
from fakes.visitors import Visitors, visiting

pytestmark = [pytest.mark.live, pytest.mark.long]

PEOPLE: Final = 3
ROUNDS: Final = 3


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a small disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(  # noqa: S603 - a fixed command
        ["/usr/bin/mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    require("tmpfs", mounted.returncode == 0, "only root may mount a disk that is small")
    yield folder
    subprocess.run(["/usr/bin/umount", folder], check=True)  # noqa: S603 - a fixed command


def filled(disk: Path) -> Path:
    """Fill a disk to its last byte, and give the file that does it."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (65_536, 512, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    assert shutil.disk_usage(disk).free == 0
    return ballast


async def test_nothing_is_lost_or_doubled_when_the_disk_is_full(
    disk: Path, tmp_path: Path, packages: list[Path]
) -> None:
    """What is said is put off or answered, requests get a 503 and no 401, and then all goes on."""
    path = tmp_path / "stamps.jsonl"
    running_auth.stores[tmp_path] = f"sqlite+aiosqlite:///{disk / 'netra-auth.db'}"
    async with (
        both_processes(tmp_path, disk / "netra-backend.db", packages) as both,
        visiting(both.people, [both.backend.url], path, PEOPLE) as visitors,
    ):
        for _ in range(ROUNDS):
            await visitors.ask()
            await visitors.random_moment()
            ballast = filled(disk)
            await _refused(visitors, both.backend.url)
            await _auth_refuses(both.people.url)
            ballast.unlink()
            await visitors.served_again(within=30 * UNIT)
            assert (await both.people.registered_person()).user_id
        await visitors.ended()

        await visitors.check(both.backend.url)
        assert "Task exception was never retrieved" not in both.backend.log.read_text()
    del running_auth.stores[tmp_path]


async def _refused(visitors: Visitors, url: str) -> None:
    """Say things until something is put off, and look how the disk is told of over HTTP."""
    delays = sum(v.client.delays for v in visitors.everyone)
    answers: set[int] = set()
    token = visitors.everyone[0].client.token
    async with httpx2.AsyncClient(base_url=url, headers=bearer(token), trust_env=False) as http:

        async def is_refused() -> bool:
            answer = await http.post("/api/threads", json={"title": "x" * 100})
            answers.add(answer.status_code)
            await visitors.ask()
            return sum(v.client.delays for v in visitors.everyone) > delays and 503 in answers

        await eventually(is_refused, within=30 * UNIT)
        assert answers <= {201, 503}
        assert (await http.get("/api/me")).status_code in {200, 503}


async def _auth_refuses(url: str) -> None:
    """Ask for accounts until one cannot be kept."""
    answers: list[int] = []
    async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=30 * UNIT) as http:
        for number in range(60):
            account = {"email": f"{number}-{id(answers)}@example.org", "password": "x1" * 12}
            answers.append((await http.post("/users", json=account)).status_code)
            if answers[-1] == 503:
                break
        assert set(answers) <= {201, 503}, answers
        assert answers[-1] == 503
