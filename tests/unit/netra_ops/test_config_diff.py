"""What `netra config diff` tells of two configurations."""

import base64
import copy
import json
import stat
from collections.abc import Callable
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
from fakes.environments import strong_secret
from fakes.netra_command import Done
from netra.secret import Secret
from netra_ops.candidates.comparing import Change, compare
from netra_ops.candidates.fingerprints.ledger_key import ledger_key
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.candidates.fingerprints.record import (
    ConfigurationRecord,
    decoded,
    encoded,
    recorded,
    rekeyed_for_evidence,
)
from netra_ops.candidates.reading import read_candidates
from netra_ops.cli.main import main
from netra_ops.findings import CouldNotTell
from netra_ops.platform.local.state_directory import created

Ran = Callable[..., Done]
REFERRED = ("SERVICE_SECRET", "JWT_SECRET_KEY", "DATABASE_URL")


@pytest.fixture
def diff(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ran:
    """Give what runs `netra config diff` on a state directory of its own."""

    def run(*arguments: str) -> Done:
        try:
            code = main(["config", "diff", *arguments, "--state", str(tmp_path / "state")])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Done(code, *capsys.readouterr())

    return run


def differences(done: Done) -> list[tuple[str, str]]:
    """Give what a comparison in JSON tells, as words for what changed and what of."""
    (comparison,) = json.loads(done.out)["comparisons"]
    return sorted((one["change"], one["name"]) for one in comparison["differences"])


def service(**changes: Any) -> dict[str, Any]:
    """Give a backend in form v1 with references, changed."""
    plain, referred = parted(pair()[1], REFERRED)
    return knative({**plain, **changes.pop("plain", {})}, {**referred, **changes})


def test_nothing_differs_from_itself(diff: Ran, tmp_path: Path) -> None:
    """One configuration in one file: exit code 0, and how much was compared."""
    file = env_file(tmp_path, pair()[1], f"{BACKEND}.env")

    done = diff(file, file)

    assert done == Done(0, "netra-backend: 7 variables compared, 0 differences, 0 not known\n", "")


def test_lost_added_changed_and_renamed_are_told(diff: Ran, tmp_path: Path) -> None:
    """Each has its word; a renamed variable is known by its value, not by its name."""
    _, backend = pair()
    after = {**backend, "LOG_LEVEL": "INFO", "SERVICE_SECRET": strong_secret()}
    after["AUTH_SIGNING_KEY"] = after.pop("JWT_SECRET_KEY")
    del after["TOKEN_TRUST_MODE"]
    files = (env_file(tmp_path, backend, "a.env"), env_file(tmp_path, after, "b.env"))
    done, text = diff(*files, "--json"), diff(*files)

    assert done.code == text.code == 1
    assert differences(done) == [
        ("added", "LOG_LEVEL"),
        ("changed", "SERVICE_SECRET"),
        ("lost", "TOKEN_TRUST_MODE"),
        ("renamed", "AUTH_SIGNING_KEY"),
    ]
    assert "AUTH_SIGNING_KEY was called JWT_SECRET_KEY before" in text.out
    assert "SERVICE_SECRET has another value" in text.out
    assert shown_parts([*backend.values(), *after.values()], *done[1:], *text[1:]) == []


def test_a_comparison_says_the_same_each_time(diff: Ran, tmp_path: Path) -> None:
    """Each kind of difference is told in the order of the names."""
    names = [f"NAME_{n}" for n in range(30)]
    before = env_file(tmp_path, dict.fromkeys(names, "1"), "a.env")
    after = env_file(tmp_path, dict.fromkeys(names, "2"), "b.env")

    told = [line.split()[1] for line in diff(before, after).out.splitlines()[:-1]]

    assert told == sorted(names)


def test_values_of_many_make_no_rename(diff: Ran, tmp_path: Path) -> None:
    """Where several names fit one that was lost, none is picked."""
    value = strong_secret()
    before = env_file(tmp_path, {"KEY": value}, "a.env")
    for number in (2, 20):
        after = env_file(tmp_path, {f"KEY_{n}": value for n in range(number)}, "b.env")
        done = diff(before, after, "--json")

        assert ("lost", "KEY") in differences(done)
        assert [kind for kind, _ in differences(done)].count("added") == number


def test_short_values_do_not_make_a_rename(diff: Ran, tmp_path: Path) -> None:
    """Two variables that are both `on` have nothing to do with each other."""
    before = env_file(tmp_path, {"SWEEP": "on", "B": "1"}, "a.env")
    after = env_file(tmp_path, {"TRACING_OF_CALLS": "on", "B": "1"}, "b.env")

    done = diff(before, after, "--json")

    assert differences(done) == [("added", "TRACING_OF_CALLS"), ("lost", "SWEEP")]


NEARLY: dict[str, Callable[[str], str]] = {
    "the same value with a line break at its end": lambda v: f"{v}\n",
    "the same value with white space around it": lambda v: f" {v} ",
    "the same value in quotation marks": lambda v: f'"{v}"',
    "the same value encoded as base64": lambda v: base64.b64encode(v.encode()).decode(),
    "the same value with a line break at its end, encoded as base64": lambda v: base64.b64encode(
        f"{v}\n".encode()
    ).decode(),
    "the same value with `\\n` written out at its end or inside": lambda v: f"{v}\\n",
}


@pytest.mark.parametrize("says", NEARLY)
def test_a_near_miss_is_named(diff: Ran, tmp_path: Path, says: str) -> None:
    """What is the same but for a line break, quotes or an encoding is told as that, both ways."""
    value = strong_secret()
    one = yaml_file(tmp_path, knative({"KEY": value}), "a.yaml")
    other = yaml_file(tmp_path, knative({"KEY": NEARLY[says](value)}), "b.yaml")
    there, back = diff(one, other), diff(other, one)

    assert there.code == back.code == 1
    assert f"KEY is {says}. (" in there.out
    assert f"where the other is {says.removeprefix('the same value ')}" in back.out
    assert shown_parts([value, NEARLY[says](value)], there.out, back.out) == []


def test_lines_and_written_out_line_breaks_are_told_apart(diff: Ran, tmp_path: Path) -> None:
    r"""A key of several lines whose line breaks became `\n` is named as that."""
    value = f"{strong_secret()}\n{strong_secret()}"
    one = yaml_file(tmp_path, knative({"KEY": value}), "a.yaml")
    other = yaml_file(tmp_path, knative({"KEY": value.replace("\n", "\\n")}), "b.yaml")

    assert "KEY is the same value with `\\n` written out in place of line" in diff(one, other).out


def test_switches_versions_and_pins_are_told(diff: Ran, tmp_path: Path) -> None:
    """Between a value and a reference, between versions, to another secret, and to `latest`."""
    before = service()
    plain, referred = parted(pair()[1], REFERRED)
    after = knative(
        {
            **{e["name"]: e["value"] for e in env_of(before) if "value" in e},
            "SERVICE_SECRET": strong_secret(),
        },
        {"JWT_SECRET_KEY": (referred["JWT_SECRET_KEY"][0], "4"), "DATABASE_URL": ("db", "latest")},
    )
    files = (yaml_file(tmp_path, before, "a.yaml"), yaml_file(tmp_path, after, "b.yaml"))
    done, back = diff(*files), diff(*reversed(files))

    assert plain
    assert (
        "switched   SERVICE_SECRET was taken from the secret service-secret, version 3" in done.out
    )
    assert "is now a value in plain sight" in done.out
    assert "version    JWT_SECRET_KEY refers to version 4 of the secret, before to 3" in done.out
    assert "reference  DATABASE_URL refers to the secret db, version latest, before to" in done.out
    assert "NOTE       DATABASE_URL refers to the secret db, version latest" in done.out
    assert "SERVICE_SECRET was a value, and is now taken from the secret" in back.out


def env_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the entries of a service's variables."""
    entries: list[dict[str, Any]] = document["spec"]["template"]["spec"]["containers"][0]["env"]
    return entries


def test_both_forms_of_a_service_say_the_same(diff: Ran, tmp_path: Path) -> None:
    """The same service in form v1 and v2 does not differ, in any of its parts."""
    plain, referred = parted(pair()[1], REFERRED)
    first = knative(
        plain,
        referred,
        ingress="internal",
        custom_audiences='["b","a"]',
        invoker_iam_disabled="true",
    )
    second = cloud_run(
        plain,
        {name: (f"projects/p/secrets/{secret}", v) for name, (secret, v) in referred.items()},
        ingress="INGRESS_TRAFFIC_INTERNAL_ONLY",
        customAudiences=["a", "b"],
        invokerIamDisabled=True,
    )

    done = diff(yaml_file(tmp_path, first), json_file(tmp_path, second), "--json")

    assert (done.code, json.loads(done.out)["same"]) == (0, True)


def test_the_same_names_in_another_project_differ(diff: Ran, tmp_path: Path) -> None:
    """A document of another project takes its secrets from there, and both projects are named."""
    before = service()
    after = copy.deepcopy(before)
    before["metadata"]["namespace"], after["metadata"]["namespace"] = "1111", "2222"
    files = (yaml_file(tmp_path, before, "a.yaml"), yaml_file(tmp_path, after, "b.yaml"))
    done = diff(*files)

    assert done.code == 1
    assert "3 differences" in done.out
    assert (
        "reference  JWT_SECRET_KEY refers to the secret jwt-secret-key, version 3 in the project"
        " 2222, before to that in the project 1111." in done.out
    )


def test_how_it_is_deployed_is_compared(diff: Ran, tmp_path: Path) -> None:
    """Audiences, ingress, service account and who may invoke it are told."""
    plain, referred = parted(pair()[1], REFERRED)
    after = knative(plain, referred, ingress="all", custom_audiences='["a"]')
    after["spec"]["template"]["spec"]["serviceAccountName"] = "other@example"
    before = cloud_run(
        plain, referred, ingress="INGRESS_TRAFFIC_INTERNAL_ONLY", invokerIamDisabled=True
    )
    done = diff(json_file(tmp_path, before), yaml_file(tmp_path, after))

    assert done.code == 1
    for says in (
        "audiences is a, was none besides its address",
        "ingress is all, was internal",
        "service account is other@example, was runner@example",
        "who may invoke it is whoever IAM lets, was anyone",
    ):
        assert f"deployment {says}." in done.out


def test_what_only_one_side_shows_cannot_be_compared(diff: Ran, tmp_path: Path) -> None:
    """A value against a reference in another form is exit code 3, unless the secret is given."""
    _, backend = pair(HOST="0.0.0.0")  # noqa: S104 - nothing is bound
    plain, referred = parted(backend, ["JWT_SECRET_KEY"])
    files = (env_file(tmp_path, backend, "a.env"), yaml_file(tmp_path, knative(plain, referred)))
    unseen = diff(*files)
    folder = tmp_path / "secrets" / "jwt-secret-key"
    folder.mkdir(parents=True)
    (folder / "3").write_text(backend["JWT_SECRET_KEY"], encoding="utf-8")
    same = diff(*files, "--secrets", str(tmp_path / "secrets"))
    (folder / "3").write_text(strong_secret(), encoding="utf-8")
    other = diff(*files, "--secrets", str(tmp_path / "secrets"))

    assert unseen.code == 3
    assert "UNKNOWN    JWT_SECRET_KEY cannot be compared: the second only refers to" in unseen.out
    assert (same.code, other.code) == (0, 1)


def test_several_services_are_paired_by_name(diff: Ran, tmp_path: Path) -> None:
    """The record of a local platform holds two; each is compared with its own, or one is chosen."""
    auth, backend = pair()
    states = []
    for name, values in (("one", backend), ("two", {**backend, "LOG_LEVEL": "INFO"})):
        (tmp_path / name / "env").mkdir(parents=True)
        env_file(tmp_path / name / "env", auth, f"{AUTH}.env")
        env_file(tmp_path / name / "env", values, f"{BACKEND}.env")
        record = {"services": {AUTH: {}, BACKEND: {}}, "format": 1}
        states.append(json_file(tmp_path / name, record, "state.json"))
    both = diff(*states)
    one = diff(*states, "--service", AUTH)
    uneven = diff(states[0], env_file(tmp_path, backend, f"{BACKEND}.env"))

    assert (both.code, one.code, uneven.code) == (1, 0, 2)
    assert "netra-auth: 8 variables compared, 0 differences" in both.out
    assert "added      LOG_LEVEL was not set before" in both.out
    assert "--service" in uneven.err


def test_the_key_is_made_once_and_private(diff: Ran, tmp_path: Path) -> None:
    """The fingerprints' key is a file that its owner alone may read, kept for the next time."""
    file = env_file(tmp_path, pair()[1], f"{BACKEND}.env")
    diff(file, file)
    key = tmp_path / "state" / "ledger.key"
    first = key.read_bytes()
    diff(file, file)

    assert key.read_bytes() == first
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [path.name for path in key.parent.glob(".ledger*")] == []


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """A key that is a link, or not private, is not used; the command could not compare."""
    (tmp_path / "elsewhere").write_text("0" * 64, encoding="ascii")
    directory = created(tmp_path / "state").root
    key = directory / "ledger.key"
    key.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CouldNotTell, match="cannot be read"):
        ledger_key(directory)
    key.unlink()
    key.write_text("0" * 64, encoding="ascii")
    key.chmod(0o640)
    with pytest.raises(CouldNotTell, match="you alone may read"):
        ledger_key(directory)


