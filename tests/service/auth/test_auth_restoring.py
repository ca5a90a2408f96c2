"""Backups: copied while the service serves, checked, restored, and what is true afterwards."""

import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from fakes.clock import ManualClock
from fakes.environments import auth_environment, service_registry, strong_secret
from fakes.postgres import SUPERUSER, PostgresServer
from fakes.running_auth import (
    ENCRYPTION_KEY,
    SERVICE_SECRETS,
    RunningAuth,
    auth_settings,
    bearer,
    is_sqlite,
    running_auth_service,
    store_path,
)
from netra_auth.keyring.opened_keys import KeyringUnusable
from netra_auth.recovery import Recovery
from netra_auth.settings import Settings
from netra_auth.store.backup import BackupRefused
from netra_auth.store.schema_version import HEAD, StoreNotAtHead

PAGE = Path("docs/runbooks/back_up_and_restore.md")
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


async def feed(auth: RunningAuth, after: int) -> dict[str, object]:
    """Read the revocation feed from a cursor."""
    headers = bearer(await auth.service_token("netra-backend"))
    answer = await auth.http.get(f"/revocations?after={after}&limit=1000", headers=headers)
    page: dict[str, object] = answer.json()
    return page


def names(folder: Path, pattern: str) -> list[str]:
    """List the files of a folder that fit a pattern."""
    return sorted(file.name for file in folder.glob(pattern))


async def revoke(auth: RunningAuth, token: str) -> None:
    """End a token as its client."""
    answer = await auth.http.post("/revoke", data={"token": token, "client_id": "netra-cli"})
    assert answer.status_code == 200


@pytest.mark.sqlite_only
async def test_a_backup_is_taken_while_the_service_serves(
    auth: RunningAuth, clock: ManualClock, tmp_path: Path
) -> None:
    """The copy is whole, readable by its owner alone, and holds what was committed before."""
    person = await auth.registered_person()
    target = tmp_path / "copy"

    async with auth.state.database.transaction():
        await Recovery(auth.settings, clock).back_up(target)

    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with sqlite3.connect(target) as connection:
        found = connection.execute("SELECT email FROM users").fetchall()
        mode = connection.execute("PRAGMA journal_mode").fetchall()
    connection.close()
    assert found == [(person.email,)]
    assert mode == [("delete",)]
    assert names(tmp_path, "copy*") == ["copy"]


@pytest.mark.sqlite_only
async def test_a_backup_replaces_no_file(
    auth: RunningAuth, clock: ManualClock, tmp_path: Path
) -> None:
    """A target that is there is left as it is."""
    target = tmp_path / "copy"
    target.write_text("precious")

    with pytest.raises(BackupRefused, match="never replaces"):
        await Recovery(auth.settings, clock).back_up(target)
    assert target.read_text() == "precious"


@pytest.mark.sqlite_only
async def test_a_restored_store_serves_with_the_same_keys(
    tmp_path: Path, clock: ManualClock
) -> None:
    """After a restore the active key and people are as before, and what was there is kept."""
    backup = tmp_path / "copy"
    async with running_auth_service(tmp_path, clock=clock) as before:
        port, kid, settings = before.port, before.state.keyring.signing_key.kid, before.settings
        person = await before.registered_person()
        token = await before.service_token("netra-backend")
        await Recovery(settings, clock).back_up(backup)
        late = await before.registered_person()

    recovery = Recovery(settings, clock)
    with pytest.raises(BackupRefused, match="--force"):
        await recovery.restore(backup, force=False)
    await recovery.restore(backup, force=True)

    async with running_auth_service(tmp_path, clock=clock, port=port) as after:
        assert after.state.keyring.signing_key.kid == kid
        assert (await after.http.get("/revocations", headers=bearer(token))).status_code == 200
        assert await after.tokens_of(person)
        async with after.browser() as browser:
            assert (await after.log_in(browser, late)).status_code == 401
        (restored,) = await after.audited("store_restored")
        assert restored.actor == "operator"
        assert (await after.state.audit_records.verified()).is_whole
    (aside,) = names(tmp_path, "netra-auth.db.before-*")
    with sqlite3.connect(tmp_path / aside) as connection:
        kept = connection.execute("SELECT count(*) FROM users").fetchone()
    connection.close()
    assert kept == (2,)


