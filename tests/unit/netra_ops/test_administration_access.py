"""Where a command administers and as whom: what is sent where, and what is refused before."""

import json
from pathlib import Path

import pytest

from fakes.netra_command import Run, set_values
from fakes.netra_over_http import SERVICES, FakeNetra, fake_netra
from netra.principal import Role
from netra_ops.platform.local.state_directory import StateDirectory

PASSWORD = "correct horse battery"


@pytest.fixture
def elsewhere() -> str:
    """An address of nobody."""
    return "https://auth.netra.invalid"


def test_the_toolkit_asks_for_no_more_than_it_needs(run: Run, netra: FakeNetra) -> None:
    """A token is for this task and this service alone (least privilege)."""
    assert run("keys", "list").code == 0

    (token,) = netra.tokens
    assert netra.scopes[token] == {"keys:admin"}
    assert netra.tokens[token].audience == ("netra-auth",)


def test_another_service_is_administered_by_its_credential(
    run: Run, state: StateDirectory, tmp_path: Path
) -> None:
    """An address, a client id and its secret, from a file or standard input, are all it takes."""
    file = tmp_path / "secret"
    file.write_text(SERVICES["netra-ops"] + "\n", "utf-8")
    file.chmod(0o640)
    with fake_netra() as far:
        far.administration.add_user("usr_1", "a@b.example")
        whom = ("--auth-url", far.url, "--client-id", "netra-ops")
        by_file = run("users", "list", *whom, "--client-secret-file", str(file), "--json")
        by_stdin = run(
            "users", "list", *whom, "--client-secret-stdin", "--json", stdin=SERVICES["netra-ops"]
        )

    assert by_file.code == by_stdin.code == 0
    assert by_file.out == by_stdin.out
    assert "can be read or changed by others" in by_file.err
    assert json.loads(by_file.out)["items"][0]["email"] == "a@b.example"
    assert state.env_file("netra-ops").is_file()


def test_an_operator_administers_by_logging_in(run: Run, netra: FakeNetra) -> None:
    """A person's command logs in, does its work, and leaves no session behind."""
    netra.users["op@b.example"] = ("usr_op", PASSWORD)
    netra.operators.add("usr_op")
    netra.administration.add_user("usr_op", "op@b.example", Role.OPERATOR)

    done = run("users", "list", "--email", "op@b.example", "--password-stdin", stdin=PASSWORD)

    assert done.code == 0
    assert "op@b.example" in done.out
    assert len(netra.revoked) == 1


def test_a_person_who_is_no_operator_is_refused(run: Run, netra: FakeNetra) -> None:
    """Their login is good, and opens nothing; exit code 1."""
    netra.users["a@b.example"] = ("usr_a", PASSWORD)

    done = run("keys", "list", "--email", "a@b.example", "--password-stdin", stdin=PASSWORD)

    assert (done.code, done.out) == (1, "")
    assert "403" in done.err
    assert len(netra.revoked) == 1


def test_two_passwords_come_one_after_the_other(run: Run, netra: FakeNetra) -> None:
    """The administrator's first, then the one that is to be set."""
    netra.users["op@b.example"] = ("usr_op", PASSWORD)
    netra.operators.add("usr_op")
    whom = ("--email", "op@b.example", "--password-stdin")

    done = run("users", "add", "new@b.example", *whom, stdin=f"{PASSWORD}\nanother battery\n")

    assert done.code == 0
    assert netra.users["new@b.example"][1] == "another battery"


def test_a_token_that_ends_is_replaced(run: Run, netra: FakeNetra) -> None:
    """However long a command takes, and without another login."""
    netra.users["op@b.example"] = ("usr_op", PASSWORD)
    netra.operators.add("usr_op")
    netra.token_seconds = 1
    for number in range(5):
        netra.administration.add_user(f"usr_{number}", f"{number}@b.example")
    netra.administration.largest_page = 2
    whom = ("--email", "op@b.example", "--password-stdin")

    done = run("users", "list", "--json", *whom, stdin=PASSWORD)

    assert len(json.loads(done.out)["items"]) == 5
    assert len(netra.tokens) == 3
    assert netra.asked.count("POST /login") == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--auth-url", "http://auth.netra.example"), "--auth-url must be https"),
        (("--auth-url", "https://auth.netra.example/path"), "--auth-url must be https"),
        (("--auth-url", "ftp://127.0.0.1"), "--auth-url must be https"),
        (("--auth-url", "https://auth.netra.invalid"), "say as whom"),
        (("--client-id", "netra-ops"), "needs its secret"),
        (("--client-id", "Not An Id", "--client-secret-stdin"), "--client-id must be"),
        (("--client-secret-stdin",), "needs --client-id"),
        (("--client-id", "netra-ops", "--email", "a@b.example"), "either as a person"),
        (
            ("--client-id", "a", "--client-secret-stdin", "--client-secret-file", "x"),
            "not both",
        ),
        (("--email", "a@b.example"), "--password-stdin"),
        (("--password-stdin",), "goes with --email"),
        (("--client-id", "netra-ops", "--client-secret-file", "gone"), "gone cannot be read"),
    ],
)
def test_options_that_do_not_say_where_or_as_whom_are_refused(
    run: Run, netra: FakeNetra, options: tuple[str, ...], says: str
) -> None:
    """Before anything is sent: exit code 2."""
    done = run("users", "list", *options, stdin="hunter2-hunter2")

    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert "hunter2" not in done.err
    assert netra.asked == []


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines\n", b"\xff\xfe", b"x" * 4097])
def test_a_file_without_a_secret_is_refused(run: Run, tmp_path: Path, content: bytes) -> None:
    """And nothing of it is said."""
    file = tmp_path / "secret"
    file.write_bytes(content)
    whom = ("--client-id", "netra-ops", "--client-secret-file", str(file))

    done = run("users", "list", "--auth-url", "https://auth.netra.invalid", *whom)

    assert (done.code, done.out) == (2, "")
    assert "two" not in done.err


