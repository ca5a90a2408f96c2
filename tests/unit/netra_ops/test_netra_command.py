"""The command line against a server that answers as both services, in this process."""

import json
from pathlib import Path

import pytest

from fakes.local_records import stopped_service
from fakes.netra_command import Run, set_values
from fakes.netra_over_http import SERVICES, FakeNetra, Fault, fake_netra
from netra_ops.platform.local import record
from netra_ops.platform.local.record import Record
from netra_ops.platform.local.state_directory import StateDirectory

PASSWORD = "correct horse battery"


@pytest.mark.usefixtures("netra")
def test_verify_passes(run: Run) -> None:
    """Everything right: exit code 0 and one document."""
    done = run("verify", "--json")

    assert (done.code, json.loads(done.out)["verdict"]) == (0, "PASS")
    assert "PASS: wrong refusals 0" in run("verify").out


def test_verify_fails_a_backend_that_admits_everything(run: Run, state: StateDirectory) -> None:
    """No wrong refusal, many wrong admissions: exit code 1."""
    with fake_netra(Fault.ADMITS_EVERYTHING) as server:
        set_values(state, "netra-ops", AUTH_SERVICE_URL=server.url, BACKEND_URL=server.url)
        done = run("verify", "--json")

    document = json.loads(done.out)
    assert (done.code, document["verdict"]) == (1, "FAIL")
    assert document["wrong_admissions"] > 5


def test_verify_cannot_tell_about_a_backend_that_is_down(run: Run, state: StateDirectory) -> None:
    """Nobody answered: exit code 3."""
    with fake_netra() as server:
        set_values(state, "netra-ops", AUTH_SERVICE_URL=server.url, BACKEND_URL=server.url)

    done = run("verify", "--json")
    assert (done.code, json.loads(done.out)["verdict"]) == (3, "UNKNOWN")


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "--service", "netra-ops"),
        ("token", "--email", "a@b.example", "--password-stdin"),
        ("users", "add", "a@b.example", "--password-stdin"),
        ("users", "reset-password", "a@b.example", "--password-stdin"),
    ],
)
def test_nobody_there_is_neither_yes_nor_no(
    run: Run, state: StateDirectory, arguments: tuple[str, ...]
) -> None:
    """A service that is down refused nobody: exit code 3."""
    with fake_netra() as server:
        set_values(state, "netra-ops", AUTH_SERVICE_URL=server.url, BACKEND_URL=server.url)

    done = run(*arguments, stdin=PASSWORD)
    assert (done.code, done.out) == (3, "")
    assert "did not answer" in done.err


def test_verify_takes_a_url_and_credentials(run: Run, netra: FakeNetra, tmp_path: Path) -> None:
    """The file's account is used on the named backend."""
    netra.users["a@b.example"] = ("usr_a", PASSWORD)
    content = {
        "auth_url": netra.url + "/",
        "email": "a@b.example",
        "password": PASSWORD,
        "service_id": "netra-backend",
        "service_secret": SERVICES["netra-backend"],
    }
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps(content), "utf-8")

    assert run("verify", "--url", netra.url, "--credentials", str(file)).code == 0
    assert list(netra.users) == ["a@b.example"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("{", "is not a JSON object"),
        ('{"auth_url": "https://a.example"}', "is not a JSON object"),
        (
            (
                '{"auth_url": "http://a.example", "email": "e", "password": "hunter2-hunter2", '
                '"service_id": "s", "service_secret": "t"}'
            ),
            "auth_url must be https",
        ),
    ],
)
def test_a_credentials_file_is_refused_without_its_content(
    run: Run, tmp_path: Path, content: str | None, says: str
) -> None:
    """What is wrong is said, and no value from it; passwords are sent to no plain address."""
    file = tmp_path / "credentials.json"
    if content is not None:
        file.write_text(content, "utf-8")

    done = run("verify", "--credentials", str(file))

    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert "hunter2" not in done.err


def test_users_and_tokens(run: Run, netra: FakeNetra) -> None:
    """A user is added, logs in, gets another password, and the old one is refused."""
    add = ("users", "add", "a@b.example", "--password-stdin")
    assert json.loads(run(*add, "--json", stdin=PASSWORD).out)["email"] == "a@b.example"
    assert run(*add, stdin=PASSWORD).code == 1
    given = run("token", "--email", "a@b.example", "--password-stdin", stdin=f"{PASSWORD}\r\n")
    assert given.out.strip() in netra.tokens

    reset = ("users", "reset-password", "a@b.example", "--password-stdin")
    assert run(*reset, stdin="another battery").code == 0
    assert json.loads(run(*reset, "--json", stdin="another battery").out) == {
        "email": "a@b.example",
        "password": "reset",
    }
    old = run("token", "--email", "a@b.example", "--password-stdin", stdin=PASSWORD)
    assert (old.code, old.out) == (1, "")
    unknown = ("users", "reset-password", "nobody@b.example", "--password-stdin")
    assert run(*unknown, stdin=PASSWORD).code == 1


def test_service_tokens(run: Run, netra: FakeNetra, state: StateDirectory) -> None:
    """A service's token is printed, whole on demand; a wrong secret is a refusal."""
    given = json.loads(run("token", "--service", "netra-ops", "--json").out)
    assert netra.tokens[given["access_token"]].principal == "service:netra-ops"

    set_values(state, "netra-ops", SERVICE_SECRET="wrong")
    refused = run("token", "--service", "netra-ops")
    assert (refused.code, refused.out) == (1, "")
    assert "invalid_client" in refused.err
    assert run("users", "add", "a@b.example", "--password-stdin", stdin=PASSWORD).code == 1


@pytest.mark.parametrize(
    ("stdin", "says"), [("", "is empty"), ("\n", "is empty"), (b"\xff\n", "not UTF-8")]
)
def test_a_password_that_is_none_is_refused(run: Run, stdin: str | bytes, says: str) -> None:
    """Before anybody is asked."""
    done = run("users", "add", "a@b.example", "--password-stdin", stdin=stdin)

    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_a_password_needs_its_option(run: Run) -> None:
    """Nobody learns to put it on the command line."""
    done = run("users", "add", "a@b.example")

    assert (done.code, "--password-stdin" in done.err) == (2, True)


@pytest.mark.parametrize("service", ["nobody", "../netra-ops", "netra-auth"])
def test_a_service_without_a_credential_here_is_refused(run: Run, service: str) -> None:
    """No file, no file outside the directory, no secret in the file."""
    assert run("token", "--service", service).code == 2


def _log(directory: StateDirectory, service: str, *lines: str) -> None:
    known = record.load(directory)
    revision = f"{service}-00001-abc"
    record.save(directory, known.with_service(service, stopped_service(1, revision)))
    file = directory.log_file(service, revision)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as log:
        log.write("".join(lines).encode())


def _event(second: int, message: str) -> str:
    moment = f"2026-01-01T00:00:{second:02}.000000Z"
    return json.dumps({"timestamp": moment, "severity": "INFO", "message": message}) + "\n"


def test_logs_are_merged_by_time(run: Run, state: StateDirectory) -> None:
    """Both services' lines as they wrote them; an unfinished last line is left for later."""
    _log(state, "netra-auth", _event(1, "a"), _event(3, "c"), '{"unfinished')
    _log(state, "netra-backend", _event(2, "b"), "not an event\n", _event(4, "d"))

    lines = run("logs", "tail", "--json").out.splitlines()

    assert lines[0] == _event(1, "a").strip()
    assert [json.loads(line)["message"] for line in lines] == ["a", "b", "not an event", "c", "d"]
    last = run("logs", "tail", "--json", "--lines", "2").out.splitlines()
    assert [json.loads(line)["message"] for line in last] == ["c", "d"]
    assert run("logs", "tail", "--lines", "0").out == ""


def test_the_end_of_a_long_log_is_found_from_behind(run: Run, state: StateDirectory) -> None:
    """Line ends on block borders, and lines longer than a block, are no matter."""
    _log(state, "netra-auth", *(_event(n % 60, "x" * (n * 997 % 200_000)) for n in range(60)))

    for count in (1, 2, 7, 59, 60, 99):
        lines = run("logs", "tail", "--json", "--lines", str(count)).out.splitlines()
        assert len(lines) == min(count, 60)
        assert all("timestamp" in json.loads(line) for line in lines)


def test_logs_for_people_are_one_printable_line_each(run: Run, state: StateDirectory) -> None:
    """Nobody writes on the terminal through a log line."""
    _log(state, "netra-auth", _event(1, "red \x1b[31m\nalert"))

    out = run("logs", "tail").out

    assert out.count("\n") == 1
    assert "\x1b" not in out
    assert "2026-01-01T00:00:01.000000Z INFO" in out


def test_status_of_what_was_stopped(run: Run, state: StateDirectory) -> None:
    """Addresses and revisions are known, processes are not; exit code 1."""
    record.save(state, Record({"netra-auth": stopped_service(8001, "netra-auth-00001-abc")}))

    done = run("status", "--json")

    document = json.loads(done.out)
    assert done.code == 1
    assert document["auth_url"] == "http://127.0.0.1:8001"
    assert document["revisions"]["netra-auth"] == "netra-auth-00001-abc"
    assert (document["ready"], document["pids"]["netra-auth"]) == (False, None)
    assert run("status").out.startswith("netra-auth     not ready  stopped")


def test_nothing_to_stop_is_no_failure(run: Run) -> None:
    """`netra down` twice is fine."""
    done = run("down")

    assert (done.code, done.out) == (0, "Nothing ran.\n")


def test_loosened_rights_are_mended_on_the_way(run: Run, state: StateDirectory) -> None:
    """Every command that reads secrets says so."""
    state.env_file("netra-ops").chmod(0o644)

    done = run("token", "--service", "nobody")

    assert "netra-ops.env could be read or changed by others" in done.err
    assert state.env_file("netra-ops").stat().st_mode & 0o777 == 0o600
