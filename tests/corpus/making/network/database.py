"""Databases behind an API's sessions: credentials, pools, reach."""

import asyncio
import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg

from corpus.making.freezing import Expected, hex_id
from corpus.making.network.cast import Person, around, people, started, web
from corpus.making.network.front import Front
from corpus.making.network.platform import Revision, first_forms, second_form
from corpus.making.network.rotation import ago
from corpus.making.network.stage import Stage, Tools, commit, free_port

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
            *command, preexec_fn=lower, cwd="/", stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
        )
        await done.wait()

    async def start(self, limit: int = 100) -> None:
        """Start the server, made anew the first time."""
        data = self.folder / "data"
        if not data.exists():
            shutil.chown(self.folder, "postgres", "postgres")
            await self._tool(str(BINARIES / "initdb"), "-D", str(data), "-U", "owner",
                             "-A", "trust", "--no-sync")
            rules = "local all all trust\nhost all owner 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
            (data / "pg_hba.conf").write_text(rules)
        options = f"-p {self.port} -k {self.folder} -h 127.0.0.1 -c max_connections={limit} -c fsync=off"
        await self._tool(str(BINARIES / "pg_ctl"), "-D", str(data), "-w", "-o", options,
                         "-l", str(self.folder / "log"), "start")

    async def stop(self) -> None:
        """Stop the server at once."""
        await self._tool(str(BINARIES / "pg_ctl"), "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    async def say(self, *statements: str) -> None:
        """Execute statements as the owner."""
        made = await asyncpg.connect(host="127.0.0.1", port=self.port, user="owner", database="postgres")
        for statement in statements:
            await made.execute(statement)
        await made.close()

    def dsn(self, user: str = "app") -> str:
        """Give the address that the API connects to."""
        return f"postgresql+asyncpg://{user}:{self.password}@127.0.0.1:{self.port}/postgres"


@contextlib.asynccontextmanager
async def postgres(stage: Stage, address: str, crowd: list[Person], user: str = "app") -> AsyncIterator[Postgres]:
    """Give a database with a session for each person."""
    server = Postgres(stage, address)
    try:
        await server.start()
        await server.say(f"create role {user} login password '{server.password}'",
                         "create table sessions (token text primary key, owner text)",
                         f"grant select on sessions to {user}")
        for person in crowd:
            person.token = f"s-{hex_id(20)}"
            await server.say(f"insert into sessions values ('{person.token}', '{person.name}')")  # noqa: S608 - Names of its own.
        yield server
    finally:
        await server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


async def password_changed(tools: Tools) -> None:
    """The database password is rotated; open connections go on, each new one fails."""
    start = datetime(2026, 3, 31, 1, 55, tzinfo=UTC)
    async with Stage(tools, start, project="cedar-bank", location="europe-west1") as stage:
        front = Front(stage, "cedar-accounts", "https://accounts.cedar.example")
        await front.open()
        crowd = people("k-1001 k-1002 k-1003 k-1004 k-1005", 61)
        async with postgres(stage, "10.61.0.3:5432", crowd, "cedar_app") as server:
            env = around(stage, DATABASE_DSN=server.dsn("cedar_app"), DB_POOL_SIZE="3", ERRORS="blanket",
                         LOGGER="cedar.sessions")
            command = web(stage, "accounts", "--no-access-log")
            await started(stage, front, "00118-rue", command, env)
            await asyncio.gather(*(person.get(front, "/me") for person in crowd[:2]))
            for person in crowd:
                await person.get(front, "/me")
                await stage.sleep(9)
            await server.say(f"alter role cedar_app password '{hex_id(24)}'")
            changed = stage.now()
            for person in crowd:
                await person.get(front, "/me")
                await stage.sleep(9)
            await asyncio.gather(*(person.get(front, "/statement?seconds=4") for person in crowd))
            await stage.sleep(10)
            await started(stage, front, "00118-rue", command, env, scaled=True)
            for person in crowd * 4:
                await person.get(front, "/me")
                await stage.sleep(6)
            await crowd[0].get(front, "/rates")
            revisions = [Revision("cedar-accounts", "00118-rue", ago(start, days=12), {"DB_POOL_SIZE": "3"},
                                  {"DATABASE_DSN": "cedar-accounts-dsn:6"})]
            why = ("New connections fail with password authentication failed "
                   "({password authentication failed}); the old instance's open connections go on "
                   "for most requests while the one started later has none, on one revision of 12 "
                   "days ago: the credentials changed beneath it.")
            expected = Expected("cause_found", "database_credentials_rotated", why, "process",
                                must_not=["pool_exhausted", "user_token_rejected", "database_unreachable",
                                          "latest_secret_split", "random_key_per_process"])
            del changed
            stage.freeze("cedar-accounts-after-two", "cedar-accounts", "production", expected,
                         {"revisions.json": [second_form(x, stage.project, stage.location) for x in revisions]})


async def password_changed_plainly(tools: Tools) -> None:
    """The same with tracebacks, where pooled connections end one by one."""
    start = datetime(2025, 11, 18, 19, 20, tzinfo=UTC)
    async with Stage(tools, start, project="hollow-crm", location="us-east4") as stage:
        front = Front(stage, "hollow-api", "https://api.hollow.example")
        await front.open()
        crowd = people("rep-a rep-b rep-c", 62)
        async with postgres(stage, "10.8.112.5:5432", crowd, "hollow") as server:
            env = around(stage, DATABASE_DSN=server.dsn("hollow"), DB_POOL_SIZE="2", ERRORS="trace")
            await started(stage, front, "00260-hum", web(stage, "accounts", "--no-access-log"), env, join=True)
            for person in crowd * 2:
                await person.get(front, "/me")
                await stage.sleep(8)
            await server.say(f"alter role hollow password '{hex_id(24)}'")
            for person in crowd:
                await person.get(front, "/me")
                await stage.sleep(8)
            await asyncio.gather(*(person.get(front, "/statement?seconds=3") for person in crowd))
            for _ in range(3):
                await asyncio.gather(*(person.get(front, "/me") for person in crowd))
                await stage.sleep(11)
            await server.say("select pg_terminate_backend(pid) from pg_stat_activity where usename='hollow'")
            for person in crowd:
                await person.get(front, "/me")
                await stage.sleep(9)
            why = ("asyncpg's own error is password authentication failed for the API's user "
                   "({InvalidPasswordError}), while requests on pooled connections pass until "
                   "these end.")
            expected = Expected("cause_found", "database_credentials_rotated", why, "process",
                                must_not=["pool_exhausted", "database_unreachable", "code_error"])
            stage.freeze("hollow-api-fading", "hollow-api", "production", expected, {
                "commits.json": [commit(ago(start, hours=2), "Bea Novak", "Log the duration of statements",
                                        "api/statements.py")]}, most=48_000)


async def _crush(stage: Stage, front: Front, crowd: list[Person], waves: int, seconds: int) -> None:
    for _ in range(waves):
        await asyncio.gather(
            *(person.get(front, f"/statement?seconds={seconds}") for person in crowd * 2),
            *(person.get(front, "/me") for person in crowd),
            crowd[0].get(front, "/rates"),
        )
        await stage.sleep(5)


async def pool_empty(tools: Tools) -> None:
    """Slow statements keep all connections; signing in waits 30 s for one and is refused."""
    start = datetime(2026, 4, 30, 16, 58, tzinfo=UTC)
    async with Stage(tools, start, project="amber-books", location="europe-west1") as stage:
        front = Front(stage, "amber-ledger", "https://ledger.amber.example")
        await front.open()
        crowd = people("f-1 f-2 f-3 f-4", 63)
        async with postgres(stage, "10.2.0.9:5432", crowd) as server:
            env = around(stage, DATABASE_DSN=server.dsn(), DB_POOL_SIZE="5", DB_MAX_OVERFLOW="2",
                         ERRORS="blanket", LOGGER="ledger.auth", LOG_STYLE="json")
            await started(stage, front, "00301-ohm", web(stage, "accounts", "--no-access-log"), env)
            for person in crowd * 2:
                await person.get(front, "/me")
                await stage.sleep(6)
            await _crush(stage, front, crowd, 3, 45)
            probes = [await front.probe("endpoint without database", "/rates", 200)]
            why = ("The 401s come after exactly the pool's 30 s and the log says that the pool is "
                   "at its limit ({QueuePool limit}); endpoints without a database answer at once, "
                   "and the same sessions pass when it is quiet.")
            expected = Expected("cause_found", "pool_exhausted", why, "process",
                                pair="auth_service_unreachable",
                                must_not=["auth_service_unreachable", "database_unreachable",
                                          "user_token_rejected"])
            documents: dict[str, Any] = {"probes.json": probes, "revisions.json": first_forms([
                Revision("amber-ledger", "00301-ohm", ago(start, days=4),
                         {"DB_POOL_SIZE": "5", "DB_MAX_OVERFLOW": "2"}, {"DATABASE_DSN": "amber-dsn:3"})])}
            stage.freeze("amber-ledger-month-end", "amber-ledger", "production", expected, documents)


async def pool_unsaid(tools: Tools) -> None:
    """The same pressure where the service says only that the look-up failed."""
    start = datetime(2026, 9, 30, 21, 31, tzinfo=UTC)
    async with Stage(tools, start, project="amber-books-2", location="europe-west1") as stage:
        front = Front(stage, "thyme-orders", "https://orders.thyme.example")
        await front.open()
        crowd = people("z-1 z-2 z-3 z-4", 64)
        async with postgres(stage, "10.2.0.9:5432", crowd) as server:
            env = around(stage, DATABASE_DSN=server.dsn(), DB_POOL_SIZE="3", DB_MAX_OVERFLOW="1",
                         ERRORS="quiet", LOGGER="orders")
            await started(stage, front, "00020-ion", web(stage, "accounts", "--no-access-log"), env)
            for person in crowd:
                await person.get(front, "/me")
                await stage.sleep(6)
            await _crush(stage, front, crowd, 2, 40)
            why = ("401s after 30 s when many call at once ({session lookup failed}), with no word "
                   "of why: a pool, a database out of reach and an identity service that hangs "
                   "all fit.")
            expected = Expected("insufficient_evidence", None, why, "process",
                                acceptable=["pool_exhausted"], pair="auth_service_unreachable",
                                must_not=["auth_service_unreachable", "database_unreachable",
                                          "user_token_rejected", "env_var_lost"])
            stage.freeze("thyme-orders-thirty-seconds", "thyme-orders", "production", expected, {})


async def database_gone(tools: Tools) -> None:
    """The database is down: each look-up is refused at once."""
    start = datetime(2026, 1, 28, 5, 40, tzinfo=UTC)
    async with Stage(tools, start, project="larch-stg", location="us-central1") as stage:
        front = Front(stage, "larch-members", "https://members.staging.larch.example")
        await front.open()
        crowd = people("tester-1 tester-2 mona", 65)
        async with postgres(stage, "10.33.7.2:5432", crowd) as server:
            env = around(stage, DATABASE_DSN=server.dsn(), ERRORS="blanket", LOG_STYLE="keys",
                         LOGGER="members.session")
            await started(stage, front, "00014-spa", web(stage, "accounts", "--no-access-log"), env)
            for person in crowd * 2:
                await person.get(front, "/me")
                await stage.sleep(7)
            await server.stop()
            for person in crowd * 5:
                await person.get(front, "/me")
                await stage.sleep(7)
            await crowd[0].get(front, "/rates")
            why = ("Each sign-in fails at once because the database refuses connections "
                   "({Connect call failed}); before that connections closed in the middle; the "
                   "endpoint without a database answers.")
            expected = Expected("cause_found", "database_unreachable", why, "process",
                                pair="pool_exhausted",
                                must_not=["pool_exhausted", "auth_service_unreachable",
                                          "user_token_rejected", "database_credentials_rotated"])
            stage.freeze("larch-members-dawn", "larch-members", "staging", expected, {})


async def database_silent(tools: Tools) -> None:
    """Connections to the database hang: each ends at the configured limit of 20 s, then of 40 s."""
    start = datetime(2026, 6, 17, 10, 10, tzinfo=UTC)
    async with Stage(tools, start, project="nettle-prod", location="asia-east1") as stage:
        front = Front(stage, "nettle-seats", "https://seats.nettle.example")
        await front.open()
        hole = Front(stage, "hole", "http://10.90.4.8:5432", silent=True)
        await hole.open()
        stage.replacements[f"'127.0.0.1', {hole.port}"] = "'10.90.4.8', 5432"
        crowd = people("seat-3 seat-9", 66)
        for person in crowd:
            person.token = f"s-{hex_id(12)}"
        for limit, name in (("20", "00070-tau"), ("40", "00071-rho")):
            dsn = f"postgresql+asyncpg://app:{hex_id(12)}@127.0.0.1:{hole.port}/seats"
            env = around(stage, DATABASE_DSN=dsn, DB_CONNECT_TIMEOUT=limit, ERRORS="trace")
            front.instances = []
            await started(stage, front, name, web(stage, "accounts", "--no-access-log"), env, join=True)
            for person in crowd * 2:
                await person.get(front, "/me")
                await stage.sleep(5)
            await crowd[0].get(front, "/rates")
        revisions = first_forms([
            Revision("nettle-seats", "00070-tau", ago(start, minutes=1), {"DB_CONNECT_TIMEOUT": "20"}),
            Revision("nettle-seats", "00071-rho", ago(stage.now(), minutes=3), {"DB_CONNECT_TIMEOUT": "40"})])
        why = ("Every look-up ends in a connect time-out ({TimeoutError}) from the first request "
               "on; its time equals the configured 20 s and then, raised, 40 s "
               "(revisions.json): the database is out of reach, no pool is at its limit.")
        expected = Expected("cause_found", "database_unreachable", why, "process",
                            pair="pool_exhausted",
                            must_not=["pool_exhausted", "auth_service_unreachable", "startup_failed"])
        stage.freeze("nettle-seats-raised-limit", "nettle-seats", "production", expected,
                     {"revisions.json": revisions}, most=48_000)