@pytest.mark.parametrize("content", [b"", b"short", b"g" * 64, b"0" * 200])
def test_a_damaged_key_is_refused(diff: Ran, tmp_path: Path, content: bytes) -> None:
    """Fingerprints are never made with half a key."""
    file = env_file(tmp_path, pair()[1], f"{BACKEND}.env")
    diff(file, file)
    (tmp_path / "state" / "ledger.key").write_bytes(content)
    done = diff(file, file)

    assert done.code == 3
    assert "is damaged" in done.err


def test_records_are_compared_without_values(tmp_path: Path) -> None:
    """What a ledger keeps is enough to compare, reads back equal, and holds no part of a value."""
    _, backend = pair()
    (before,) = read_candidates(env_file(tmp_path, backend, f"{BACKEND}.env"))
    changed = {**backend, "JWT_SECRET_KEY": f'"{backend["JWT_SECRET_KEY"]}"'}
    (after,) = read_candidates(env_file(tmp_path, changed, f"{BACKEND}.env"))
    fingerprints = Fingerprints(Secret("k" * 64))
    kept = encoded(recorded(before, fingerprints))

    assert decoded(kept) == recorded(before, fingerprints)
    assert shown_parts(backend.values(), kept.decode()) == []
    (found,) = compare(decoded(kept), recorded(after, fingerprints)).differences
    assert (found.change, found.says) == (Change.CHANGED, "is the same value in quotation marks")
    with pytest.raises(CouldNotTell, match="different keys"):
        compare(decoded(kept), recorded(after, Fingerprints(Secret("l" * 64))))
    for damaged in (b"", b"{}", kept.replace(b'"format":1', b'"format":2'), b"[" * 9999):
        with pytest.raises(ValueError, match="record"):
            decoded(damaged)


