"""`netra services`: what is registered, and where a secret goes that is given once."""

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.administration import NOW, secret_record
from fakes.netra_command import Run, set_values
from fakes.netra_over_http import FakeNetra
from netra.wire.auth_admin import SecretRecord, ServiceRecord
from netra_ops.administration.secret_use import old_secrets
from netra_ops.findings import Verdict
from netra_ops.platform.local import configuration
from netra_ops.platform.local.state_directory import StateDirectory

PUBLIC = {"kty": "EC", "crv": "P-256", "kid": "k1", "x": "eHg", "y": "eXk"}


def _billing(*secrets: SecretRecord) -> ServiceRecord:
    return ServiceRecord.model_validate(
        {
            "service_id": "billing",
            "name": "Bills",
            "scopes": ("profile:read",),
            "audiences": ("netra-backend",),
            "grants": ("client_credentials",),
            "redirect_uris": (),
            "key_ids": (),
            "created_at": NOW,
            "disabled_at": None,
            "secrets": secrets or (secret_record("sec_1"),),
        }
    )


@pytest.fixture
def billing(netra: FakeNetra) -> dict[str, ServiceRecord]:
    """A registered service with one secret."""
    netra.administration.services["billing"] = _billing()
    return netra.administration.services


def _key_set(path: Path, *keys: Any) -> str:
    path.write_text(json.dumps({"keys": keys}), "utf-8")
    return str(path)


def test_a_service_is_registered_with_all_it_may(
    run: Run, netra: FakeNetra, tmp_path: Path
) -> None:
    """Each option reaches the service; the secret is alone on standard output, once."""
    done = run(
        *("services", "add", "billing", "--name", "Bills", "--scope", "profile:read"),
        *("--scope", "sessions:open", "--audience", "netra-backend"),
        *("--grant", "authorization_code", "--grant", "refresh_token"),
        *("--redirect-uri", "https://bills.example/back"),
        *("--jwks", _key_set(tmp_path / "keys.json", PUBLIC)),
    )

    assert (done.code, done.out) == (0, "made-secret-of-billing\n")
    assert "only time" in done.err
    made = netra.administration.services["billing"]
    assert (made.name, made.scopes) == ("Bills", ("profile:read", "sessions:open"))
    assert made.audiences == ("netra-backend",)
    assert [grant.value for grant in made.grants] == ["authorization_code", "refresh_token"]
    assert made.redirect_uris == ("https://bills.example/back",)
    assert netra.administration.key_sets["billing"] == {"keys": [PUBLIC]}
    for command in (("services", "list", "--json"), ("services", "show", "billing", "--json")):
        assert "made-secret" not in run(*command).out
    again = run("services", "add", "billing")
    assert (again.code, "409" in again.err) == (1, True)


def test_a_registration_in_json_holds_the_secret_once(run: Run, netra: FakeNetra) -> None:
    """One document: the service, and its secret."""
    document = json.loads(run("services", "add", "billing", "--json").out)

    assert document["secret"] == "made-secret-of-billing"
    assert document["service"]["service_id"] == "billing"
    assert netra.administration.services["billing"].grants[0].value == "client_credentials"


def test_a_service_that_signs_needs_no_secret(run: Run, tmp_path: Path, netra: FakeNetra) -> None:
    """Nothing is shown, since there is nothing."""
    keys = _key_set(tmp_path / "keys.json", PUBLIC)

    done = run("services", "add", "billing", "--no-secret", "--jwks", keys)

    assert (done.code, done.out) == (0, "")
    assert netra.administration.services["billing"].secrets == ()
    keyless = run("services", "add", "other", "--no-secret")
    assert (keyless.code, "needs --jwks" in keyless.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("Bad Name",), "SERVICE is refused"),
        (("billing", "--grant", "password"), "--grant is refused"),
        (("billing", "--redirect-uri", "x"), "--redirect-uri is refused"),
        (("billing", "--scope", "a", "--scope", ""), "--scope is refused"),
        (("billing", "--name", "x" * 129), "--name is refused"),
    ],
)
def test_a_registration_of_no_sense_is_not_sent(
    run: Run, netra: FakeNetra, options: tuple[str, ...], says: str
) -> None:
    """The option at fault is named: exit code 2."""
    done = run("services", "add", *options)

    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert netra.asked == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not a JWKS"),
        (b"\xff", "is not a JWKS"),
        (b"[]", "is not a JWKS"),
        (b'{"keys": []}', "is not a JWKS"),
        (b'{"keys": ["a"]}', "not a key"),
        (json.dumps({"keys": [PUBLIC, PUBLIC | {"d": "private-part"}]}).encode(), "private"),
        (b'{"keys": [{"kty": "oct", "k": "private-part"}]}', "private"),
        (b'{"keys": [{"kty": "RSA", "p": "private-part"}]}', "private"),
        (json.dumps(PUBLIC | {"d": "private-part", "keys": [PUBLIC]}).encode(), "private"),
        (b" " * 65_537, "64 KiB"),
    ],
)
def test_no_private_key_leaves_this_machine(
    run: Run, netra: FakeNetra, tmp_path: Path, content: bytes, says: str
) -> None:
    """What is not a set of public keys is refused before anything is sent, and not shown."""
    file = tmp_path / "keys.json"
    file.write_bytes(content)

    done = run("services", "set-keys", "billing", str(file))

    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert "private-part" not in done.err
    assert netra.asked == []


@pytest.mark.usefixtures("billing")
def test_only_what_is_named_is_changed(run: Run, netra: FakeNetra, tmp_path: Path) -> None:
    """A list takes the place of the one there was; '' empties it; the rest stays."""
    services = netra.administration.services

    changed = json.loads(
        run(
            *("services", "change", "billing", "--scope", "sessions:open", "--audience", ""),
            "--json",
        ).out
    )

    assert (changed["scopes"], changed["audiences"]) == (["sessions:open"], [])
    assert services["billing"].name == "Bills"
    assert run("services", "change", "billing", "--name", "").code == 0
    assert services["billing"].name == ""
    assert run("services", "change", "billing").code == 2
    keys = _key_set(tmp_path / "keys.json", PUBLIC)
    assert run("services", "set-keys", "billing", keys).code == 0
    assert netra.administration.key_sets["billing"] == {"keys": [PUBLIC]}
    assert run("services", "change", "nobody", "--name", "x").code == 1


@pytest.mark.usefixtures("billing")
def test_a_service_is_shut_out_and_let_in(run: Run) -> None:
    """And the answer says how it stands now."""
    assert "disabled since" in run("services", "disable", "billing").out
    assert json.loads(run("services", "enable", "billing", "--json").out)["disabled_at"] is None
    assert "billing" in run("services", "list").out


def test_a_service_gives_no_more_than_it_holds(run: Run, netra: FakeNetra) -> None:
    """Its token has what it is to give and no more; a person who is an operator gives anything."""
    stronger = _billing().model_copy(update={"scopes": ("openid", "agents:run")})
    netra.administration.services["billing"] = stronger
    netra.users["op@b.example"] = ("usr_op", "correct horse battery")
    netra.operators.add("usr_op")
    whom = ("--email", "op@b.example", "--password-stdin")

    for command in (("rotate-secret",), ("enable",), ("change", "--name", "x")):
        refused = run("services", command[0], "billing", *command[1:])
        assert (refused.code, refused.out) == (1, "")
        assert "--email" in refused.err
        given = run(
            *("services", command[0], "billing", *command[1:], *whom),
            stdin="correct horse battery",
        )
        assert given.code == 0, given.err
    assert run("services", "disable", "billing").code == 0
    assert run("services", "add", "weaker", "--scope", "profile:read").code == 0
    assert netra.scopes[list(netra.tokens)[-1]] == {"services:admin", "profile:read"}


@pytest.mark.parametrize(
    ("overlap", "seconds"),
    [("24h", 86_400), ("7d", 604_800), ("1h30m", 5400), ("90s", 90), ("2w", 1_209_600), ("0", 0)],
)
@pytest.mark.usefixtures("billing")
def test_an_overlap_is_a_duration(run: Run, netra: FakeNetra, overlap: str, seconds: int) -> None:
    """As people write it; the present secrets end after it."""
    done = run("services", "rotate-secret", "billing", "--overlap", overlap, "--yes")

    assert (done.code, done.out) == (0, "rotated-secret\n")
    assert netra.administration.asked[-1].document == {"overlap_seconds": seconds}
    assert "sec_2" in done.err


