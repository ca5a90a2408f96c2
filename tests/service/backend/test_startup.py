"""The backend as a process: its configuration, its store, its first and last words."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from fakes.environments import backend_environment, strong_secret
from fakes.running_backend import NOBODY, migrated
from fakes.stores import plain, store_url
from fakes.timing import UNIT, eventually
from netra.isolated_environment import IsolatedEnvironment, replaced_environment
from netra.secret import Secret
from netra.telemetry import release_logging
from netra_backend.app.db.engine import Use, open_engine
from netra_backend.app.db.migrate import alembic_config
from netra_backend.app.db.schema_version import HEAD, stored_schema
from netra_backend.app.db.stored_tables import STORED
from netra_backend.app.main import main

FIRST_WORDS: Final = (
    "Circuit breaker 'auth_service' initialized: threshold=3",
    "AuthClientCore initialized successfully",
    "Loaded SERVICE_SECRET from IsolatedEnvironment (SSOT compliant)",
    "AuthServiceClient initialized - Service ID: netra-backend, Service Secret configured: True",
)

MAIN: Final = ("-m", "netra_backend.app.main")

pytestmark = pytest.mark.sqlite_only

Rows = Callable[[str], list[tuple[Any, ...]]]


@dataclass
class Finished:
    """How a process ended and what it wrote."""

    code: int
    output: str
    errors: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Every line of its log."""
        return [json.loads(line) for line in self.output.splitlines()]


RunMain = Callable[..., Finished]


