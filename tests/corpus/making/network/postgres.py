"""A PostgreSQL of the stage's own."""

import asyncio
import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import asyncpg  # type: ignore[import-untyped]  # It has no types.
from corpus.making.freezing import hex_id
from corpus.making.network.cast import Person
from corpus.making.network.stage import Stage, free_port

BINARIES: Final = Path("/usr/lib/postgresql/15/bin")


class Postgres:
    """A PostgreSQL of the stage's own, under the machine's clock."""

    def __init__(self, stage: Stage, address: str) -> None:
        self.stage = stage
        self.host, _, self.named = address.partition(":")
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="netra-pg-"))
        self.password = hex_id(24)
        own = f"'127.0.0.1', {self.port}"
        stage.replacements |= {
            own: f"'{self.host}', {self.named}",
            f"127.0.0.1:{self.port}": address,
            f'"127.0.0.1", port {self.port}': f'"{self.host}", port {self.named}',
        }

    async def _tool(self, *command: str) -> None:
        user = pwd.getpwnam("postgres")

        def lower() -> None:
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)

        done = await asyncio.create_subprocess_exec(
            *command,
            preexec_fn=lower,
            cwd="/",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        await done.wait()

    async def start(self, limit: int = 100) -> None:
        """Start the server, made anew the first time."""
        data = self.folder / "data"
        if not data.exists():
            shutil.chown(self.folder, "postgres", "postgres")
            await self._tool(
                str(BINARIES / "initdb"), "-D", str(data), "-U", "owner", "-A", "trust", "--no-sync"
            )
            rules = (
                "local all all trust\nhost all owner 127.0.0.1/32 trust\n"
                "host all all 127.0.0.1/32 scram-sha-256\n"
            )
            (data / "pg_hba.conf").write_text(rules)
        options = (
            f"-p {self.port} -k {self.folder} -h 127.0.0.1 -c max_connections={limit} -c fsync=off"
        )
        await self._tool(
            str(BINARIES / "pg_ctl"),
            "-D",
            str(data),
            "-w",
            "-o",
            options,
            "-l",
            str(self.folder / "log"),
            "start",
        )

    async def stop(self) -> None:
        """Stop the server at once."""
        await self._tool(
            str(BINARIES / "pg_ctl"),
            "-D",
            str(self.folder / "data"),
            "-m",
            "immediate",
            "-w",
            "stop",
        )

    async def say(self, *statements: str) -> None:
        """Execute statements as the owner."""
        made = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user="owner", database="postgres"
        )
        for statement in statements:
            await made.execute(statement)
        await made.close()

    def dsn(self, user: str = "app") -> str:
        """Give the address that the API connects to."""
        return f"postgresql+asyncpg://{user}:{self.password}@127.0.0.1:{self.port}/postgres"


@contextlib.asynccontextmanager
async def postgres(
    stage: Stage, address: str, crowd: list[Person], user: str = "app"
) -> AsyncIterator[Postgres]:
    """Give a database with a session for each person."""
    server = Postgres(stage, address)
    try:
        await server.start()
        await server.say(
            f"create role {user} login password '{server.password}'",
            "create table sessions (token text primary key, owner text)",
            f"grant select on sessions to {user}",
        )
        for person in crowd:
            person.token = f"s-{hex_id(20)}"
            await server.say(f"insert into sessions values ('{person.token}', '{person.name}')")  # noqa: S608 - Names of its own.
        yield server
    finally:
        await server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)
