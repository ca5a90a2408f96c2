"""The auth service of today on a store that the next revision migrated, each as a process."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fakes.auth_process import served, variables
from fakes.next_revision import AUTH, ended, next_revision
from fakes.running_auth import SERVICE_SECRETS, csrf_token_of, stores
from netra_auth.store.schema_version import HEAD

pytestmark = [pytest.mark.long, pytest.mark.live]

EXPANDS = (
    "op.add_column('users', sa.Column('nickname', sa.String(64)))",
    (
        "op.create_table('notes', sa.Column('note_id', sa.String(64), primary_key=True),"
        " sa.Column('user_id', sa.String(64), sa.ForeignKey('users.user_id', ondelete='CASCADE')))"
    ),
)
CONTRACTS = ("op.drop_column('users', 'roles')",)


def told_store(folder: Path) -> dict[str, str | None]:
    """Say where the test's store is, if it is no file."""
    return {"DATABASE_URL": stores[folder]} if folder in stores else {}


def register_and_log_in(http: httpx2.Client, email: str) -> None:
    """Make an account, log in to it, and fetch a service's token."""
    password = "correct horse battery staple"
    made = http.post("/users", json={"email": email, "password": password})
    assert made.status_code == 201, made.text
    with httpx2.Client(base_url=http.base_url, timeout=30) as browser:
        form = {"email": email, "password": password}
        csrf = {"csrf_token": csrf_token_of(browser.get("/login"))}
        assert browser.post("/login", data={**form, **csrf}).status_code == 303
    answer = http.post(
        "/token",
        data={"grant_type": "client_credentials"},
        auth=("netra-backend", SERVICE_SECRETS["netra-backend"]),
    )
    assert answer.status_code == 200, answer.text


def told(lines: list[str], event: str) -> list[dict[str, Any]]:
    """Give the lines of a log that tell of an event."""
    return [line for line in map(json.loads, lines) if line["event"] == event]


async def test_it_goes_on_and_starts_again_where_the_next_only_expanded(tmp_path: Path) -> None:
    """It serves while the next one migrates, and starts after that, with --migrate and without."""
    code = next_revision(tmp_path, AUTH, *EXPANDS, declares="OLDEST_CODE = '{before}'")
    where = told_store(tmp_path)
    before: list[str] = []
    with served(tmp_path, ["--migrate"], before, **where) as (_, http):
        register_and_log_in(http, "before@example.org")
        migrated = await code.migrated(variables(tmp_path, **where))
        assert migrated.code == 0, migrated.lines
        assert migrated.only("store_migrated")["version"] == code.head
        register_and_log_in(http, "meanwhile@example.org")
    assert told(before, "schema_newer_than_code") == []

    for number, arguments in enumerate((["--migrate"], [])):
        first_lines: list[str] = []
        with served(tmp_path, arguments, first_lines, **where) as (_, http):
            register_and_log_in(http, f"after{number}@example.org")
        [said] = told(first_lines, "schema_newer_than_code")
        assert (said["version"], said["code"], said["oldest"]) == (code.head, HEAD, HEAD)
    assert (await ended(AUTH, variables(tmp_path, **where), "--migrate-only")).code == 0


async def test_it_refuses_where_the_next_contracted(tmp_path: Path) -> None:
    """It ends with 1 and says how to go on, whatever it is to do with the store."""
    code = next_revision(tmp_path, AUTH, *CONTRACTS, declares="OLDEST_CODE = '{version}'")
    told_variables = variables(tmp_path, **told_store(tmp_path))
    assert (await ended(AUTH, told_variables, "--migrate-only")).code == 0
    assert (await code.migrated(told_variables)).code == 0

    for arguments in ([], ["--migrate"], ["--migrate-only"], ["--restored"]):
        refused = await ended(AUTH, told_variables, *arguments)

        assert refused.code == 1
        [line] = refused.lines
        assert (line["event"], line["error_code"]) == ("start_refused", "store_not_at_head")
        for words in (code.head, HEAD, "no longer runs", "roll forward", "restore a backup"):
            assert words in line["message"]
    assert (await code.migrated(told_variables)).code == 0