@asynccontextmanager
async def process(
    *arguments: str, program: Sequence[str] = MAIN, **variables: Any
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the backend as a process with the given variables and nothing else of ours."""
    environment = {"PATH": os.environ["PATH"], **variables}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *program,
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def finished(*arguments: str, **variables: Any) -> Finished:
    """Run the backend as a process until it ends by itself."""
    async with process(*arguments, **variables) as child:
        output, errors = await asyncio.wait_for(child.communicate(), 30 * UNIT)
    assert child.returncode is not None
    return Finished(child.returncode, output.decode(), errors.decode())


@pytest.fixture
def run_main(capsys: pytest.CaptureFixture[str]) -> Iterator[RunMain]:
    """Give a runner of `main` in this process, for starts that do not come to serving."""

    def run(*arguments: str, **variables: str) -> Finished:
        with replaced_environment(IsolatedEnvironment.of(variables)):
            code = main(arguments)
        return Finished(code, *capsys.readouterr())

    yield run
    release_logging()


def variables_of(store: Path, **changes: str | None) -> dict[str, Any]:
    """Give a valid environment for a store, changed where asked."""
    given = {"DATABASE_URL": store_url(store), "AUTH_SERVICE_URL": NOBODY}
    return backend_environment(**{**given, **changes})


def test_a_wrong_configuration_is_refused_by_name_and_never_by_value(
    store: Path, run_main: RunMain
) -> None:
    """Every violation is named at once, with what to do, and no value is shown (checklist 17)."""
    secret = "short-but-mine"
    ended = run_main(
        "--migrate",
        **variables_of(store, SERVICE_SECRET=secret, AUTH_SERVICE_URL=None, PORT="many"),
    )

    assert ended.code == 2
    named = {line["variable"] for line in ended.lines if line["event"] == "configuration_invalid"}
    assert named == {"SERVICE_SECRET", "AUTH_SERVICE_URL", "PORT"}
    assert {line["severity"] for line in ended.lines} == {"ERROR"}
    assert all(line["fix"] for line in ended.lines)
    assert secret not in ended.output + ended.errors
    assert not store.exists()


@pytest.mark.parametrize("service_id", [None, "", "Netra-Backend", "service:netra-backend"])
def test_a_missing_or_malformed_service_id_is_refused(
    store: Path, run_main: RunMain, service_id: str | None
) -> None:
    """Without a proper SERVICE_ID the backend does not start, and says so."""
    ended = run_main("--migrate", **variables_of(store, SERVICE_ID=service_id))

    assert ended.code == 2
    assert {line["variable"] for line in ended.lines} == {"SERVICE_ID"}


def test_a_store_that_is_not_ready_is_refused_unless_migration_is_asked_for(
    store: Path,
    run_main: RunMain,
) -> None:
    """Without `--migrate` a store without a schema ends the start with 1 and a clear sentence."""
    variables = variables_of(store)
    missing = run_main(**variables)
    assert missing.code == 1
    assert "is not there" in missing.lines[-1]["message"]
    assert not store.exists()
    store.touch()
    empty = run_main(**variables)

    assert empty.code == 1
    assert len(empty.lines) == 1, empty.output
    [line] = empty.lines
    assert line["severity"] == "ERROR"
    assert "--migrate" in line["message"]


@pytest.mark.parametrize("arguments", [(), ("--migrate",)])
def test_a_file_that_is_no_store_is_refused(
    store: Path, run_main: RunMain, arguments: tuple[str, ...]
) -> None:
    """A file of something else ends the start with 1, is named as such, and stays as it is."""
    store.write_bytes(b"this is not a database" * 100)
    ended = run_main(*arguments, **variables_of(store))

    assert ended.code == 1
    assert [line["event"] for line in ended.lines] == ["store_not_ready"]
    assert "SQLITE_NOTADB" in ended.lines[0]["message"]
    assert store.read_bytes() == b"this is not a database" * 100


@pytest.mark.parametrize("arguments", [(), ("--migrate",), ("--migrate-only",)])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("SET version_num = '9999', oldest_code = '9998'", ("9999", "9998", "roll forward")),
        ("SET oldest_code = NULL", ("makes no sense", "nothing")),
        ("SET oldest_code = ''", ("makes no sense", "''")),
        ("SET oldest_code = 'any'", ("makes no sense", "'any'")),
        ("SET version_num = '9999', oldest_code = '0001'", ("makes no sense", "'0001'")),
        ("SET version_num = 'any'", ("makes no sense", "'any'")),
    ],
)
def test_a_store_this_revision_does_not_run_on_is_refused(
    store: Path, run_main: RunMain, arguments: tuple[str, ...], change: str, says: tuple[str, ...]
) -> None:
    """A schema that is no longer good, or that says nonsense, is refused and not touched."""
    run_main("--migrate-only", **variables_of(store))
    with plain(store) as connection:
        connection.execute(f"UPDATE alembic_version {change}")
        found = connection.execute("SELECT * FROM alembic_version").fetchall()
    ended = run_main(*arguments, **variables_of(store))

    assert ended.code == 1
    [line] = ended.lines
    assert line["event"] == "store_not_ready"
    assert all(words in line["message"] for words in says), line["message"]
    with plain(store) as connection:
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == found


@pytest.mark.parametrize("arguments", [(), ("--migrate",), ("--migrate-only",)])
def test_a_store_of_two_versions_is_refused(
    store: Path, run_main: RunMain, arguments: tuple[str, ...]
) -> None:
    """A table of versions with two rows is nonsense, and nothing is served or migrated."""
    run_main("--migrate-only", **variables_of(store))
    with plain(store) as connection:
        connection.execute("INSERT INTO alembic_version VALUES ('0005', '0005')")
    ended = run_main(*arguments, **variables_of(store))

    assert ended.code == 1
    assert "it names 2 versions" in ended.lines[-1]["message"]


def test_a_newer_store_that_is_still_good_is_left_as_it_is(store: Path, run_main: RunMain) -> None:
    """`--migrate-only` finds nothing to do where newer code migrated, and says both versions."""
    run_main("--migrate-only", **variables_of(store))
    with plain(store) as connection:
        connection.execute(
            "UPDATE alembic_version SET version_num = '9999', oldest_code = ?", (HEAD,)
        )
    ended = run_main("--migrate-only", **variables_of(store))

    assert ended.code == 0
    [line] = ended.lines
    assert (line["event"], line["severity"]) == ("schema_newer_than_code", "INFO")
    assert (line["version"], line["code"], line["oldest"]) == ("9999", HEAD, HEAD)


async def test_a_store_of_before_is_migrated_when_asked(store: Path) -> None:
    """A store at 0005, which names no oldest code, is refused until `--migrate` brings it on."""
    engine = open_engine(Secret(store_url(await migrated(store))), use=Use.OWNERSHIP)
    async with engine.begin() as connection:
        await connection.run_sync(lambda on: command.downgrade(alembic_config(on), "0005"))
    await engine.dispose()

    refused = await finished(**variables_of(store))
    assert refused.code == 1
    assert "version 0005" in refused.lines[-1]["message"]
    assert "start with --migrate" in refused.lines[-1]["message"]
    assert (await finished("--migrate-only", **variables_of(store))).code == 0
    with plain(store) as looking:
        assert looking.execute("SELECT * FROM alembic_version").fetchall() == [(HEAD, HEAD)]


def test_migrate_only_migrates_and_ends(store: Path, run_main: RunMain, rows: Rows) -> None:
    """`--migrate-only` brings the store to the head and exits 0, also when it is there already."""
    for _ in range(2):
        ended = run_main("--migrate-only", **variables_of(store))
        assert ended.code == 0, ended.output + ended.errors

    assert rows("SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert store.stat().st_mode & 0o777 == 0o600


async def test_a_ready_store_needs_no_alembic(store: Path) -> None:
    """A start that finds its store ready does not even import the migration library."""
    await migrated(store)
    program = (
        "-c",
        (
            "import sys; from netra_backend.app.main import main; "
            "code = main(['--migrate-only']); sys.exit(code or ('alembic' in sys.modules) * 3)"
        ),
    )
    async with process(program=program, **variables_of(store)) as child:
        await asyncio.wait_for(child.communicate(), 30 * UNIT)

    assert child.returncode == 0


async def test_two_processes_migrate_one_store_without_harm(store: Path, rows: Rows) -> None:
    """Two first starts at once both succeed: they take turns."""
    both = await asyncio.gather(
        *(finished("--migrate-only", **variables_of(store)) for _ in range(2))
    )

    assert [ended.code for ended in both] == [0, 0], both
    assert rows("SELECT version_num FROM alembic_version") == [(HEAD,)]


def free_port() -> int:
    """Find a port that is free just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def test_a_start_says_who_it_is_serves_and_stops_when_told(store: Path) -> None:
    """A good start logs the fixed messages as NDJSON, answers, and ends with 0 on SIGTERM."""
    port = free_port()
    secret = strong_secret()
    variables = variables_of(store, PORT=str(port), SERVICE_SECRET=secret)
    async with process("--migrate", **variables) as child:
        async with httpx2.AsyncClient(trust_env=False) as client:

            async def greeting() -> dict[str, str] | None:
                assert child.returncode is None
                try:
                    answer = await client.get(f"http://127.0.0.1:{port}/")
                except httpx2.TransportError:
                    return None
                given: dict[str, str] = answer.json()
                return given

            greeted = await eventually(greeting, within=20 * UNIT)
            ready = await client.get(f"http://127.0.0.1:{port}/health/ready")
        child.send_signal(signal.SIGTERM)
        output, errors = await asyncio.wait_for(child.communicate(), 20 * UNIT)
    ended = Finished(child.returncode or 0, output.decode(), errors.decode())

    assert greeted == {"message": "Welcome to Netra API"}
    assert ready.status_code == 200
    assert child.returncode == 0, ended.errors
    messages = [line["message"] for line in ended.lines]
    for words in FIRST_WORDS:
        assert messages.count(words) == 1
    for line in ended.lines:
        assert line["service"] == "netra-backend"
        assert line["revision"] == "netra-backend-00001-tst"
        assert {"severity", "timestamp", "message", "event", "room"} <= line.keys()
    assert secret not in ended.output + ended.errors
    assert str(store) not in ended.output
    assert ended.errors == ""


def test_the_heads_agree() -> None:
    """The constant that lets a start skip the migrations is the migrations' own head."""
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


async def test_the_migrations_make_what_the_code_maps(store: Path) -> None:
    """After the migrations the store has exactly the mapped tables, and down leaves none."""
    engine = open_engine(Secret(store_url(await migrated(store))), use=Use.OWNERSHIP)

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, STORED))

    def down(connection: Connection) -> None:
        command.downgrade(alembic_config(connection), "base")

    assert (await stored_schema(engine)).version == HEAD
    async with engine.begin() as connection:
        assert await connection.run_sync(differences) == []
        await connection.run_sync(down)
    await engine.dispose()
    with plain(store) as found:
        tables = found.execute("SELECT name FROM sqlite_master WHERE name LIKE 't!_%' ESCAPE '!'")
        assert tables.fetchall() == []


async def test_connections_to_sqlite_are_set_up(store: Path) -> None:
    """Write-ahead log, full foreign keys, a busy time-out, and no file made by a mere start."""
    engine = open_engine(Secret(store_url(await migrated(store))), use=Use.OWNERSHIP)
    found = {}
    async with engine.connect() as connection:
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
            found[name] = (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
    await engine.dispose()

    assert found == {
        "journal_mode": "wal",
        "synchronous": 1,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }
