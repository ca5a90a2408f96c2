"""The installed command `netra` with both services as real processes of this machine."""

import json
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from fakes.installation import SETTLE, Installation
from fakes.timing import eventually_blocking
from netra_ops.platform.local.front import binary

pytestmark = pytest.mark.live

PASSWORD: Final = "correct horse battery staple"
SERVICES: Final = ("netra-auth", "netra-backend")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that runs, for tests that leave it running."""
    installation = Installation(tmp_path_factory.mktemp("running") / "state")
    started = installation.up()
    assert started.returncode == 0, started.stderr
    yield installation
    installation.end()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Installation]:
    """An installation of the test's own that was never started."""
    installation = Installation(tmp_path / "state")
    yield installation
    installation.end()


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _gone(pids: dict[str, int]) -> Callable[[], bool]:
    return lambda: not any(_runs(pid) for pid in pids.values())


def _steps(document: Any) -> dict[str, str]:
    return {step["name"]: step["verdict"] for step in document["steps"]}


def _me(url: str, token: str) -> Any:
    answer = httpx2.get(f"{url}/api/me", headers={"Authorization": f"Bearer {token}"})
    return answer.json() if answer.status_code == 200 else answer.status_code


def test_status_says_what_runs(running: Installation) -> None:
    """Where it is, which processes, which revision, and that it is ready."""
    status = running.status()

    assert status["ready"] is True
    assert status["revision"].startswith("netra-backend-00001-")
    assert set(status["pids"]) == set(SERVICES)
    assert all(_runs(pid) for pid in status["pids"].values())
    assert httpx2.get(status["url"]).json() == {"message": "Welcome to Netra API"}
    assert httpx2.get(f"{status['auth_url']}/health/ready").status_code == 200


def test_the_state_is_private(running: Installation) -> None:
    """Directories 0700, files 0600, all of them, the stores and logs too."""
    modes = {path: path.stat().st_mode & 0o777 for path in running.state.rglob("*")}

    assert running.state.stat().st_mode & 0o777 == 0o700
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}


def test_services_get_a_clean_environment_and_no_secret_in_their_arguments(
    running: Installation,
) -> None:
    """What the person's shell exports does not reach them, and `ps` shows nothing.

    The backend alone is told where the installation is, for the agent that looks into it.
    """
    behind_a_front = {"HOST", "PORT", "TRUSTED_PROXIES"} if binary.find().path else set()
    for service, pid in running.status()["pids"].items():
        environment = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        names = {entry.partition("=")[0] for entry in environment if entry}
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode()

        told = {"OPERATIONS_STATE"} if service == "netra-backend" else set()
        assert names == {"PATH", "LANG", "NETRA_ENV_FILE", "REVISION"} | behind_a_front | told
        assert running.env(service).get("SERVICE_SECRET", "none") not in arguments


def test_verify_walks_the_golden_path(running: Installation) -> None:
    """With a throw-away user every step passes, and the document says so."""
    done = running.run("verify", "--json")
    document = json.loads(done.stdout)

    assert {n: v for n, v in _steps(document).items() if v != "PASS"} == {}
    assert (done.returncode, document["verdict"]) == (0, "PASS")
    assert (document["wrong_refusals"], document["wrong_admissions"]) == (0, 0)


def test_verify_shows_a_table_to_people(running: Installation) -> None:
    """Without --json it is text, and without a terminal it has no colour."""
    done = running.run("verify")

    assert done.returncode == 0
    assert "PASS: wrong refusals 0, wrong admissions 0" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def _credentials_file(running: Installation, tmp_path: Path, **changes: str) -> Path:
    backend = running.env("netra-backend")
    running.run("users", "add", "walker@example.com", "--password-stdin", stdin=PASSWORD)
    content = {
        "auth_url": backend["AUTH_SERVICE_URL"],
        "email": "walker@example.com",
        "password": PASSWORD,
        "service_id": "netra-backend",
        "service_secret": backend["SERVICE_SECRET"],
    }
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps(content | changes), "utf-8")
    return file


def test_verify_takes_credentials_from_a_file(running: Installation, tmp_path: Path) -> None:
    """Then an existing account is used, and stays."""
    file = _credentials_file(running, tmp_path)
    for _ in range(2):
        done = running.run("verify", "--credentials", str(file), "--json")
        assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "PASS")


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({"password": "wrong horse battery"}, "log in"),
        ({"service_secret": "wrong secret of the backend service"}, "service token"),
    ],
)
def test_verify_fails_with_a_wrong_credential(
    running: Installation, tmp_path: Path, changes: dict[str, str], failing: str
) -> None:
    """The step that fails is named, what depends on it is unknown, and no secret is shown."""
    file = _credentials_file(running, tmp_path, **changes)
    done = running.run("verify", "--credentials", str(file), "--json")

    steps = _steps(json.loads(done.stdout))
    assert (done.returncode, steps[failing]) == (1, "FAIL")
    assert "UNKNOWN" in steps.values()
    assert not any(value in done.stdout + done.stderr for value in changes.values())


def test_verify_cannot_decide_about_nobody(running: Installation) -> None:
    """A backend that is not there gives exit code 3, not 1."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    done = running.run("verify", "--url", url, "--json")

    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (3, "UNKNOWN")


def test_a_user_is_added_and_gets_a_token(running: Installation) -> None:
    """The person the command made is the person the backend knows by the token."""
    email = "ann@example.com"
    user = running.json("users", "add", email, "--password-stdin", stdin=f"{PASSWORD}\n")
    given = running.run("token", "--email", email, "--password-stdin", stdin=f"{PASSWORD}\n")

    me = _me(running.status()["url"], given.stdout.strip())
    assert (me["principal"], me["kind"], me["roles"]) == (user["user_id"], "user", [])
    again = running.run("users", "add", email, "--password-stdin", stdin=PASSWORD)
    assert (again.returncode, again.stdout) == (1, "")
    assert "already" in again.stderr


def test_the_first_operator_is_made_here(running: Installation) -> None:
    """`--role operator` makes one, and the whole token response can be had."""
    email = "operator@example.com"
    arguments = ("users", "add", email, "--password-stdin", "--role", "operator")
    assert running.run(*arguments, stdin=PASSWORD).returncode == 0

    answer = running.json("token", "--email", email, "--password-stdin", stdin=PASSWORD)
    assert answer["token_type"] == "Bearer"
    assert _me(running.status()["url"], answer["access_token"])["roles"] == ["operator"]


def test_a_reset_password_replaces_the_old_one(running: Installation) -> None:
    """The old one is refused with a clear word, the new one works."""
    email, new = "reset@example.com", "another horse battery"
    running.run("users", "add", email, "--password-stdin", stdin=PASSWORD)
    reset = running.run("users", "reset-password", email, "--password-stdin", stdin=new)
    assert (reset.returncode, reset.stderr) == (0, "")

    old = running.run("token", "--email", email, "--password-stdin", stdin=PASSWORD)
    assert (old.returncode, old.stdout) == (1, "")
    assert "refused this e-mail address and password" in old.stderr
    given = running.run("token", "--email", email, "--password-stdin", stdin=new)
    assert given.returncode == 0


def test_a_service_gets_its_token(running: Installation) -> None:
    """From its env file, and it is that service's."""
    given = running.run("token", "--service", "netra-ops")

    assert _me(running.status()["url"], given.stdout.strip())["principal"] == "service:netra-ops"


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("users", "add", "x@example.com"), PASSWORD),
        (("users", "add", "x@example.com", "--password-stdin"), "\n"),
        (("users", "add", "x@example.com", "--password-stdin", "--role", "king"), PASSWORD),
        (("token", "--email", "x@example.com", "--password-stdin"), ""),
        (("token", "--service", "../netra-ops"), ""),
        (("token", "--service", "nobody"), ""),
        (("token",), ""),
        (("token", "--service", "netra-ops", "--email", "x@example.com"), ""),
        (("verify", "--credentials", "/nowhere.json"), ""),
        (("verify", "--url", "http://example.com"), ""),
        (("up", "--port", "70000"), ""),
        (("sing",), ""),
    ],
)
def test_wrong_usage_is_told_apart(
    running: Installation, arguments: tuple[str, ...], stdin: str
) -> None:
    """What cannot be asked so ends with exit code 2 and nothing on standard output."""
    done = running.run(*arguments, stdin=stdin)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_logs_hold_the_start_up_and_no_secret(running: Installation) -> None:
    """Every line is a JSON document; the backend's start-up messages are there word by word."""
    running.run("verify", "--json")
    lines = running.run("logs", "tail", "--json", "--lines", "100000").stdout.splitlines()
    events = [json.loads(line) for line in lines]
    messages = {event["message"] for event in events}

    assert {event["service"] for event in events} == set(SERVICES)
    assert [e["timestamp"] for e in events] == sorted(e["timestamp"] for e in events)
    assert {
        "Loaded SERVICE_SECRET from IsolatedEnvironment (SSOT compliant)",
        "AuthClientCore initialized successfully",
        (
            "AuthServiceClient initialized - Service ID: netra-backend, "
            "Service Secret configured: True"
        ),
        "Circuit breaker 'auth_service' initialized: threshold=3",
    } <= messages
    values = [running.env(s).get("SERVICE_SECRET") for s in ("netra-backend", "netra-ops")]
    values.append(running.env("netra-auth")["KEYRING_ENCRYPTION_KEY"])
    assert not any(value and value in line for value in values for line in lines)
    last = running.run("logs", "tail", "--lines", "3")
    assert len(last.stdout.splitlines()) == 3


def test_a_second_up_says_that_it_runs(running: Installation) -> None:
    """It changes nothing and succeeds; a port that would have to move is refused."""
    before = running.status()["pids"]

    again = running.run("up")
    assert again.returncode == 0
    assert "runs already" in again.stdout
    assert f"Chat: {running.status()['url']}/chat\n" in again.stdout
    moved = running.run("up", "--port", "1")
    assert moved.returncode == 2
    assert "netra down" in moved.stderr
    assert running.status()["pids"] == before


def test_a_second_start_finds_everything_as_it_was(fresh: Installation) -> None:
    """Ports, signing key, users and revisions stay."""
    fresh.up()
    fresh.run("users", "add", "kept@example.com", "--password-stdin", stdin=PASSWORD)
    before = fresh.status()
    keys = httpx2.get(f"{before['auth_url']}/.well-known/jwks.json").json()
    token = fresh.run("token", "--email", "kept@example.com", "--password-stdin", stdin=PASSWORD)

    down = fresh.run("down")
    assert down.returncode == 0
    assert not any(_runs(pid) for pid in before["pids"].values())
    stopped = fresh.run("status", "--json")
    assert (stopped.returncode, json.loads(stopped.stdout)["ready"]) == (1, False)
    assert fresh.run("down").returncode == 0
    assert fresh.run("up", "--detach").returncode == 0

    after = fresh.status()
    assert [after[k] for k in ("url", "auth_url", "revisions")] == [
        before[k] for k in ("url", "auth_url", "revisions")
    ]
    assert httpx2.get(f"{after['auth_url']}/.well-known/jwks.json").json() == keys
    assert _me(after["url"], token.stdout.strip())["kind"] == "user"
    again = fresh.run("token", "--email", "kept@example.com", "--password-stdin", stdin=PASSWORD)
    assert again.returncode == 0


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)]
)
def test_a_signal_ends_the_foreground_and_both_services(
    fresh: Installation, number: signal.Signals
) -> None:
    """Ctrl-C stops all of it, and that is no failure."""
    child = fresh.foreground()
    pids = fresh.status()["pids"]

    child.send_signal(number)

    assert child.wait(SETTLE) == 0
    assert _gone(pids)()
    assert fresh.status()["pids"] == dict.fromkeys(SERVICES)


@pytest.mark.long
def test_down_ends_the_foreground(fresh: Installation) -> None:
    """What another terminal stopped did not die."""
    child = fresh.foreground()

    assert fresh.run("down").returncode == 0
    assert child.wait(SETTLE) == 0


@pytest.mark.parametrize(
    "service", ["netra-auth", pytest.param("netra-backend", marks=pytest.mark.long)]
)
def test_a_service_that_dies_ends_the_foreground(fresh: Installation, service: str) -> None:
    """It says which one, stops the other, and fails."""
    child = fresh.foreground()
    pids = fresh.status()["pids"]

    os.kill(pids[service], signal.SIGKILL)

    _, errors = child.communicate(timeout=SETTLE)
    assert child.returncode == 1
    assert f"{service} ended by itself (signal 9)" in errors
    assert _gone(pids)()


def test_a_killed_up_leaves_what_the_next_command_understands(fresh: Installation) -> None:
    """The services go on; `status`, `up` and `down` know them."""
    child = fresh.foreground()
    pids = fresh.status()["pids"]
    child.kill()
    child.wait(SETTLE)

    status = fresh.status()
    assert (status["ready"], status["pids"]) == (True, pids)
    again = fresh.run("up")
    assert (again.returncode, "runs already" in again.stdout) == (0, True)
    assert fresh.run("down").returncode == 0
    assert _gone(pids)()


@pytest.mark.long
def test_up_mends_a_half_that_died(fresh: Installation) -> None:
    """If only one service still runs, both are started anew on the same ports."""
    fresh.up()
    before = fresh.status()
    os.kill(before["pids"]["netra-auth"], signal.SIGKILL)
    eventually_blocking(lambda: not _runs(before["pids"]["netra-auth"]), within=SETTLE)
    half = fresh.run("status", "--json")
    assert (half.returncode, json.loads(half.stdout)["pids"]["netra-auth"]) == (1, None)

    again = fresh.run("up", "--detach")

    assert again.returncode == 0
    assert "Only netra-backend still ran" in again.stderr
    after = fresh.status()
    assert (after["ready"], after["url"]) == (True, before["url"])
    assert not _runs(before["pids"]["netra-backend"])


def test_a_signal_during_the_start_leaves_nothing(fresh: Installation) -> None:
    """Ctrl-C before it is up stops what was started."""
    child = fresh.start("up", "--port", "0", "--auth-port", "0")
    record = fresh.state / "state.json"
    eventually_blocking(record.exists, within=SETTLE)
    pids = {n: s["process"]["pid"] for n, s in json.loads(record.read_bytes())["services"].items()}

    child.send_signal(signal.SIGINT)

    assert child.wait(SETTLE) == 1
    assert _gone(pids)()
    assert fresh.status()["pids"] == dict.fromkeys(SERVICES)


WRONG_EDITS: Final = (
    ("netra-backend", "SERVICE_SECRET", "changeme-Xq81"),
    ("netra-backend", "AUTH_SERVICE_URL", "http://auth.example.com"),
    ("netra-auth", "KEYRING_ENCRYPTION_KEY", '"quoted-9j2kd82jd0qk2jd8fj3kd0s8fj3kd82k"'),
    ("netra-auth", "PORT", "eighty"),
)


@pytest.mark.long
def test_a_wrong_edit_is_refused_by_name(fresh: Installation) -> None:
    """The start fails with the variable's name and without its value, and nothing stays."""
    fresh.up()
    fresh.run("down")

    for service, name, value in WRONG_EDITS:
        before = fresh.env(service)[name]
        fresh.edit(service, name, value)
        refused = fresh.run("up", "--detach")
        fresh.edit(service, name, before)

        assert (refused.returncode, refused.stdout) == (1, "")
        assert f"{service} ended during its start (exit code 2)" in refused.stderr
        assert name in refused.stderr
        assert value not in refused.stderr
        assert fresh.status()["pids"] == dict.fromkeys(SERVICES)


@pytest.mark.long
def test_a_wrong_service_secret_degrades_and_is_told(fresh: Installation) -> None:
    """Users are served all the same; `up` says what is not well, and `verify` fails."""
    fresh.up()
    fresh.run("down")
    fresh.edit("netra-backend", "SERVICE_SECRET", "Zw3-well-formed-but-not-the-registered-one")

    started = fresh.run("up", "--detach")

    assert started.returncode == 0
    assert "netra-backend is not well: own_credential" in started.stderr
    status = fresh.status()
    assert status["ready"] is True
    assert status["degraded"]
    assert status["revision"].startswith("netra-backend-00002-")
    done = fresh.run("verify", "--json")
    steps = _steps(json.loads(done.stdout))
    assert done.returncode == 1
    assert (steps["health"], steps["service token"], steps["me as user"]) == (
        "FAIL",
        "FAIL",
        "PASS",
    )


@pytest.mark.long
def test_two_ups_at_once_give_one_netra(fresh: Installation) -> None:
    """One starts it, the other waits and finds it running."""
    children = [fresh.start("up", "--detach", "--port", "0", "--auth-port", "0") for _ in range(2)]
    said = [child.communicate(timeout=2 * SETTLE) for child in children]

    assert [child.returncode for child in children] == [0, 0], said
    first_lines = sorted(out.splitlines()[0] for out, _ in said)
    assert first_lines == ["Netra runs already.", "Netra runs."]
    assert fresh.status()["ready"] is True


def test_a_taken_port_is_told(fresh: Installation) -> None:
    """A port that was asked for by number is that one or none, and nothing is made."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        refused = fresh.run("up", "--detach", "--port", port, "--auth-port", "0")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"Port {port} for netra-backend is taken" in refused.stderr
    assert fresh.status()["pids"] == dict.fromkeys(SERVICES)


@pytest.mark.long
def test_ports_can_be_moved(fresh: Installation) -> None:
    """New ports reach every env file, and the golden path passes there."""
    fresh.up()
    before = fresh.status()
    fresh.run("down")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])

    assert fresh.run("up", "--detach", "--auth-port", port).returncode == 0

    after = fresh.status()
    assert (after["url"], after["auth_url"]) == (before["url"], f"http://127.0.0.1:{port}")
    assert fresh.run("verify", "--json").returncode == 0


@pytest.mark.long
def test_an_installation_of_before_the_chat_page_learns_of_it(fresh: Installation) -> None:
    """Starting it again adds the page's address, once, and people can log in from there."""
    fresh.up()
    url = fresh.status()["url"]
    fresh.run("down")
    file = fresh.state / "env" / "netra-auth.env"
    now = file.read_text("utf-8")
    file.write_text(re.sub(r"CHAT_ORIGINS=.*\n", "", now), "utf-8")

    upgraded = fresh.run("up", "--detach")

    assert upgraded.returncode == 0
    assert "CHAT_ORIGINS" in upgraded.stderr
    assert f"Chat: {url}/chat\n" in upgraded.stdout
    assert sorted(file.read_text("utf-8").splitlines()) == sorted(now.splitlines())
    asked = {"client_id": "netra-chat", "redirect_uri": f"{url}/chat/callback"}
    answer = httpx2.get(f"{fresh.status()['auth_url']}/authorize", params=asked)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{url}/chat/callback?error=invalid_request")
    fresh.run("down")
    assert "CHAT_ORIGINS" not in fresh.run("up", "--detach").stderr


def test_commands_without_an_installation_say_so(fresh: Installation) -> None:
    """Looking for something that was never started makes nothing."""
    assert fresh.run("down").returncode == 0
    assert fresh.run("status").returncode == 1
    for arguments in (("verify",), ("logs", "tail"), ("token", "--service", "netra-ops")):
        done = fresh.run(*arguments)
        assert (done.returncode, "netra up" in done.stderr) == (2, True)
    assert not fresh.state.exists()
