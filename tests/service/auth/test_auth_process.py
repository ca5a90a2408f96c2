"""The process: its exit codes, its log, and how it stops."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fakes.auth_process import served, variables
from fakes.environments import strong_secret
from fakes.log_lines import LogLines
from fakes.running_auth import SERVICE_SECRETS, bearer
from fakes.timing import UNIT
from netra.isolated_environment import IsolatedEnvironment, replaced_environment
from netra.telemetry import release_logging
from netra_auth.identities.passwords.hashing import MEMORY_KIBIBYTES
from netra_auth.main import main
from netra_auth.store.schema_version import HEAD


@pytest.fixture(autouse=True)
def _released_logging() -> Iterator[None]:
    """Leave the process's logging as it was."""
    yield
    release_logging()


def run(values: dict[str, str], *arguments: str) -> int:
    """Run the process's main function with a configuration."""
    with replaced_environment(IsolatedEnvironment.of(values)):
        return main(arguments)


def told(capsys: pytest.CaptureFixture[str]) -> LogLines:
    """Read what was written to standard output."""
    lines = LogLines()
    lines.stream.write(capsys.readouterr().out)
    return lines


def test_every_violation_is_named_and_no_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bad configuration is exit code 2 with one event per variable, values never (17)."""
    bad = variables(tmp_path, KEYRING_ENCRYPTION_KEY="changeme", ISSUER_URL="ftp://x", PORT="99999")

    code = run(bad, "--migrate")

    lines = told(capsys)
    assert code == 2
    assert {line["variable"] for line in lines.of("configuration_violation")} == {
        "KEYRING_ENCRYPTION_KEY",
        "ISSUER_URL",
        "PORT",
    }
    assert {line["severity"] for line in lines.of("configuration_violation")} == {"ERROR"}
    assert "changeme" not in lines.text
    assert not (tmp_path / "netra-auth.db").exists()


def test_a_store_behind_is_exit_code_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --migrate an empty store refuses the start and says what to do."""
    assert run(variables(tmp_path)) == 1
    assert "--migrate" in told(capsys).only("start_refused")["message"]


def test_migrate_only_migrates_and_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--migrate-only brings the store to head once, and is quick to find it there."""
    assert run(variables(tmp_path), "--migrate-only") == 0
    assert told(capsys).only("store_migrated")["version"] == HEAD
    assert run(variables(tmp_path), "--migrate-only") == 0
    assert told(capsys).of("store_migrated") == []


def test_a_candidate_neither_migrates_nor_makes_a_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standby a store without its schema, and then one without a key, refuses the start."""
    candidate = variables(tmp_path, STANDBY_UNTIL_TRAFFIC="true")
    assert run(candidate) == 1
    assert "--migrate" in told(capsys).only("start_refused")["message"]
    assert run(candidate, "--migrate-only") == 0
    told(capsys)

    assert run(candidate) == 1

    refused = told(capsys).only("start_refused")
    assert "without STANDBY_UNTIL_TRAFFIC" in refused["message"]
    assert refused["error_code"] == "keyring_unusable"


def test_a_wrong_encryption_key_is_exit_code_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that does not open the store's refuses the start, naming the variable."""
    with served(tmp_path):
        pass
    wrong = strong_secret()

    assert run(variables(tmp_path, KEYRING_ENCRYPTION_KEY=wrong)) == 1

    lines = told(capsys)
    assert "KEYRING_ENCRYPTION_KEY" in lines.only("start_refused")["message"]
    assert wrong not in lines.text


def test_the_process_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """It serves, logs JSON only, and ends a held request and itself soon after SIGTERM."""
    with served(tmp_path) as (process, http):
        answer = http.post(
            "/token",
            data={"grant_type": "client_credentials"},
            auth=("netra-backend", SERVICE_SECRETS["netra-backend"]),
        )
        token = answer.json()["access_token"]
        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(http.get, "/revocations?wait=20", headers=bearer(token))
            time.sleep(0.5)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert held.result(timeout=10 * UNIT).status_code == 200
        output = process.communicate(timeout=10 * UNIT)[0]
        took = time.monotonic() - began

    assert took < 4 * UNIT
    lines = [json.loads(line) for line in output.splitlines()]
    assert {"http_request", "audit_recorded"} <= {line["event"] for line in lines}
    assert "token_issued" in {line.get("act") for line in lines}
    assert process.returncode == 0
    assert token not in output
    assert SERVICE_SECRETS["netra-backend"] not in output


def test_a_taken_port_is_exit_code_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When it cannot listen the process says where, and ends with 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run(variables(tmp_path, PORT=port), "--migrate") == 1

    assert port in told(capsys).only("start_refused")["message"]


@pytest.mark.long
@pytest.mark.sqlite_only
def test_the_memory_of_a_password_hash_goes_back(tmp_path: Path) -> None:
    """A hash takes 9 MiB while it is made; a process that made many holds none of that."""
    with served(tmp_path) as (process, http):

        def register(number: int) -> int:
            person = {"email": f"person{number}@example.org", "password": "correct horse battery"}
            return http.post("/users", json=person).status_code

        register(0)
        before = resident_kibibytes(process.pid)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(register, range(1, 13)))
        grown = resident_kibibytes(process.pid) - before

    assert set(answers) == {201}
    assert grown < MEMORY_KIBIBYTES / 2


def resident_kibibytes(pid: int) -> int:
    """Give the memory a process holds."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])
