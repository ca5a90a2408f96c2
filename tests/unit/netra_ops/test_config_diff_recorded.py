"""A configuration compared with what the ledger keeps of a revision."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fakes.clock import ManualClock
from fakes.configurations import BACKEND, env_file, knative, pair, parted, shown_parts, yaml_file
from fakes.environments import strong_secret
from fakes.netra_command import Done
from netra_ops.candidates.fingerprints.ledger_key import ledger_key
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.candidates.fingerprints.record import recorded
from netra_ops.candidates.reading import read_candidates
from netra_ops.cli.main import main
from netra_ops.deploy.course.recording import Recorder
from netra_ops.ledger.ledger_file import Ledger
from netra_ops.ledger.records import Actor, Deploy
from netra_ops.platform.local.state_directory import created

Ran = Callable[..., Done]
REVISION = f"{BACKEND}-00002-abc"
RECORDED = f"{BACKEND}@{REVISION}"


@pytest.fixture
def diff(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ran:
    """Give what runs `netra config diff` on a state directory of its own."""

    def run(*arguments: str) -> Done:
        code = main(["config", "diff", *arguments, "--state", str(tmp_path / "state")])
        return Done(code, *capsys.readouterr())

    def exits(*arguments: str) -> Done:
        try:
            return run(*arguments)
        except SystemExit as ended:
            return Done(int(ended.code or 0), *capsys.readouterr())

    return exits


def record(folder: Path, file: str, as_format_1: bool = False) -> None:  # noqa: FBT001, FBT002 - a test's
    """Record a revision that was made with a configuration."""
    directory = created(folder / "state")
    (candidate,) = read_candidates(file)
    made = recorded(candidate, Fingerprints(ledger_key(directory.root)))
    recorder = Recorder(BACKEND, Actor("ana", "here"), "a deployment", "rol_1")
    deploy = recorder.made(REVISION, "local-1", made)
    ledger = Ledger(directory.ledger_folder, ManualClock())
    ledger.append(_of_format_1(deploy) if as_format_1 else deploy)


def _of_format_1(deploy: Deploy) -> Deploy:
    """Leave out what format 1 did not record."""
    settings = {
        name: msgspec.structs.replace(one, nearly=None, distinctive=False)
        for name, one in deploy.settings.items()
    }
    return msgspec.structs.replace(deploy, settings=settings, key=None, form=None)


def told(done: Done) -> list[tuple[str, str]]:
    """Give what a comparison in JSON tells, as words for what changed and what of."""
    (comparison,) = json.loads(done.out)["comparisons"]
    return sorted((one["change"], one["name"]) for one in comparison["differences"])


def test_a_revision_equals_what_it_was_made_with(diff: Ran, tmp_path: Path) -> None:
    """From either side, and no value is shown."""
    values = pair()[1]
    file = env_file(tmp_path, values, f"{BACKEND}.env")
    record(tmp_path, file)

    for sides in ((RECORDED, file), (file, RECORDED), (RECORDED, RECORDED)):
        done = diff(*sides)
        assert done.code == 0, done
        assert shown_parts(values.values(), done.out, done.err) == []


def test_what_became_of_a_recorded_revision_is_told(diff: Ran, tmp_path: Path) -> None:
    """Lost, added, changed and renamed, by names and exact fingerprints."""
    values = pair()[1]
    record(tmp_path, env_file(tmp_path, values, f"{BACKEND}.env"))
    now = {**values, "LOG_LEVEL": "DEBUG", "OTHER_SECRET": values["SERVICE_SECRET"]}
    now["TOKEN_AUDIENCE"] = "another"
    for name in ("SERVICE_SECRET", "AUTH_SERVICE_URL"):
        del now[name]
    file = env_file(tmp_path, now, f"{BACKEND}.now.env")

    done = diff(RECORDED, file, "--json")

    assert done.code == 1
    assert ("lost", "AUTH_SERVICE_URL") in told(done)
    assert ("added", "LOG_LEVEL") in told(done)
    assert ("renamed", "OTHER_SECRET") in told(done)


def test_references_to_secrets_are_compared(diff: Ran, tmp_path: Path) -> None:
    """Another version of a secret shows, without its value."""
    plain, referred = parted(pair()[1], ("SERVICE_SECRET",))
    before = yaml_file(tmp_path, knative(plain, referred), "before.yaml")
    moved = {name: (secret, "9") for name, (secret, _) in referred.items()}
    after = yaml_file(tmp_path, knative(plain, moved), "after.yaml")
    record(tmp_path, before)

    assert diff(RECORDED, before).code == 0
    assert ("version", "SERVICE_SECRET") in told(diff(RECORDED, after, "--json"))


def test_what_is_not_recorded_is_told(diff: Ran, tmp_path: Path) -> None:
    """Neither a file nor a revision: exit code 2, and where to look."""
    file = env_file(tmp_path, pair()[1], f"{BACKEND}.env")

    done = diff(f"{BACKEND}@{REVISION}", file)

    assert (done.code, done.out) == (2, "")


def test_a_file_with_such_a_name_is_a_file(
    diff: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there is read."""
    monkeypatch.chdir(tmp_path)
    env_file(tmp_path, pair()[1], RECORDED)

    assert diff(RECORDED, RECORDED).code == 0