def test_a_bundle_can_be_matched_with_nothing_else(tmp_path: Path) -> None:
    """Evidence keeps what is equal and nearly equal, and no fingerprint the key's holder knows."""
    _, backend = pair()
    changed = {**backend, "JWT_SECRET_KEY": f'"{backend["JWT_SECRET_KEY"]}"', "LOG_LEVEL": "INFO"}
    fingerprints = Fingerprints(Secret("k" * 64))
    records = [
        recorded(read_candidates(env_file(tmp_path, values, f"{BACKEND}.env"))[0], fingerprints)
        for values in (backend, changed)
    ]
    bundle = rekeyed_for_evidence(records)
    again = rekeyed_for_evidence(records)

    def prints(of: ConfigurationRecord) -> set[str]:
        found = json.loads(encoded(of))
        held = [setting["prints"] for setting in found["settings"]]
        return {one for p in held for one in (p["exact"], *p["nearly"].values())}

    assert compare(*bundle).differences == compare(*records).differences
    assert prints(bundle[0]).isdisjoint(prints(records[0]))
    assert prints(bundle[0]).isdisjoint(prints(again[0]))
    with pytest.raises(CouldNotTell):
        compare(bundle[0], records[1])
    with pytest.raises(ValueError, match="several keys"):
        rekeyed_for_evidence([records[0], bundle[1]])