def test_a_wrong_credential_is_a_refusal(run: Run, netra: FakeNetra) -> None:
    """Exit code 1, and the secret is not in what is said."""
    whom = ("--auth-url", netra.url, "--client-id", "netra-ops", "--client-secret-stdin")

    done = run("users", "list", *whom, stdin="wrong-secret-of-mine")

    assert (done.code, done.out) == (1, "")
    assert "invalid_client" in done.err
    assert "wrong-secret-of-mine" not in done.err


def test_a_credential_without_the_scope_is_told_which(run: Run, netra: FakeNetra) -> None:
    """What is missing is named."""
    netra.scopes["netra-ops"] = frozenset({"users:admin"})

    done = run("audit", "list")

    assert (done.code, "audit:read" in done.err, "invalid_scope" in done.err) == (1, True, True)


@pytest.mark.parametrize(
    ("status", "headers", "code", "says"),
    [
        (429, {"Retry-After": "17"}, 3, "Try again in 17 s"),
        (503, {"Retry-After": "5"}, 3, "Try again in 5 s"),
        (503, {"Retry-After": "soon\x1b[31m"}, 3, "503"),
        (500, {}, 3, "500"),
        (302, {"Location": "https://elsewhere.example/admin/users"}, 3, "led elsewhere"),
        (401, {}, 1, "401"),
        (403, {}, 1, "403"),
        (404, {}, 3, "does not offer GET /admin/users"),
        (405, {}, 3, "does not offer GET /admin/users"),
        (418, {}, 1, "418"),
    ],
)
def test_no_and_not_known_are_apart(
    run: Run, netra: FakeNetra, status: int, headers: dict[str, str], code: int, says: str
) -> None:
    """A refusal is exit code 1; who could not decide, or led elsewhere, is 3; nothing is shown."""
    netra.administration.trouble = (status, headers)

    done = run("users", "list", "--json")

    assert (done.code, done.out) == (code, "")
    assert says in done.err
    assert "\x1b" not in done.err
    assert sum("/admin/users" in line for line in netra.asked) == 1


def test_an_answer_of_another_form_is_not_taken(run: Run, netra: FakeNetra) -> None:
    """What cannot be read is neither yes nor no."""
    netra.administration.nonsense = True

    for command in (("users", "list"), ("services", "show", "a"), ("keys", "list")):
        done = run(*command)
        assert (done.code, done.out) == (3, "")
        assert "a form that this command does not know" in done.err


@pytest.mark.parametrize(
    "command",
    [
        ("users", "list"),
        ("sessions", "list", "usr_1"),
        ("services", "list"),
        ("keys", "rotate"),
        ("audit", "export"),
        ("audit", "verify"),
    ],
)
def test_nobody_there_is_not_known(
    run: Run, state: StateDirectory, command: tuple[str, ...]
) -> None:
    """A service that is down refused nobody: exit code 3."""
    with fake_netra() as server:
        set_values(state, "netra-ops", AUTH_SERVICE_URL=server.url)

    done = run(*command)

    assert (done.code, done.out) == (3, "")
    assert "did not answer" in done.err


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_a_name_never_makes_another_path(run: Run, netra: FakeNetra, name: str) -> None:
    """What would lead to another route is refused."""
    assert run("services", "disable", name).code == 2
    assert [line for line in netra.asked if "admin" in line] == []


def test_a_name_with_slashes_is_one_name(run: Run, netra: FakeNetra) -> None:
    """It reaches the service as it was given."""
    done = run("keys", "remove", "../users/usr_1?x#y", "--reason", "lost", "--yes")

    assert done.code == 1
    assert netra.administration.asked[-1].names == ("../users/usr_1?x#y",)
