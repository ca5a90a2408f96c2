"""A real PostgreSQL of a test's own: a cluster in a folder, reached by a socket in it."""

import asyncio
import os
import pwd
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fakes.requirements import require

_OWNER: Final = "postgres"
"""PostgreSQL refuses to run as root; the package of every distribution makes this user."""


def _programs() -> Path | None:
    """Find the folder of the server's programs, which distributions keep out of PATH."""
    found = shutil.which("initdb")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    program = Path(found) if found else versions[-1] if versions else None
    return None if program is None else program.resolve().parent


@asynccontextmanager
async def postgres_server() -> AsyncIterator[str]:
    """Run a server until the block ends and give its URL; skip the test where there is none."""
    programs = _programs()
    available = programs is not None and find_spec("asyncpg") is not None
    require("postgres", available, "PostgreSQL's server and the package asyncpg are needed")
    assert programs is not None
    # The path of a socket has at most 107 characters: a test's own folder is too deep.
    with TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        owner = _OWNER if os.geteuid() == 0 else None
        if owner is not None:
            os.chown(folder, pwd.getpwnam(owner).pw_uid, -1)
        data = folder / "data"
        await _run(
            owner, programs / "initdb", "-D", data, "-U", "netra", "-A", "trust", "--no-sync"
        )
        server = await asyncio.create_subprocess_exec(
            programs / "postgres",
            *("-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"),
            user=owner,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            while not (folder / ".s.PGSQL.5432").exists():
                assert server.returncode is None
                await asyncio.sleep(0.02)
            await _ready(programs, folder)
            yield f"postgresql+asyncpg://netra@/postgres?host={folder}"
        finally:
            server.terminate()
            await server.wait()


async def _ready(programs: Path, folder: Path) -> None:
    while True:
        asked = await asyncio.create_subprocess_exec(
            programs / "pg_isready", "-h", folder, "-q", "-U", "netra"
        )
        if await asked.wait() == 0:
            return
        await asyncio.sleep(0.02)


async def _run(owner: str | None, *command: str | Path) -> None:
    done = await asyncio.create_subprocess_exec(
        *command,
        user=owner,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await done.communicate()
    assert done.returncode == 0, said.decode()