@pytest.mark.sqlite_only
async def test_no_session_comes_alive_again(tmp_path: Path, clock: ManualClock) -> None:
    """A session ended after the backup stays ended, and every other one ends with it."""
    backup = tmp_path / "copy"
    async with running_auth_service(tmp_path, clock=clock) as before:
        port, settings = before.port, before.settings
        person = await before.registered_person()
        stolen, other = await before.tokens_of(person), await before.tokens_of(person)
        await Recovery(settings, clock).back_up(backup)
        await revoke(before, stolen["refresh_token"])
    await Recovery(settings, clock).restore(backup, force=True)

    async with running_auth_service(tmp_path, clock=clock, port=port) as after:
        for tokens in (stolen, other):
            assert (await after.refresh(tokens["refresh_token"])).status_code == 400
            answer = await after.http.post(
                "/introspect",
                data={"token": tokens["access_token"]},
                auth=("netra-backend", SERVICE_SECRETS["netra-backend"]),
            )
            assert answer.json() == {"active": False}


@pytest.mark.sqlite_only
async def test_a_follower_ahead_of_a_restored_feed_misses_nothing(
    tmp_path: Path, clock: ManualClock
) -> None:
    """A follower that saw numbers the backup never gave hears all that comes, restored twice."""
    backup = tmp_path / "copy"
    async with running_auth_service(tmp_path, clock=clock) as before:
        port, settings = before.port, before.settings
        person = await before.registered_person()
        await revoke(before, (await before.tokens_of(person))["refresh_token"])
        await Recovery(settings, clock).back_up(backup)
        for _ in range(5):
            await revoke(before, (await before.tokens_of(person))["refresh_token"])
        cursor = int(str((await feed(before, 0))["next_after"]))
    assert cursor == 6

    for _ in range(2):
        clock.advance(1)
        await Recovery(settings, clock).restore(backup, force=True)
        async with running_auth_service(tmp_path, clock=clock, port=port) as after:
            tokens = await after.tokens_of(person)
            for _ in range(4):
                await revoke(after, tokens["refresh_token"])
                tokens = await after.tokens_of(person)
            page = await feed(after, cursor)
            items = page["items"]
            assert isinstance(items, list)
            assert len(items) == 4
            cursor = int(str(page["next_after"]))


