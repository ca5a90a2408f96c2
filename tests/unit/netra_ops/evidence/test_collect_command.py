"""`netra evidence collect`: what is in a bundle, and what is told of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.administration import NOW
from fakes.collected_states import BACKEND, REVISION, event, log, request, requests, revision
from fakes.ledger_records import deploy, split_as
from fakes.netra_command import Run
from fakes.netra_over_http import FakeNetra, Fault
from netra.clock import SystemClock
from netra_ops.evidence.bundle import read_bundle
from netra_ops.evidence.checking import checked
from netra_ops.findings import Verdict
from netra_ops.ledger.ledger_file import RECORDS, Ledger
from netra_ops.platform.local.state_directory import StateDirectory

SECRET = "kLpW3vTq8ZrN5yXbD2mHcJ7fGsA9eUoI"
NOWHERE = ("--repository", "/nonexistent")


@pytest.fixture(autouse=True)
def written_down(state: StateDirectory) -> None:
    """A service ran, and wrote something."""
    revision(state, SERVICE_SECRET=SECRET, AUTH_SERVICE_URL="http://127.0.0.1:8001")
    log(state, event("00:01", "service started"), event("00:02", "it leaked", note=f"<{SECRET}>"))
    requests(state, request("00:03"))


def collected(run: Run, tmp_path: Path, *options: str) -> tuple[Path, Any]:
    """Collect, and give the bundle and what was said."""
    place = tmp_path / "bundle"
    done = run("evidence", "collect", "--out", str(place), "--json", *NOWHERE, *options)
    assert done.code == 0, done.err
    return place, json.loads(done.out)


def test_a_bundle_is_whole_and_without_secrets(netra: FakeNetra, run: Run, tmp_path: Path) -> None:
    """What can be had is in it and checks out; a secret that a service leaked is hidden."""
    netra.administration.act("login", NOW, actor="usr_1")

    place, said = collected(run, tmp_path, "--service", BACKEND)

    found = checked(place)
    assert found.verdict is Verdict.PASS, found.flaws
    assert said["records"] == {
        "audit.ndjson": 1,
        "fingerprints.json": 2,
        "logs.ndjson": 3,
        "revisions.json": 1,
        "traffic.json": 1,
    }
    bundle = read_bundle(place)
    assert (bundle.manifest.service, bundle.manifest.environment) == (BACKEND, "local")
    assert bundle.manifest.notes == tuple(said["notes"])
    assert bundle.revisions[0].name == REVISION
    assert bundle.audit[0].event == "login"
    assert said["cleaned"] == 1
    everything = b"".join(one.read_bytes() for one in place.iterdir())
    assert SECRET.encode() not in everything
    assert b"<[redacted]>" in everything


def test_services_that_are_down_are_a_note(run: Run, tmp_path: Path) -> None:
    """What is on the disk is collected, and what could not be had is said and written down."""
    place, said = collected(run, tmp_path)

    assert {note.partition(":")[0] for note in said["notes"]} == {
        "There is no audit.ndjson",
        "There is no commits.json",
    }
    assert read_bundle(place).manifest.notes == tuple(said["notes"])
    assert read_bundle(place).problems == ()


def test_probes_if_asked(netra: FakeNetra, run: Run, tmp_path: Path) -> None:
    """Each step of the golden path is a probe, those that failed and those not taken too."""
    netra.faults = frozenset({Fault.REFUSES_EVERYTHING})

    place, said = collected(run, tmp_path, "--probe")

    probes = read_bundle(place).probes
    assert said["records"]["probes.json"] == len(probes) > 20
    by_name = {one.name: one for one in probes}
    welcome = by_name["welcome"]
    assert (welcome.ok, welcome.fields["verdict"]) == (False, "FAIL")
    assert welcome.got is not None
    assert (welcome.got.status, welcome.expect_status) == (403, 200)
    assert {one.ok for one in probes if one.fields["verdict"] == "UNKNOWN"} == {None}
    assert read_bundle(place).problems == ()


def test_only_the_window(run: Run, tmp_path: Path) -> None:
    """The bundle says which part of time it is about."""
    place, said = collected(
        run, tmp_path, "--since", "2026-11-05T10:00:02Z", "--until", "2026-11-05T10:00:02.5Z"
    )

    assert said["records"]["logs.ndjson"] == 1
    manifest = json.loads((place / "bundle.json").read_text())
    assert manifest["window"] == {
        "start": "2026-11-05T10:00:02.000000Z",
        "end": "2026-11-05T10:00:02.500000Z",
    }


def test_the_window_is_the_logs_own_if_none_is_named(run: Run, tmp_path: Path) -> None:
    """It goes from the first entry to the last."""
    place, _ = collected(run, tmp_path)

    manifest = read_bundle(place).manifest
    assert manifest.end is not None
    assert manifest.start is not None
    assert manifest.end - manifest.start == 2 * 10**9


def test_traffic_comes_from_the_ledger(state: StateDirectory, run: Run, tmp_path: Path) -> None:
    """A flaw in it is told, and what stands before it is used."""
    ledger = Ledger(state.ledger_folder, SystemClock())
    ledger.append(deploy(REVISION))
    ledger.append(split_as({REVISION: 100}))
    with (state.ledger_folder / RECORDS).open("ab") as file:
        file.write(b"damaged\n")

    place, said = collected(run, tmp_path)

    assert [(one.revision, one.percent) for one in read_bundle(place).traffic] == [(REVISION, 100)]
    assert any(note.startswith("The ledger is read up to a flaw.") for note in said["notes"])


def test_without_any_log_there_is_no_bundle(run: Run, tmp_path: Path) -> None:
    """Nothing is left, not even an empty directory."""
    done = run(
        *("evidence", "collect", "--out", str(tmp_path / "bundle"), *NOWHERE),
        *("--until", "2020-01-01"),
    )

    assert done.code == 3
    assert "There is no log at all" in done.err
    assert not list(tmp_path.glob("*bundle*"))


@pytest.mark.parametrize(
    "options",
    [
        ("--service", "netra-nothing"),
        ("--since", "yesterday"),
        ("--since", "1h", "--until", "2h"),
    ],
)
def test_wrong_usage(run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    """What cannot be served is refused before anything is made."""
    done = run("evidence", "collect", "--out", str(tmp_path / "bundle"), *options)

    assert done.code == 2
    assert not (tmp_path / "bundle").exists()


def test_what_is_there_already_stays(run: Run, tmp_path: Path) -> None:
    """A bundle is never written over."""
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "mine").touch()

    done = run("evidence", "collect", "--out", str(tmp_path / "bundle"), *NOWHERE)

    assert done.code == 2
    assert "is there already" in done.err


def test_people_are_told_how_much_there_is(run: Run, tmp_path: Path) -> None:
    """The files with their numbers, what was hidden, and what could not be had."""
    done = run("evidence", "collect", "--out", str(tmp_path / "bundle"), *NOWHERE)

    assert done.code == 0
    assert "logs.ndjson        3" in done.out
    assert "A secret was hidden in 1 records." in done.out
    assert "There is no audit.ndjson" in done.err