@pytest.mark.parametrize("overlap", ["", "3600", "-1h", "1.5h", "91d", "1y", "h", "9999999999s"])
def test_what_is_no_overlap_is_refused(run: Run, netra: FakeNetra, overlap: str) -> None:
    """A number without its unit is not guessed at."""
    done = run("services", "rotate-secret", "billing", f"--overlap={overlap}")

    assert (done.code, "--overlap" in done.err) == (2, True)
    assert netra.asked == []


@pytest.mark.usefixtures("billing")
def test_a_secret_goes_to_a_new_private_file(run: Run, tmp_path: Path) -> None:
    """Nobody else can read it, and it is not on standard output."""
    file = tmp_path / "secret"

    done = run("services", "rotate-secret", "billing", "--secret-file", str(file), "--json")

    assert file.read_text("utf-8") == "rotated-secret\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "rotated-secret" not in done.out + done.err
    document = json.loads(done.out)
    assert (document["secret_file"], document["secret_id"]) == (str(file), "sec_2")


@pytest.mark.usefixtures("billing")
def test_a_file_that_is_there_is_never_written(run: Run, netra: FakeNetra, tmp_path: Path) -> None:
    """Neither it nor what a link points at; and no secret is made that would be lost."""
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_text("mine", "utf-8")
    link.symlink_to(tmp_path / "elsewhere")

    for file in (there, link, tmp_path / "no" / "folder"):
        done = run("services", "rotate-secret", "billing", "--secret-file", str(file))
        assert (done.code, done.out) == (2, "")

    assert there.read_text("utf-8") == "mine"
    assert not (tmp_path / "elsewhere").exists()
    assert netra.asked == []


def test_a_refused_rotation_leaves_no_file(run: Run, netra: FakeNetra, tmp_path: Path) -> None:
    """An empty file would look like a secret."""
    file = tmp_path / "secret"

    assert run("services", "rotate-secret", "nobody", "--secret-file", str(file)).code == 1
    assert not file.exists()
    assert [request.names for request in netra.administration.asked] == [("nobody",)]


@pytest.mark.usefixtures("netra")
def test_a_secret_goes_to_the_service_that_uses_it(run: Run, state: StateDirectory) -> None:
    """Its env file is replaced whole, and nothing else in it changes."""
    file = state.env_file("netra-backend")
    file.write_text(file.read_text("utf-8") + "# mine\n", "utf-8")
    before = file.read_text("utf-8")
    assert run("services", "add", "netra-backend").code == 0

    done = run("services", "rotate-secret", "netra-backend", "--env-file", str(file))

    assert (done.code, done.out) == (0, "")
    assert "rotated-secret" not in done.err
    assert file.read_text("utf-8") == before.replace("backend-secret", "rotated-secret")
    assert file.stat().st_mode & 0o777 == 0o600
    environment = configuration.read(state, "netra-backend")
    assert environment.get("SERVICE_SECRET") == "rotated-secret"


@pytest.mark.usefixtures("billing")
def test_an_env_file_may_be_in_any_folder(run: Run, tmp_path: Path) -> None:
    """Also in one that looks like a state directory's and is not."""
    folder = tmp_path / "srv" / "env"
    folder.mkdir(parents=True)
    file = folder / "billing.env"
    file.write_text("SERVICE_ID=billing\nSERVICE_SECRET=old", "utf-8")

    assert run("services", "rotate-secret", "billing", "--env-file", str(file)).code == 0
    assert file.read_text("utf-8") == "SERVICE_ID=billing\nSERVICE_SECRET=rotated-secret"


