"""Drills end to end: one that the gate refuses, one that is let through, one of run time."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fakes.installation import NETRA, SETTLE
from fakes.requirements import require
from fakes.timing import UNIT, eventually_blocking
from netra_ops.drills.listing import DRILLS
from netra_ops.platform.local.front import binary

pytestmark = [pytest.mark.live, pytest.mark.long]


@pytest.fixture(autouse=True)
def front() -> None:
    """Have what splits traffic."""
    require("haproxy", binary.find().path is not None, binary.find().remark)


def drilled(name: str, *options: str) -> tuple[int, dict[str, Any]]:
    """Run a drill, and give its exit code and its document."""
    done = subprocess.run(  # noqa: S603 - our own command
        [str(NETRA), "drill", "run", name, *options, "--json"],
        capture_output=True,
        text=True,
        timeout=3 * SETTLE,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_the_gate_refuses_a_lost_secret(tmp_path: Path) -> None:
    """Without --force it ends with the verdict; nothing of it served anybody, nothing is kept."""
    code, said = drilled("lost-secret", "--out", str(tmp_path / "kept"))

    assert (code, said["flaws"]) == (0, [])
    assert said["gate"]["stage"] == "rules"
    assert "variable_lost" in said["gate"]["checks"]
    assert said["served"] is False
    assert said["failed"] == {}
    assert not (tmp_path / "kept").exists()


def test_a_forced_wrong_key_is_told_named_undone_and_proven(tmp_path: Path) -> None:
    """People meet it; the gardener, the diagnosis, the rollback and the proof do their parts."""
    code, said = drilled("key-mismatch", "--force", "--out", str(tmp_path / "kept"))

    assert (code, said["flaws"]) == (0, [])
    assert said["gate"]["checks"] == ["services_disagree"]
    assert said["served"] is True
    assert said["cause"] == "signing_key_mismatch"
    assert "who am i: 401" in said["failed"]
    assert all(seconds is not None for seconds in said["seconds"].values())
    kept = {one.name for one in (tmp_path / "kept").iterdir()}
    assert {
        "bundle",
        "diagnosis.json",
        "proof.json",
        "deploy.json",
        "drill.json",
        "reports",
    } <= kept


def test_a_fault_of_run_time_is_staged_at_once(tmp_path: Path) -> None:
    """No gate is passed, and people who send credentials are served all the time."""
    code, said = drilled("caller-without-credential", "--out", str(tmp_path / "kept"))

    assert (code, said["flaws"]) == (0, [])
    assert said["gate"] is None
    assert said["cause"] == "caller_without_credential"
    assert said["failed"] == {}


@pytest.mark.parametrize("name", [one.name for one in DRILLS if one.fault is not None])
def test_every_drill_that_can_be_staged_passes(name: str, tmp_path: Path) -> None:
    """The gate speaks against it as it should; let through it is told, named, undone and proven."""
    code, said = drilled(name, "--force", "--out", str(tmp_path / "kept"))

    assert (code, said["flaws"]) == (0, [])


def test_a_killed_drill_leaves_nothing_behind(tmp_path: Path) -> None:
    """What runs is stopped by whoever waits for the drill's end."""
    state = tmp_path / "state"
    child = subprocess.Popen(  # noqa: S603 - our own command
        [str(NETRA), "drill", "run", "wrong-issuer", "--state", str(state)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    record = state / "state.json"
    eventually_blocking(lambda: record.exists() and _processes(record), within=SETTLE)

    child.send_signal(signal.SIGKILL)
    child.wait()

    eventually_blocking(lambda: not _processes(record), within=30 * UNIT)


def _processes(record: Path) -> list[int]:
    """Give the processes of revisions that a record names and that run."""
    services = json.loads(record.read_text("utf-8"))["services"]
    revisions = (one for service in services.values() for one in service["revisions"].values())
    found = [one["process"]["pid"] for one in revisions if one.get("process")]
    return [pid for pid in found if Path(f"/proc/{pid}").exists()]
