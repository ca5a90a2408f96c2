"""`netra diagnose`, `netra report` and `netra prove` as a person calls them."""

import json
from pathlib import Path
from typing import Final

import pytest

from architecture.house import ROOT
from fakes.netra_command import Run, stateless_runner

TUNING: Final = ROOT / "tests" / "corpus" / "incidents" / "tuning"
FOUND: Final = TUNING / "the-same-night-with-more-evidence"


@pytest.fixture
def empty_bundle(tmp_path: Path) -> Path:
    """A bundle with nothing in it."""
    (tmp_path / "bundle.json").write_text('{"version": 1}')
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give what runs a command."""
    return stateless_runner(capsys, monkeypatch)


def test_a_cause_that_is_found_is_told_with_exit_code_0(run: Run) -> None:
    """People see the cause, its rivals, the five whys and the fix."""
    done = run("diagnose", str(FOUND))

    assert done.code == 0
    assert "Cause found. caller_without_credential" in done.out
    assert "five whys" in done.out
    assert "Fix:" in done.out


def test_programs_get_one_document(run: Run) -> None:
    """With --json the document of judges comes, and nothing else."""
    document = json.loads(run("diagnose", str(FOUND), "--json").out)

    assert document["cause"] == "caller_without_credential"
    assert all(one["evidence"] for one in document["ranked"][0]["for"])


def test_a_bundle_without_evidence_names_nobody(run: Run, empty_bundle: Path) -> None:
    """With nothing to go by it says what to collect, and exits with 3."""
    done = run("diagnose", str(empty_bundle), "--json")

    document = json.loads(done.out)
    assert done.code == 3
    assert document["verdict"] == "insufficient_evidence"
    assert document["cause"] is None
    assert document["decide_by"]


@pytest.mark.parametrize("form", ["--md", "--html"])
def test_a_diagnosis_can_be_written_down(run: Run, form: str) -> None:
    """As Markdown or as a page, it is the status of the incident."""
    done = run("diagnose", str(FOUND), form)

    assert done.code == 0
    assert "Five whys" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("diagnose", str(FOUND), "--json", "--html"), 2, "Give one of"),
        (("diagnose", str(FOUND), "--probe"), 2, "--against"),
        (("diagnose", "/nowhere/at/all"), 3, "no directory"),
        (("report", "status", "/nowhere/at/all"), 3, "no directory"),
        (("report", "status", str(FOUND), "--json", "--html"), 2, "Give one of"),
        (("report", "proof", str(FOUND), "--proof", "/nowhere"), 2, "cannot be read"),
        (("report", "poem", str(FOUND)), 2, "poem"),
    ],
)
def test_what_cannot_be_done_is_said(
    run: Run, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """A wrong question exits with 2, a bundle that cannot be read with 3; both say why."""
    done = run(*arguments)

    assert done.code == code
    assert says in done.err


def test_a_file_that_is_no_proof_is_refused(run: Run, tmp_path: Path) -> None:
    """Something else than `netra prove --json` printed is told, and nothing is written."""
    file = tmp_path / "proof.json"
    file.write_text('{"proven": "yes"}')

    done = run("report", "proof", str(FOUND), "--proof", str(file), "--out", str(tmp_path / "out"))

    assert done.code == 2
    assert "no proof" in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["deploy", "status", "worklog", "regression", "proof"])
def test_each_report_is_written_in_three_forms(run: Run, tmp_path: Path, kind: str) -> None:
    """Markdown, JSON and a page lie beside each other, readable by their owner alone."""
    done = run("report", kind, str(FOUND), "--out", str(tmp_path / "out"))

    assert done.code == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"{kind}.md", f"{kind}.json", f"{kind}.html"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "out").iterdir())


def test_damaged_lines_are_borne_and_told(run: Run, tmp_path: Path) -> None:
    """A log with binary and broken-off lines is diagnosed by the rest of it."""
    for file in FOUND.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    log = tmp_path / "logs.ndjson"
    log.write_bytes(log.read_bytes() + b'\x00\xff\xfe\n{"textPayload": "broken o')

    document = json.loads(run("diagnose", str(tmp_path), "--json").out)

    assert document["cause"] == "caller_without_credential"
    assert any("damaged" in remark or "logs.ndjson" in remark for remark in document["remarks"])