SECRET = strong_secret()
LINES = f"{strong_secret()}\n{strong_secret()}"
WRITTEN_OTHERWISE: dict[str, tuple[str, str]] = {
    "a line break at its end": (SECRET, f"{SECRET}\n"),
    "white space around it": (SECRET, f" {SECRET} "),
    "quotation marks": (SECRET, f'"{SECRET}"'),
    "base64": (SECRET, base64.b64encode(SECRET.encode()).decode()),
    "base64 of a line": (SECRET, base64.b64encode(f"{SECRET}\n".encode()).decode()),
    "written out": (LINES, LINES.replace("\n", "\\n")),
    "written out at its end": (SECRET, f"{SECRET}\\n"),
    "both otherwise": (f'"{SECRET}"', f"{SECRET}\n"),
    "another value": (SECRET, strong_secret()),
    "short and in quotation marks": ("on", "'on'"),
}
RENAMED: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "renamed": ({"AUTH_KEY": SECRET}, {"OTHER_NAME": SECRET}),
    "renamed and in quotation marks": ({"AUTH_KEY": SECRET}, {"OTHER_NAME": f"'{SECRET}'"}),
    "renamed and both otherwise": ({"AUTH_KEY": f'"{SECRET}"'}, {"OTHER_NAME": f"{SECRET}\n"}),
    "short ones that are equal by chance": ({"SWEEP": "on"}, {"TRACING": "on"}),
    "a short one with a name alike": ({"SWEEP_MODE": "on"}, {"SWEEP_MODES": "on"}),
}


def said(done: Done) -> list[tuple[str, str, str]]:
    """Give what a comparison tells, without where the two stand."""
    (comparison,) = json.loads(done.out)["comparisons"]
    parts = ("differences", "unknown", "notes")
    return [(one["change"], one["name"], one["says"]) for part in parts for one in comparison[part]]


def assert_told_alike(diff: Ran, folder: Path, before: Any, after: Any) -> None:
    """See that a recorded revision is told apart from a file as the file it was made with is."""
    one = yaml_file(folder, before, "before.yaml")
    other = yaml_file(folder, after, "after.yaml")
    record(folder, one)

    for sides, recorded_sides in (
        ((one, other), (RECORDED, other)),
        ((other, one), (other, RECORDED)),
    ):
        of_files = diff(*sides, "--json")
        of_record = diff(*recorded_sides, "--json")
        assert (of_record.code, said(of_record)) == (of_files.code, said(of_files))
        assert said(of_record), "nothing was told"


