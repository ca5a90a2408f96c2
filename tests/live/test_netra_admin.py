"""The commands that administer, with both services as real processes of this machine."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from fakes.installation import Installation
from netra.wire.auth_admin import (
    AccountExport,
    AuditRecord,
    ChainReport,
    KeyList,
    ServiceRecord,
    SessionList,
    UserRecord,
)

pytestmark = pytest.mark.live

PASSWORD: Final = "correct horse battery staple"
OPERATOR: Final = "operator@example.org"
AS_OPERATOR: Final = ("--email", OPERATOR, "--password-stdin")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that runs, with an operator."""
    installation = Installation(tmp_path_factory.mktemp("running") / "state")
    started = installation.up()
    assert started.returncode == 0, started.stderr
    _added(installation, OPERATOR, "--role", "operator")
    yield installation
    installation.end()


def _added(installation: Installation, email: str, *options: str) -> Any:
    return _told(installation, "users", "add", email, "--password-stdin", *options, stdin=PASSWORD)


def _done(
    installation: Installation, *arguments: str, stdin: str = ""
) -> "subprocess.CompletedProcess[str]":
    done = installation.run(*arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done


def _told(installation: Installation, *arguments: str, stdin: str = "") -> Any:
    return json.loads(_done(installation, *arguments, "--json", stdin=stdin).stdout)


def _token(installation: Installation, service_id: str, secret: str) -> int:
    form = {"grant_type": "client_credentials", "client_id": service_id, "client_secret": secret}
    return httpx2.post(f"{installation.status()['auth_url']}/token", data=form).status_code


def test_an_account_is_administered_from_its_making_to_its_end(running: Installation) -> None:
    """Listed, shown, closed, opened, exported and erased."""
    email = "life@example.org"
    user_id = _added(running, email)["user_id"]

    listed = [UserRecord.model_validate(i) for i in _told(running, "users", "list")["items"]]
    assert {OPERATOR, email} <= {person.email for person in listed}
    assert _told(running, "users", "show", email.upper())["user_id"] == user_id
    assert _told(running, "users", "disable", email)["disabled_at"] is not None
    login = ("token", "--email", email, "--password-stdin")
    assert running.run(*login, stdin=PASSWORD).returncode == 1
    assert _told(running, "users", "enable", user_id)["disabled_at"] is None
    assert running.run(*login, stdin=PASSWORD).returncode == 0
    export = AccountExport.model_validate(_told(running, "users", "export", email))
    assert export.user.email == email
    assert export.sessions
    assert running.run("users", "erase", email).returncode == 2
    _done(running, "users", "erase", email, "--yes")
    assert running.run("users", "show", user_id).returncode == 1


def test_sessions_end_one_by_one_and_all_at_once(running: Installation) -> None:
    """And nobody else's."""
    email = "sessions@example.org"
    _added(running, email)
    for _ in range(3):
        _done(running, "token", "--email", email, "--password-stdin", stdin=PASSWORD)

    found = SessionList.model_validate(_told(running, "sessions", "list", email)).items
    assert len(found) == 3
    assert _told(running, "sessions", "end", found[0].session_id) == {"ended": 1}
    assert _told(running, "sessions", "end-all", email, "--yes") == {"ended": 2}
    assert _told(running, "sessions", "list", email) == {"items": []}


def test_an_operators_command_leaves_no_session(running: Installation) -> None:
    """The login that it made is ended with it."""
    _done(running, "keys", "list", *AS_OPERATOR, stdin=PASSWORD)

    assert _told(running, "sessions", "list", OPERATOR) == {"items": []}


def test_a_person_who_is_no_operator_administers_nothing(running: Installation) -> None:
    """A good login is not enough."""
    email = "plain@example.org"
    _added(running, email)

    for group in ("users", "services", "keys", "audit"):
        done = running.run(group, "list", "--email", email, "--password-stdin", stdin=PASSWORD)
        assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.long
def test_a_secret_is_rotated_with_an_overlap(running: Installation, tmp_path: Path) -> None:
    """Both work, who still uses the old one is seen, and then it can be deleted."""
    made = _told(
        running,
        *("services", "add", "billing", "--scope", "profile:read", "--audience", "netra-backend"),
    )
    first, file = made["secret"], tmp_path / "secret"
    assert _token(running, "billing", first) == 200
    rotated = _told(
        running,
        *("services", "rotate-secret", "billing", "--overlap", "1h", "--secret-file", str(file)),
    )
    second = file.read_text("utf-8").strip()
    assert (_token(running, "billing", first), _token(running, "billing", second)) == (200, 200)

    shown = _told(running, "services", "show", "billing")
    record = ServiceRecord.model_validate({k: v for k, v in shown.items() if k != "old_secrets"})
    (old,) = shown["old_secrets"]
    assert (old["can_be_deleted"], len(record.secrets)) == ("no", 2)
    assert rotated["secret_id"] != old["secret_id"]
    _done(running, "services", "delete-secret", "billing", old["secret_id"], "--yes")
    assert (_token(running, "billing", first), _token(running, "billing", second)) == (401, 200)
    _done(running, "services", "disable", "billing")
    assert _token(running, "billing", second) == 401
    _done(running, "services", "enable", "billing")
    assert _token(running, "billing", second) == 200
    log = running.run("logs", "tail", "--json", "--lines", "100000").stdout
    assert first not in log
    assert second not in log


def test_the_backends_own_secret_is_rotated_in_its_env_file(running: Installation) -> None:
    """By an operator, since the backend may do what the toolkit may not."""
    file = running.state / "env" / "netra-backend.env"
    before = running.env("netra-backend")["SERVICE_SECRET"]
    rotate = ("services", "rotate-secret", "netra-backend", "--env-file", str(file))

    refused = running.run(*rotate)
    assert (refused.returncode, "--email" in refused.stderr) == (1, True)
    done = _done(running, *rotate, *AS_OPERATOR, stdin=PASSWORD)

    after = running.env("netra-backend")["SERVICE_SECRET"]
    assert after != before
    assert after not in done.stdout + done.stderr
    assert [_token(running, "netra-backend", secret) for secret in (before, after)] == [200, 200]


def test_keys_are_listed_and_changed(running: Installation) -> None:
    """What was signed before stays good."""
    token = running.run("token", "--service", "netra-backend").stdout.strip()
    before = KeyList.model_validate(_told(running, "keys", "list"))
    after = KeyList.model_validate(_told(running, "keys", "rotate"))

    assert len(after.items) == len(before.items) + 1
    url = f"{running.status()['url']}/api/me"
    answer = httpx2.get(url, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    gone = running.run("keys", "remove", "no-such-key", "--reason", "test", "--yes")
    assert gone.returncode == 1


@pytest.mark.long
def test_the_audit_record_is_exported_and_whole(running: Installation, tmp_path: Path) -> None:
    """Every act of these commands is in it; the export is proven without the service."""
    file = tmp_path / "audit.ndjson"

    said = _told(running, "audit", "export", "--out", str(file))

    rows = [AuditRecord.model_validate_json(line) for line in file.read_bytes().splitlines()]
    assert (said["lines"], said["follows"]) == (len(rows), None)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert "user_registered" in {row.event for row in rows}
    for where in (("--file", str(file)), ()):
        done = _told(running, "audit", "verify", "--anchor", said["head"], *where)
        assert ChainReport.model_validate(done).is_whole
    forged = running.run("audit", "verify", "--anchor", f"1:{'0' * 64}")
    assert forged.returncode == 1
    half = f"{rows[len(rows) // 2].time}"
    late = _told(running, "audit", "export", "--since", half, "--out", str(tmp_path / "late"))
    anchored = ("--file", str(tmp_path / "late"), "--anchor", late["follows"])
    assert running.run("audit", "verify", *anchored).returncode == 0
    listed = _told(running, "audit", "list", "--event", "user_registered")["items"]
    assert {item["event"] for item in listed} == {"user_registered"}


def test_another_machines_service_is_administered_by_its_credential(
    running: Installation, tmp_path: Path
) -> None:
    """Without the state directory."""
    secret = running.env("netra-ops")["SERVICE_SECRET"]
    elsewhere = Installation(tmp_path / "nothing")
    whom = ("--auth-url", running.status()["auth_url"], "--client-id", "netra-ops")

    done = elsewhere.run("users", "list", *whom, "--client-secret-stdin", "--json", stdin=secret)

    assert done.returncode == 0, done.stderr
    assert OPERATOR in {item["email"] for item in json.loads(done.stdout)["items"]}
    assert not elsewhere.state.exists()
    wrong = elsewhere.run("users", "list", *whom, "--client-secret-stdin", stdin="wrong-secret")
    assert (wrong.returncode, wrong.stdout) == (1, "")


@pytest.mark.long
def test_an_installation_of_before_administers_all_after_its_start(tmp_path: Path) -> None:
    """The toolkit's entry in the registry is completed once, and said so."""
    installation = Installation(tmp_path / "state")
    try:
        installation.up()
        installation.run("down")
        registry = json.loads(installation.env("netra-auth")["SERVICE_REGISTRY"])
        now = json.dumps(registry, separators=(",", ":"))
        added = {"services:admin", "keys:admin", "sessions:admin", "audit:read", "metrics:read"}
        for entry in registry:
            entry["scopes"] = [scope for scope in entry["scopes"] if scope not in added]
        before = json.dumps(registry, separators=(",", ":"))
        installation.edit("netra-auth", "SERVICE_REGISTRY", before)

        upgraded = installation.run("up", "--detach")

        assert upgraded.returncode == 0, upgraded.stderr
        assert "SERVICE_REGISTRY" in upgraded.stderr
        assert installation.env("netra-auth")["SERVICE_REGISTRY"] == now
        installation.run("down")
        assert "SERVICE_REGISTRY" not in installation.run("up", "--detach").stderr
        assert installation.run("keys", "list").returncode == 0
    finally:
        installation.end()
