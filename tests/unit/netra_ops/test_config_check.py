"""What `netra config check` refuses, passes and leaves open, on files as people have them."""

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fakes.configurations import (
    AUTH,
    BACKEND,
    cloud_run,
    env_file,
    json_file,
    knative,
    pair,
    parted,
    shown_parts,
    yaml_file,
)
from fakes.environments import service_registry, strong_secret
from fakes.local_records import stopped_service
from fakes.netra_command import Done
from netra.contract import Contract, VariableKind
from netra.contract.declared import netra_auth, netra_backend
from netra.secret import Secret
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.candidates.judging import judge
from netra_ops.cli.main import main
from netra_ops.findings import Verdict
from netra_ops.platform.local import configuration, record, state_directory
from netra_ops.platform.local.record import Record

Ran = Callable[..., Done]
CONTRACTS = {AUTH: netra_auth.CONTRACT, BACKEND: netra_backend.CONTRACT}


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Ran:
    """Give what runs `netra config check`."""

    def run(*arguments: str) -> Done:
        try:
            code = main(["config", "check", *arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Done(code, *capsys.readouterr())

    return run


def required_of(contract: Contract, values: Mapping[str, str]) -> list[str]:
    """Give the variables that a configuration must set: those without which it is refused."""
    return [v.name for v in contract.variables if v.name in values and v.required.text != "no"]


def secrets_of(service: str) -> list[str]:
    """Give the secrets of a service."""
    return [v.name for v in CONTRACTS[service].variables if v.kind is VariableKind.SECRET]


REQUIRED = [
    (service, name)
    for service, values in zip((AUTH, BACKEND), pair(), strict=True)
    for name in required_of(CONTRACTS[service], values)
]


def both_files(folder: Path, auth: Mapping[str, str], backend: Mapping[str, str]) -> list[str]:
    """Write the env files of both services."""
    return [
        env_file(folder, auth, f"{AUTH}.env"),
        env_file(folder, backend, f"{BACKEND}.env"),
    ]


def refused(done: Done, service: str, variable: str, says: str) -> None:
    """See that a check failed for one reason at least, which names the variable."""
    lines = [line for line in done.out.splitlines() if line.startswith("FAIL ")]

    assert done.code == 1, done
    assert any(f"{service} {variable} " in line and says in line for line in lines), done.out


def test_what_the_two_services_need_is_known() -> None:
    """The cases below are about these variables; none is left out by mistake."""
    assert {name for service, name in REQUIRED if service == AUTH} == {
        *("ENVIRONMENT", "SERVICE_ID", "DATABASE_URL", "ISSUER_URL", "JWT_SECRET_KEY"),
        *("KEYRING_ENCRYPTION_KEY", "SERVICE_REGISTRY"),
    }
    assert {name for service, name in REQUIRED if service == BACKEND} == {
        *("ENVIRONMENT", "SERVICE_ID", "DATABASE_URL", "SERVICE_SECRET", "AUTH_SERVICE_URL"),
        "JWT_SECRET_KEY",
    }


def test_two_good_configurations_pass(check: Ran, tmp_path: Path) -> None:
    """Both services are checked, and what must be equal in both is compared."""
    done = check(*both_files(tmp_path, *pair()))

    assert done == Done(
        0,
        "PASS: netra-auth, netra-backend; 57 variables checked, 6 compared between services, "
        "0 wrong, 0 not known\n",
        "",
    )


@pytest.mark.parametrize(("service", "name"), REQUIRED)
@pytest.mark.parametrize("form", ["env", "v1", "v2"])
def test_a_broken_variable_is_refused_by_name(
    check: Ran, tmp_path: Path, service: str, name: str, form: str
) -> None:
    """Removed, emptied, with a line break, quoted or unresolved, it fails (checklist 61)."""
    values = dict(zip((AUTH, BACKEND), pair(TOKEN_TRUST_MODE="shared-key"), strict=True))[service]
    if name == "KEYRING_ENCRYPTION_KEY":
        values["TOKEN_TRUST_MODE"] = "keyring"
    line_break = "\\n" if form == "env" else "\n"
    damages = {
        "is not set": None,
        "is set but empty": "",
        "ends in a " + ("backslash" if form == "env" else "line break"): values[name] + line_break,
        "has quotation marks": f'"{values[name]}"',
        "holds a reference that nothing has replaced": f"${{{name}}}",
    }
    for says, damaged in damages.items():
        left = {n: v for n, v in values.items() if n != name}
        changed = left if damaged is None else {**left, name: damaged}
        file = {
            "env": lambda: env_file(tmp_path, changed, "some.env"),  # noqa: B023 - called at once
            "v1": lambda: yaml_file(tmp_path, knative(changed, service=service)),  # noqa: B023
            "v2": lambda: json_file(tmp_path, cloud_run(changed, service=service)),  # noqa: B023
        }[form]()
        done = check(file, "--service", service)
        document = check(file, "--service", service, "--json")

        refused(done, service, name, says)
        (found, *_) = [
            one
            for one in json.loads(document.out)["findings"]
            if one["variable"] == name and says in one["says"]
        ]
        assert (document.code, found["verdict"], found["service"]) == (1, "FAIL", service)
        assert found["fix"]
        assert found["file"] == file
        assert (found["line"] is None) == (damaged is None and form == "env") or form != "env"
        assert shown_parts({**values, **changed}.values(), *done[1:], *document[1:]) == []


def test_a_place_is_a_line(check: Ran, tmp_path: Path) -> None:
    """A finding names the line at which the variable is set, in every notation."""
    _, backend = pair(LOG_LEVEL="LOUD")
    files = [
        env_file(tmp_path, backend, f"{BACKEND}.env"),
        yaml_file(tmp_path, knative(backend)),
        json_file(tmp_path, cloud_run(backend)),
    ]
    for file in files:
        text = Path(file).read_text(encoding="utf-8").splitlines()
        (line,) = [n for n, one in enumerate(text, start=1) if "LOG_LEVEL" in one]
        found = json.loads(check(file, "--json").out)["findings"]
        (place,) = [one["line"] for one in found if one["variable"] == "LOG_LEVEL"]

        # In JSON an entry begins with its bracket, a line above its name.
        assert place in (line, line - 1)


def test_keys_that_differ_are_refused(check: Ran, tmp_path: Path) -> None:
    """The services' JWT keys are compared without being shown (checklist 62)."""
    auth, backend = pair()
    backend["JWT_SECRET_KEY"] = strong_secret()
    done = check(*both_files(tmp_path, auth, backend))

    refused(done, BACKEND, "JWT_SECRET_KEY", "must equal JWT_SECRET_KEY of netra-auth")
    assert "is another value" in done.out
    assert shown_parts([*auth.values(), *backend.values()], *done[1:]) == []


KEYS = ("JWT_SECRET_KEY", "JWT_SECRET_KEY_PREVIOUS")


@pytest.mark.parametrize(
    ("signs", "accepts", "code"),
    [
        # The steps of a change of keys, in their order.
        (("old", None), ("old", None), 0),
        (("old", None), ("new", "old"), 0),
        (("new", "old"), ("new", "old"), 0),
        (("new", None), ("new", "old"), 0),
        (("new", None), ("new", None), 0),
        # The backend drops a key whose tokens are alive, or does not have the one that signs.
        (("old", None), ("new", None), 1),
        (("new", "old"), ("new", None), 1),
        (("new", "old"), ("new", "other"), 1),
        (("new", "old"), ("old", None), 1),
    ],
)
@pytest.mark.parametrize("is_seen", [True, False])
@pytest.mark.parametrize("step", [1, -1])
def test_a_key_whose_tokens_live_is_not_dropped(
    check: Ran,
    tmp_path: Path,
    signs: tuple[str, str | None],
    accepts: tuple[str, str | None],
    code: int,
    step: int,
    is_seen: bool,  # noqa: FBT001 - a case
) -> None:
    """A backend accepts what the auth service signs, or signed, with (checklist 63)."""
    versions = {"old": "1", "new": "2", "other": "3"}
    values = {name: strong_secret() for name in versions}
    files = []
    for service, one, keys in zip((AUTH, BACKEND), pair(), (signs, accepts), strict=True):
        held = {name: key for name, key in zip(KEYS, keys, strict=True) if key}
        del one["JWT_SECRET_KEY"]
        if is_seen:
            given = {name: values[key] for name, key in held.items()}
            files.append(env_file(tmp_path, {**one, **given}, f"{service}.env"))
        else:
            references = {name: ("jwt-key", versions[key]) for name, key in held.items()}
            plain, referred = parted(one, secrets_of(service))
            document = knative(plain, {**referred, **references}, service)
            files.append(yaml_file(tmp_path, document, f"{service}.yaml"))
    done = check(*files[::step])

    assert done.code == (code or (0 if is_seen else 3))
    assert (f"FAIL    {BACKEND} JWT_SECRET_KEY " in done.out) == bool(code)
    assert shown_parts(values.values(), *done[1:]) == []
    if signs[1] is not None and accepts[0] == signs[0] and code:
        assert "is not JWT_SECRET_KEY_PREVIOUS of netra-auth" in done.out


@pytest.mark.parametrize("side", [0, 1])
def test_a_key_encoded_on_one_side_is_named_as_that(check: Ran, tmp_path: Path, side: int) -> None:
    """The same key in base64 is refused and said to be that, whichever side has it."""
    services = pair()
    services[side]["JWT_SECRET_KEY"] = base64.b64encode(
        services[side]["JWT_SECRET_KEY"].encode()
    ).decode()
    done = check(*both_files(tmp_path, *services))

    refused(done, BACKEND, "JWT_SECRET_KEY", "encoded as base64")
    assert shown_parts([v for one in services for v in one.values()], *done[1:]) == []


def test_another_environments_address_is_refused(check: Ran, tmp_path: Path) -> None:
    """An AUTH_SERVICE_URL that names another environment fails, with or without the peer's file."""
    _, backend = pair(ENVIRONMENT="production")
    backend["AUTH_SERVICE_URL"] = "https://auth.staging.example.org"
    alone = check(env_file(tmp_path, backend, f"{BACKEND}.env"))

    refused(
        alone, BACKEND, "AUTH_SERVICE_URL", "names a host of staging, though this is production"
    )


def test_an_address_that_is_not_the_issuers_is_refused(check: Ran, tmp_path: Path) -> None:
    """An AUTH_SERVICE_URL whose service issues under another address fails beside the peer."""
    auth, backend = pair()
    backend["AUTH_SERVICE_URL"] = pair()[1]["AUTH_SERVICE_URL"]
    done = check(*both_files(tmp_path, auth, backend))

    refused(done, BACKEND, "AUTH_SERVICE_URL", "must equal ISSUER_URL of netra-auth")
    assert shown_parts([auth["ISSUER_URL"], backend["AUTH_SERVICE_URL"]], *done[1:]) == []


def test_a_service_is_held_against_the_registry(check: Ran, tmp_path: Path) -> None:
    """A name nobody registered leaves it open; a secret that was not registered is told."""
    auth, backend = pair()
    stranger = check(*both_files(tmp_path, auth, {**backend, "SERVICE_ID": "netra-front"}))
    rotated = check(*both_files(tmp_path, auth, {**backend, "SERVICE_SECRET": strong_secret()}))

    assert (stranger.code, rotated.code) == (3, 0)
    assert "UNKNOWN netra-backend SERVICE_ID is not in the registry at" in stranger.out
    assert "NOTE    netra-backend SERVICE_SECRET is not the one whose digest" in rotated.out


@pytest.mark.parametrize(
    ("registered", "held", "says"),
    [
        ("{0}", "{0}\r", "the registry at {1}, with a line break at its end"),
        ("{0}", '"{0}"', "the registry at {1}, in quotation marks"),
        ("{0}", "{2}", "the registry at {1}, encoded as base64"),
        ("{0}\n", "{0}", "the registry at {1}: that is the digest of it and a line break"),
    ],
)
def test_a_secret_that_is_nearly_the_registered_one_is_refused(
    check: Ran, tmp_path: Path, registered: str, held: str, says: str
) -> None:
    """A secret with a line break, in quotes or in base64 on one side is no rotation."""
    secret = strong_secret()
    auth, backend = pair()
    encoded = base64.b64encode(secret.encode()).decode()
    auth["SERVICE_REGISTRY"] = service_registry({BACKEND: registered.format(secret)})
    backend["SERVICE_SECRET"] = held.format(secret, "", encoded)
    files = both_files(tmp_path, auth, backend)
    done = check(*files)

    line = list(auth).index("SERVICE_REGISTRY") + 1
    refused(done, BACKEND, "SERVICE_SECRET", says.format("", f"{files[0]}:{line}"))
    assert shown_parts([secret, encoded], *done[1:]) == []


def test_services_of_two_environments_are_refused(check: Ran, tmp_path: Path) -> None:
    """A staging backend beside a production auth service fails."""
    auth, backend = pair()
    backend["ENVIRONMENT"] = "staging"

    done = check(*both_files(tmp_path, auth, backend))

    refused(done, BACKEND, "ENVIRONMENT", "must equal ENVIRONMENT of netra-auth")


@pytest.mark.parametrize("service", [AUTH, BACKEND])
def test_a_secret_in_plain_text_is_refused(check: Ran, tmp_path: Path, service: str) -> None:
    """In a document that may refer to secrets, each secret written out fails by name."""
    values = dict(zip((AUTH, BACKEND), pair(), strict=True))[service]
    plain, referred = parted(values, secrets_of(service))
    assert referred
    for name in referred:
        left = {n: r for n, r in referred.items() if n != name}
        for file in (
            yaml_file(tmp_path, knative({**plain, name: values[name]}, left, service)),
            json_file(tmp_path, cloud_run({**plain, name: values[name]}, left, service)),
        ):
            done = check(file)

            refused(done, service, name, "is a secret, and stands in the document in plain text")
            assert shown_parts(values.values(), *done[1:]) == []


def test_references_leave_it_open(check: Ran, tmp_path: Path) -> None:
    """Pinned references are neither a pass nor a failure: exit code 3, each one told."""
    _, backend = pair()
    plain, referred = parted(backend, secrets_of(BACKEND))
    for file in (
        yaml_file(tmp_path, knative(plain, referred)),
        json_file(tmp_path, cloud_run(plain, referred)),
    ):
        done = check(file)

        assert done.code == 3
        for name in referred:
            assert f"UNKNOWN netra-backend {name} is taken from the secret " in done.out
        assert "FAIL" not in done.out


def test_a_reference_that_is_not_pinned_is_told(check: Ran, tmp_path: Path) -> None:
    """`latest` is no failure by itself, and is said."""
    _, backend = pair()
    plain, referred = parted(backend, secrets_of(BACKEND))
    referred["JWT_SECRET_KEY"] = ("jwt-secret-key", "latest")

    done = check(yaml_file(tmp_path, knative(plain, referred)))

    (note,) = [line for line in done.out.splitlines() if line.startswith("NOTE")]
    assert "JWT_SECRET_KEY refers to the secret jwt-secret-key, version latest" in note


def test_the_secrets_beside_it_decide(check: Ran, tmp_path: Path) -> None:
    """With the values in files, references pass or fail by them; a line break is not hidden."""
    services = dict(zip((AUTH, BACKEND), pair(), strict=True))
    files = []
    for service, values in services.items():
        plain, referred = parted(values, secrets_of(service))
        for name, (secret, version) in referred.items():
            referred[name] = (f"{service}-{secret}", version)
            folder = tmp_path / "secrets" / f"{service}-{secret}"
            folder.mkdir(parents=True)
            (folder / version).write_text(values[name], encoding="utf-8")
        files.append(yaml_file(tmp_path, knative(plain, referred, service), f"{service}.yaml"))
    good = check(*files, "--secrets", str(tmp_path / "secrets"))
    key = tmp_path / "secrets" / f"{BACKEND}-jwt-secret-key" / "3"
    key.write_text(services[BACKEND]["JWT_SECRET_KEY"] + "\n", encoding="utf-8")
    bad = check(*files, "--secrets", str(tmp_path / "secrets"))

    assert good.code == 0, good
    refused(bad, BACKEND, "JWT_SECRET_KEY", "ends in a line break")
    refused(bad, BACKEND, "JWT_SECRET_KEY", "the same value with a line break at its end")
    assert shown_parts([v for one in services.values() for v in one.values()], *bad[1:]) == []


@pytest.mark.parametrize(
    ("references", "code", "says"),
    [
        ((("key", "3"), ("key", "3")), 3, None),
        ((("key", "3"), ("key", "4")), 1, "refers to version 4 of the secret where that"),
        ((("key", "latest"), ("key", "latest")), 3, "without pinning its version"),
        ((("key", "3"), ("other", "3")), 3, "cannot be compared without their values"),
    ],
)
def test_references_are_compared_by_what_they_name(
    check: Ran,
    tmp_path: Path,
    references: tuple[tuple[str, str], tuple[str, str]],
    code: int,
    says: str | None,
) -> None:
    """One pinned version is equal to itself and no other one; what may differ stays open."""
    files = []
    for service, values, reference in zip((AUTH, BACKEND), pair(), references, strict=True):
        plain, referred = parted(values, secrets_of(service))
        document = knative(plain, {**referred, "JWT_SECRET_KEY": reference}, service)
        files.append(yaml_file(tmp_path, document, f"{service}.yaml"))
    done = check(*files)

    assert done.code == code
    assert (says is not None) == ("must equal JWT_SECRET_KEY" in done.out)
    assert says is None or says in done.out


@pytest.mark.parametrize(
    ("projects", "is_equal"),
    [(("1", "1"), True), (("1", None), True), (("1", "2"), False), (("1", "p"), False)],
)
def test_a_secret_of_another_project_is_another_one(
    check: Ran,
    tmp_path: Path,
    projects: tuple[str, str | None],
    is_equal: bool,  # noqa: FBT001 - a case
) -> None:
    """The same name in two projects is not taken for one key, nor a number for an id."""
    files = []
    for service, values, project in zip((AUTH, BACKEND), pair(), projects, strict=True):
        plain, referred = parted(values, secrets_of(service))
        document = knative(plain, referred, service)
        if project is not None:
            document["metadata"]["namespace"] = project
        files.append(yaml_file(tmp_path, document, f"{service}.yaml"))
    done = check(*files)

    assert done.code == 3
    assert ("must equal JWT_SECRET_KEY" not in done.out) == is_equal


def test_a_value_in_the_place_of_a_secrets_name_is_not_shown(check: Ran, tmp_path: Path) -> None:
    """Whoever writes the key where its name should be does not find it in the output."""
    _, backend = pair()
    value = strong_secret()
    for written in (value, f"{value}+/=", f"{value}\n"):
        for reference in ((written, "3"), ("key", written)):
            document = knative(backend, {"JWT_SECRET_KEY": reference, "OTHER": reference})
            outputs = [
                check(yaml_file(tmp_path, document)),
                check(yaml_file(tmp_path, document), "--json"),
            ]
            for done in outputs:
                assert done.code == 1
                assert shown_parts([value], *done[1:]) == []


def test_a_reference_must_name_its_secret(check: Ran, tmp_path: Path) -> None:
    """A reference without a name or version, or to something else, fails."""
    _, backend = pair()
    plain, referred = parted(backend, secrets_of(BACKEND))
    for entry, says in (
        ({"secretKeyRef": {"key": "3"}}, "refers to a secret without naming it"),
        ({"secretKeyRef": {"name": "key"}}, "without saying which version"),
        ({"configMapKeyRef": {"name": "key"}}, "from a source that Cloud Run does not know"),
    ):
        document = knative(plain, referred)
        env = document["spec"]["template"]["spec"]["containers"][0]["env"]
        env[:] = [one for one in env if one["name"] != "JWT_SECRET_KEY"]
        env.append({"name": "JWT_SECRET_KEY", "valueFrom": entry})
        done = check(yaml_file(tmp_path, document))

        refused(done, BACKEND, "JWT_SECRET_KEY", says)


def test_what_the_platform_sets_is_not_to_be_set(check: Ran, tmp_path: Path) -> None:
    """PORT in a Cloud Run document fails; that it is not set does not."""
    _, backend = pair(PORT="8080")

    refused(check(yaml_file(tmp_path, knative(backend))), BACKEND, "PORT", "set by Cloud Run")


@pytest.mark.parametrize(
    ("member", "value", "verdict", "says"),
    [
        ("env", {"LOG_LEVEL": "INFO"}, "FAIL", "has an `env` that is no list of variables"),
        ("envFrom", [{"secretRef": {"name": "all"}}], "UNKNOWN", "from elsewhere (`envFrom`)"),
    ],
)
def test_variables_that_cannot_be_listed_are_told(
    check: Ran, tmp_path: Path, member: str, value: Any, verdict: str, says: str
) -> None:
    """What would let variables go unseen in a document is never passed over."""
    plain, referred = parted(pair()[1], secrets_of(BACKEND))
    document = knative(plain, referred)
    document["spec"]["template"]["spec"]["containers"][0][member] = value
    done = check(yaml_file(tmp_path, document))

    (line,) = [line for line in done.out.splitlines() if says in line]
    assert line.startswith(f"{verdict:7} {BACKEND} ")
    assert done.code == (1 if verdict == "FAIL" else 3)


def test_a_value_and_a_reference_of_one_variable_are_refused(check: Ran, tmp_path: Path) -> None:
    """Which of the two would hold is not guessed, and the value is not shown."""
    plain, referred = parted(pair()[1], secrets_of(BACKEND))
    document = knative(plain, referred)
    value = strong_secret()
    document["spec"]["template"]["spec"]["containers"][0]["env"][-1]["value"] = value
    done = check(yaml_file(tmp_path, document))

    assert done.code == 1
    assert "has both a value and a reference" in done.out
    assert shown_parts([value], *done[1:]) == []


def test_what_the_platform_gives_is_judged_where_it_is_written(check: Ran, tmp_path: Path) -> None:
    """A REVISION that a document sets itself must have its form like any other variable."""
    _, backend = pair(REVISION="not a revision")

    refused(check(yaml_file(tmp_path, knative(backend))), BACKEND, "REVISION", "white space")


def test_nothing_judged_is_no_pass() -> None:
    """Without a configuration nothing is known."""
    assert judge([], Fingerprints(Secret(strong_secret()))).verdict is Verdict.UNKNOWN


def test_a_value_that_is_no_text_is_refused(check: Ran, tmp_path: Path) -> None:
    """`value: 8080` without quotation marks, which the platform refuses too, fails."""
    _, backend = pair()
    document = knative({**backend, "RETENTION_SWEEP": "on"})
    text = Path(yaml_file(tmp_path, document)).read_text(encoding="utf-8").replace("'on'", "on")
    file = tmp_path / "bare.yaml"
    file.write_text(text, encoding="utf-8")

    refused(check(str(file)), BACKEND, "RETENTION_SWEEP", "not as a text")


def test_a_variable_set_twice_is_refused(check: Ran, tmp_path: Path) -> None:
    """In a file or in a document, under one name, by a file besides, or under an alias."""
    _, backend = pair()
    twice = knative(backend)
    env = twice["spec"]["template"]["spec"]["containers"][0]["env"]
    env.append({"name": "SERVICE_SECRET", "value": strong_secret()})
    name = f"{BACKEND}.env"
    file = Path(env_file(tmp_path, backend, name))
    text = file.read_text(encoding="utf-8")

    refused(check(yaml_file(tmp_path, twice)), BACKEND, "SERVICE_SECRET", "is set twice")
    for line, says in (
        ("SERVICE_SECRET=x\n", "is set twice, the first time at line"),
        ("SERVICE_SECRET_FILE=/run/x\n", "is set twice, by SERVICE_SECRET and by"),
    ):
        file.write_text(text + line, encoding="utf-8")
        refused(check(str(file)), BACKEND, "SERVICE_SECRET", says)


def test_a_value_in_a_file_elsewhere_is_left_open(check: Ran, tmp_path: Path) -> None:
    """NAME_FILE names a file of the machine the service will run on, which is not opened."""
    _, backend = pair()
    del backend["SERVICE_SECRET"]
    backend["SERVICE_SECRET_FILE"] = "/etc/passwd"

    done = check(env_file(tmp_path, backend, f"{BACKEND}.env"))

    assert done.code == 3
    assert "UNKNOWN netra-backend SERVICE_SECRET is taken from file: it cannot be seen" in done.out


def test_the_service_is_found_or_told(check: Ran, tmp_path: Path) -> None:
    """By the document's name, by SERVICE_ID, or by --service; else nothing is guessed."""
    auth, backend = pair()
    by_id = check(env_file(tmp_path, backend, "production"))
    by_name = check(yaml_file(tmp_path, knative({**auth, "SERVICE_ID": ""}, service=AUTH)))
    del backend["SERVICE_ID"]
    unknown = check(env_file(tmp_path, backend, "production"))
    strange = check(env_file(tmp_path, backend, "production"), "--service", "netra-front")

    assert by_id.code == 0
    refused(by_name, AUTH, "SERVICE_ID", "is set but empty")
    assert unknown.code == strange.code == 2
    assert "--service" in unknown.err
    assert "netra-auth, netra-backend" in strange.err


def test_the_local_platforms_record_leads_to_its_files(check: Ran, tmp_path: Path) -> None:
    """A state.json stands for the env files beside it."""
    (tmp_path / "env").mkdir()
    auth, backend = pair()
    both_files(tmp_path / "env", auth, {**backend, "SERVICE_SECRET": "short"})
    one = {"port": 1, "revision": "r", "fingerprint": "f", "process": None}
    file = json_file(tmp_path, {"services": {AUTH: one, BACKEND: one}, "format": 1}, "state.json")

    done = check(file)

    refused(done, BACKEND, "SERVICE_SECRET", "is too short")
    assert f"({tmp_path}/env/{BACKEND}.env:" in done.out


def test_what_netra_up_makes_passes(check: Ran, tmp_path: Path) -> None:
    """The env files of a local installation, read by way of its record, have nothing wrong."""
    directory = state_directory.created(tmp_path / "state")
    configuration.make(directory, {AUTH: 8001, BACKEND: 8000})
    services = {name: stopped_service(1, f"{name}-00001-abc") for name in (AUTH, BACKEND)}
    record.save(directory, Record(services))

    done = check(str(directory.record_file))

    assert done.code == 0, done
    assert "5 compared between services" in done.out


def test_a_document_of_several_services_is_checked_whole(check: Ran, tmp_path: Path) -> None:
    """Every document of a YAML stream counts, and they are compared with each other."""
    auth, backend = pair()
    backend["JWT_SECRET_KEY"] = strong_secret()
    one = Path(yaml_file(tmp_path, knative(auth, service=AUTH), "one.yaml"))
    other = Path(yaml_file(tmp_path, knative(backend), "other.yaml"))
    text = f"---\n{one.read_text('utf-8')}---\n{other.read_text('utf-8')}---\n"
    one.write_text(text, encoding="utf-8")

    refused(check(str(one)), BACKEND, "JWT_SECRET_KEY", "must equal JWT_SECRET_KEY of netra-auth")


def test_a_sidecar_is_not_taken_for_the_service(check: Ran, tmp_path: Path) -> None:
    """Of several containers the one with a port counts; where none has one, nothing is judged."""
    _, backend = pair()
    document = knative(backend)
    containers = document["spec"]["template"]["spec"]["containers"]
    containers.insert(0, {"image": "proxy", "env": [{"name": "LOG_LEVEL", "value": "x"}]})
    found = check(yaml_file(tmp_path, document))
    del containers[1]["ports"]
    unclear = check(yaml_file(tmp_path, document))

    assert "LOG_LEVEL" not in found.out
    assert unclear.code == 2
    assert "several containers" in unclear.err