@pytest.mark.parametrize("how", WRITTEN_OTHERWISE)
def test_a_near_miss_of_a_recorded_value_is_named(diff: Ran, tmp_path: Path, how: str) -> None:
    """In the same words as between two files, both ways, and no value is shown or kept."""
    before, after = WRITTEN_OTHERWISE[how]

    assert_told_alike(diff, tmp_path, knative({"KEY": before}), knative({"KEY": after}))

    (line,) = (tmp_path / "state" / "ledger" / "records.ndjson").read_text().splitlines()
    values = [value for value in (before, after) if len(value) > 8]
    assert shown_parts(values, line, diff(RECORDED, str(tmp_path / "after.yaml")).out) == []


@pytest.mark.parametrize("how", RENAMED)
def test_a_renamed_variable_of_a_recorded_revision_is_known(
    diff: Ran, tmp_path: Path, how: str
) -> None:
    """By its value, whatever was done to it meanwhile, where that is distinctive."""
    before, after = RENAMED[how]

    assert_told_alike(diff, tmp_path, knative(before), knative(after))


def test_a_value_that_became_a_reference_is_a_switch(diff: Ran, tmp_path: Path) -> None:
    """Also where nothing else of the recorded revision was taken from a secret."""
    plain = {"KEY": SECRET, "LOG_LEVEL": "INFO"}

    assert_told_alike(
        diff, tmp_path, knative(plain), knative({"LOG_LEVEL": "INFO"}, {"KEY": ("key", "3")})
    )
    done = diff(RECORDED, str(tmp_path / "after.yaml"), "--json")
    assert told(done) == [("switched", "KEY")]


def test_two_recorded_revisions_are_told_apart_as_their_files_are(
    diff: Ran, tmp_path: Path
) -> None:
    """A rename with quotation marks around the value is known from records alone."""
    before = {"AUTH_KEY": f'"{SECRET}"', "KEY": f"{SECRET}x\n"}
    after = {"OTHER_NAME": f"{SECRET}\n", "KEY": f'"{SECRET}x"'}
    files = (service_file(tmp_path, before, "a.yaml"), service_file(tmp_path, after, "b.yaml"))
    directory = created(tmp_path / "state")
    prints = Fingerprints(ledger_key(directory.root))
    ledger = Ledger(directory.ledger_folder, ManualClock())
    for name, file in zip(("r1", "r2"), files, strict=True):
        recorder = Recorder(BACKEND, Actor("ana", "here"), "a deployment", "rol_1")
        ledger.append(recorder.made(name, "local-1", recorded(read_candidates(file)[0], prints)))

    of_records = diff(f"{BACKEND}@r1", f"{BACKEND}@r2", "--json")

    assert said(of_records) == said(diff(*files, "--json"))
    assert told(of_records) == [("changed", "KEY"), ("renamed", "OTHER_NAME")]


def service_file(folder: Path, values: dict[str, str], name: str) -> str:
    """Write a service with these variables, of which values may have lines."""
    return yaml_file(folder, knative(values), name)


def test_a_record_of_format_1_is_compared_as_before(diff: Ran, tmp_path: Path) -> None:
    """By its exact fingerprint: what a file has around the value is seen, the reverse is not."""
    good = yaml_file(tmp_path, knative({"KEY": SECRET}), "good.yaml")
    quoted = yaml_file(tmp_path, knative({"KEY": f'"{SECRET}"'}), "quoted.yaml")
    record(tmp_path, good, as_format_1=True)

    assert diff(RECORDED, good).code == 0
    assert "is the same value in quotation marks" in diff(RECORDED, quoted).out
    record(tmp_path, quoted, as_format_1=True)
    assert "has another value" in diff(RECORDED, good).out


def test_another_key_than_the_recorded_one_cannot_compare(diff: Ran, tmp_path: Path) -> None:
    """Once the ledger's key was replaced nothing is said to differ: exit code 3."""
    file = yaml_file(tmp_path, knative({"KEY": SECRET}), "good.yaml")
    record(tmp_path, file)
    (tmp_path / "state" / "ledger.key").unlink()

    done = diff(RECORDED, file)

    assert (done.code, done.out) == (3, "")
    assert "different keys" in done.err
