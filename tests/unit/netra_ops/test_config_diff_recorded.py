"""A configuration compared with what the ledger keeps of a revision."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.clock import ManualClock
from fakes.configurations import BACKEND, env_file, knative, pair, parted, shown_parts, yaml_file
from fakes.netra_command import Done
from netra_ops.candidates.fingerprints.ledger_key import ledger_key
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.candidates.fingerprints.record import recorded
from netra_ops.candidates.reading import read_candidates
from netra_ops.cli.main import main
from netra_ops.deploy.course.recording import Recorder
from netra_ops.ledger.ledger_file import Ledger
from netra_ops.ledger.records import Actor
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


def record(folder: Path, file: str) -> None:
    """Record a revision that was made with a configuration."""
    directory = created(folder / "state")
    (candidate,) = read_candidates(file)
    made = recorded(candidate, Fingerprints(ledger_key(directory.root)))
    recorder = Recorder(BACKEND, Actor("ana", "here"), "a deployment", "rol_1")
    ledger = Ledger(directory.ledger_folder, ManualClock())
    ledger.append(recorder.made(REVISION, "local-1", made))


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