@pytest.mark.usefixtures("billing")
def test_an_env_file_of_another_service_is_refused(
    run: Run, netra: FakeNetra, state: StateDirectory, tmp_path: Path
) -> None:
    """Before a secret is made."""
    link = tmp_path / "link.env"
    link.symlink_to(state.env_file("netra-backend"))
    set_values(state, "netra-backend", SERVICE_ID="netra-backend")

    for file in (state.env_file("netra-backend"), link, tmp_path / "gone.env"):
        done = run("services", "rotate-secret", "billing", "--env-file", str(file))
        assert (done.code, done.out) == (2, "")
    both = ("--env-file", str(link), "--secret-file", str(tmp_path / "new"))
    assert run("services", "rotate-secret", "billing", *both).code == 2
    assert netra.asked == []


@pytest.mark.usefixtures("billing")
def test_a_secret_that_cannot_be_kept_is_shown(
    run: Run, netra: FakeNetra, state: StateDirectory
) -> None:
    """It is good from then on, so losing it would be worse."""
    file = state.env_file("billing")
    file.write_text("SERVICE_ID=billing\n", "utf-8")
    netra.on_ask = lambda line: file.unlink() if line.endswith("/secrets") else None

    done = run("services", "rotate-secret", "billing", "--env-file", str(file))

    assert (done.code, done.out) == (0, "rotated-secret\n")
    assert "could not be written" in done.err


@pytest.mark.usefixtures("billing")
def test_a_secret_is_deleted_knowingly(run: Run) -> None:
    """Who is asked is told first whether anybody still uses it."""
    run("services", "rotate-secret", "billing")

    kept = run("services", "delete-secret", "billing", "sec_1", typed="n\n")
    assert (kept.code, "Can sec_1 be deleted?" in kept.out) == (1, True)
    newest = run("services", "delete-secret", "billing", "sec_2", typed="n\n")
    assert "is the newest one" in newest.out
    done = run("services", "delete-secret", "billing", "sec_1", "--yes", "--json")
    assert [s["secret_id"] for s in json.loads(done.out)["secrets"]] == ["sec_2"]
    assert "the only one" in run("services", "delete-secret", "billing", "sec_2", typed="n").out
    assert run("services", "delete-secret", "billing", "sec_1", "--yes").code == 1


@pytest.mark.parametrize(
    ("old_used", "new_used", "verdict"),
    [
        (None, NOW + 200, Verdict.PASS),
        (NOW - 50, NOW + 200, Verdict.PASS),
        (NOW + 1, NOW + 200, Verdict.FAIL),
        (NOW, NOW + 200, Verdict.FAIL),
        (NOW + 1, None, Verdict.FAIL),
        (None, None, Verdict.UNKNOWN),
        (NOW - 50, None, Verdict.UNKNOWN),
    ],
)
def test_an_old_secret_may_go_once_the_new_one_took_its_place(
    old_used: float | None, new_used: float | None, verdict: Verdict
) -> None:
    """Use since the new one was made is a no; silence of both is no yes."""
    old = secret_record("sec_1", NOW - 100, last_used_at=old_used)
    new = secret_record("sec_2", NOW, last_used_at=new_used)

    (judged,) = old_secrets((new, old), NOW)

    assert (judged.secret, judged.newest, judged.verdict) == (old, new, verdict)


def test_showing_a_service_answers_whether_the_old_secret_can_go(
    run: Run, netra: FakeNetra
) -> None:
    """In a sentence for people, and as a word in JSON."""
    used = secret_record("sec_2", NOW, last_used_at=NOW + 5, uses=2, valid_until=NOW + 9e7)
    netra.administration.services["billing"] = _billing(
        secret_record("sec_0", NOW - 60),
        secret_record("sec_1", NOW - 50, valid_until=NOW - 4e8),
        used,
        secret_record("sec_3", NOW),
    )

    shown = run("services", "show", "billing").out
    answers = json.loads(run("services", "show", "billing", "--json").out)["old_secrets"]

    assert "Can sec_0 be deleted? Not known yet: it was never used" in shown
    assert "Can sec_1 be deleted? Yes: its time was over " in shown
    assert "Can sec_2 be deleted? No: it was used 0 s ago" in shown
    assert [answer["can_be_deleted"] for answer in answers] == ["unknown", "yes", "no"]
    assert "(over)" in shown