@pytest.mark.sqlite_only
async def test_a_store_in_use_is_not_replaced(
    auth: RunningAuth, clock: ManualClock, tmp_path: Path
) -> None:
    """While a service has the store open a restore refuses, with force too."""
    await auth.registered_person()
    recovery = Recovery(auth.settings, clock)
    await recovery.back_up(tmp_path / "copy")

    with pytest.raises(BackupRefused, match="in use"):
        await recovery.restore(tmp_path / "copy", force=True)
    assert (await auth.http.get("/health/ready")).status_code == 200
    assert not names(tmp_path, "*.before-*")
    assert not names(tmp_path, "*.unfinished")


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _scribble(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for at in range(8192, len(content), 4096):
        content[at : at + 64] = b"\xff" * 64
    file.write_bytes(bytes(content))


def _be_no_store(file: Path) -> None:
    file.write_bytes(b"not a store at all" * 999)


def _forge(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TRIGGER audit_refuses_update")
        connection.execute("UPDATE audit SET actor = 'x' WHERE seq = 2")
    connection.close()


def _age(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()


def _be_too_new(file: Path) -> None:
    _say(file, "9999", "9998")


def _say(file: Path, version: str, oldest: str) -> None:
    with sqlite3.connect(file) as connection:
        said = (version, oldest)
        connection.execute("UPDATE alembic_version SET version_num = ?, oldest_code = ?", said)
    connection.close()


@pytest.mark.sqlite_only
async def test_a_newer_backup_that_is_still_good_is_made_and_restored(
    tmp_path: Path, clock: ManualClock
) -> None:
    """A store that newer code migrated and this code serves on can be backed up and restored."""
    async with running_auth_service(tmp_path, clock=clock) as auth:
        settings, person = auth.settings, await auth.registered_person()
    _say(store_path(settings), "9999", HEAD)
    await Recovery(settings, clock).back_up(tmp_path / "copy")

    await Recovery(settings, clock).restore(tmp_path / "copy", force=False)

    async with running_auth_service(tmp_path, clock=clock) as after:
        assert await after.tokens_of(person)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("harm", [_cut, _scribble, _be_no_store, _forge, _age, _be_too_new])
async def test_a_backup_that_is_not_good_is_refused(
    tmp_path: Path, clock: ManualClock, harm: Callable[[Path], None]
) -> None:
    """A damaged, forged, older or too new backup is refused before the store is touched."""
    backup = tmp_path / "copy"
    async with running_auth_service(tmp_path, clock=clock) as auth:
        settings = auth.settings
        await Recovery(settings, clock).back_up(backup)
    harm(backup)
    before = store_path(settings).read_bytes()

    with pytest.raises((BackupRefused, StoreNotAtHead)):
        await Recovery(settings, clock).restore(backup, force=True)
    assert store_path(settings).read_bytes() == before
    assert not names(tmp_path, "*.before-*")
    assert not names(tmp_path, "*.unfinished*")


@pytest.mark.sqlite_only
async def test_a_backup_under_another_encryption_key_is_refused(
    tmp_path: Path, clock: ManualClock
) -> None:
    """Without the key that opens its signing key a backup replaces nothing (checklist 23)."""
    backup = tmp_path / "copy"
    async with running_auth_service(tmp_path, clock=clock) as auth:
        await Recovery(auth.settings, clock).back_up(backup)
    other = auth_settings(tmp_path, auth.port, KEYRING_ENCRYPTION_KEY=strong_secret())

    with pytest.raises(KeyringUnusable):
        await Recovery(other, clock).restore(backup, force=True)
    assert not names(tmp_path, "*.before-*")


@pytest.mark.sqlite_only
async def test_a_lost_store_is_restored_without_force(tmp_path: Path, clock: ManualClock) -> None:
    """Where there is no store the backup becomes it; a broken one is replaced on demand only."""
    backup = tmp_path / "copy"
    async with running_auth_service(tmp_path, clock=clock) as auth:
        settings = auth.settings
        await Recovery(settings, clock).back_up(backup)
    recovery = Recovery(settings, clock)
    _be_no_store(store_path(settings))
    with pytest.raises(BackupRefused, match="--force"):
        await recovery.restore(backup, force=False)
    store_path(settings).unlink()

    await recovery.restore(backup, force=False)

    assert store_path(settings).exists()


def _commands(*names: str) -> list[str]:
    """Give the page's commands that name one of these programs' options."""
    blocks = _COMMANDS.findall(PAGE.read_text(encoding="utf-8"))
    lines = [line for block in blocks for line in block.splitlines()]
    found = [line for line in lines if any(name in line for name in names)]
    assert found
    return found


def _said(command: str, settings: Settings, folder: Path, **more: str) -> str:
    """Run a command of the page as it stands there, in the service's environment."""
    values = auth_environment(
        DATABASE_URL=settings.database_url.reveal(),
        ISSUER_URL=settings.issuer_url,
        PORT=str(settings.port),
        KEYRING_ENCRYPTION_KEY=ENCRYPTION_KEY,
        SERVICE_REGISTRY=service_registry(SERVICE_SECRETS),
    )
    programs = more.pop("programs", "")
    path = os.pathsep.join([str(Path(sys.executable).parent), programs, os.environ["PATH"]])
    done = subprocess.run(  # noqa: S603 - the commands are the page's
        ["/bin/sh", "-c", command],
        env={**values, **more, "PATH": path, "PYTHONPATH": str(Path.cwd())},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


async def test_the_page_on_backups_says_what_works(
    tmp_path: Path, clock: ManualClock, request: pytest.FixtureRequest
) -> None:
    """The commands of the page, run as they stand there, back a store up and restore it."""
    async with running_auth_service(tmp_path, clock=clock) as before:
        port, kid, settings = before.port, before.state.keyring.signing_key.kid, before.settings
        person = await before.registered_person()
        tokens = await before.tokens_of(person)
    if is_sqlite(settings):
        backup, restore, forced = _commands("main --backup", "main --restore ")
        assert "store_backed_up" in _said(backup, settings, tmp_path)
        store_path(settings).unlink()
        assert "store_restored" in _said(restore, settings, tmp_path)
        assert "store_restored" in _said(forced, settings, tmp_path)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = make_url(settings.database_url.reveal())
        tools = {
            "PGHOST": str(server.folder),
            "PGUSER": SUPERUSER,
            "PGDATABASE": url.database or "",
            "programs": str(server.programs),
        }
        dump, restore, settle = _commands("pg_dump", "pg_restore", "netra_auth.main --restored")
        _said(dump, settings, tmp_path, **tools)
        await server.emptied(settings.database_url.reveal())
        _said(restore, settings, tmp_path, **tools)
        assert "store_restored" in _said(settle, settings, tmp_path)

    async with running_auth_service(tmp_path, clock=clock, port=port) as after:
        assert after.state.keyring.signing_key.kid == kid
        assert (await after.refresh(tokens["refresh_token"])).status_code == 400
        assert await after.tokens_of(person)
        assert len(await after.audited("store_restored")) == 1
        assert (await after.state.audit_records.verified()).is_whole


async def test_a_backup_on_postgresql_names_the_tool(
    tmp_path: Path, clock: ManualClock, store: str
) -> None:
    """The command for files says which tool to use where the store is no file."""
    if store == "sqlite":
        pytest.skip("a SQLite store is a file")
    recovery = Recovery(auth_settings(tmp_path, 8001), clock)

    for act in (recovery.back_up(tmp_path / "x"), recovery.restore(tmp_path / "x", force=True)):
        with pytest.raises(BackupRefused, match="pg_dump"):
            await act
