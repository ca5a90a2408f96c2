"""What the worker finds in a state directory: bundles of its own, bounded, and who serves."""

from pathlib import Path
from typing import Any, Final

import pytest

from fakes import collected_states as states
from fakes.clock import ManualClock
from netra_ops.evidence.bundle import read_bundle
from netra_ops.operator_agent.looks import Look
from netra_ops.operator_agent.worker.asked_bundles import KEPT
from netra_ops.operator_agent.worker.work import found
from netra_ops.platform.local.state_directory import StateDirectory, created

NOW: Final = 1_793_874_600.0
"""2026-11-05T10:30:00Z."""
SECRET: Final = "c2VjcmV0LW9mLXRoZS1zZXJ2aWNlLTAxMjM0NTY3ODk"


@pytest.fixture
def installation(tmp_path: Path) -> StateDirectory:
    """Give a state directory with one revision, its log, and a secret in both."""
    state = created(tmp_path / "state")
    states.revision(state, SERVICE_SECRET=SECRET, ENVIRONMENT="local")
    states.log(
        state,
        states.event("00:00.000000", "service started"),
        states.event("05:00.000000", f"the old secret is {SECRET}", severity="ERROR"),
        states.event("20:00.000000", "request failed", severity="ERROR", status=500),
    )
    return state


def looked(state: StateDirectory, what: str, clock: ManualClock, **more: Any) -> dict[str, Any]:
    """Look, and give what was found."""
    given = found(Look(what=what, state=str(state.root), **more), clock)
    assert given.result is not None, given.refused
    return given.result


def test_evidence_is_collected_and_kept_in_the_state_directory(
    installation: StateDirectory,
) -> None:
    """A diagnosis names its bundle and its page; the bundle is whole, private and clean."""
    result = looked(installation, "diagnosis", ManualClock(NOW), minutes=60)

    bundle, report = Path(result["bundle"]), Path(result["report"])
    assert bundle.is_relative_to(installation.root / "asked")
    assert read_bundle(bundle, hash_logs=True).altered == frozenset()
    assert report.stat().st_mode & 0o077 == bundle.stat().st_mode & 0o077 == 0
    assert len(result["five_whys"]) == 5
    assert any("audit record" in note for note in result["notes"])
    for file in (*bundle.iterdir(), report):
        assert SECRET not in file.read_text()
    assert SECRET not in str(result)


def test_only_the_time_that_was_asked_for_is_collected(installation: StateDirectory) -> None:
    """Of the last quarter of an hour there is one line, of the hour there are three."""
    clock = ManualClock(NOW)
    entries = [
        looked(installation, "logs", clock, minutes=minutes)["entries"] for minutes in (15, 60)
    ]

    assert entries == [1, 3]


def test_the_evidence_that_was_collected_last_is_looked_at_again(
    installation: StateDirectory,
) -> None:
    """To look again collects nothing; before anything was collected there is nothing to see."""
    clock = ManualClock(NOW)
    look = Look(what="diagnosis", state=str(installation.root), again=True)
    assert "Ask for a diagnosis first" in found(look, clock).refused

    first = looked(installation, "diagnosis", clock, minutes=60)
    clock.advance(60)
    again = looked(installation, "diagnosis", clock, again=True)

    assert again["bundle"] == first["bundle"]


def test_only_the_newest_bundles_are_kept(installation: StateDirectory) -> None:
    """However often is asked, so many are kept; what others put there stays."""
    clock = ManualClock(NOW)
    folder = installation.root / "asked"
    (folder / "notes").mkdir(parents=True)
    bundles = []
    for _ in range(KEPT + 2):
        bundles.append(Path(looked(installation, "logs", clock, minutes=60)["bundle"]).parent.name)
        clock.advance(1)

    assert sorted(one.name for one in folder.iterdir()) == sorted([*bundles[2:], "notes"])


def test_what_cannot_be_collected_leaves_nothing(installation: StateDirectory) -> None:
    """Where there is no line of that time the reason is told, and no folder is left."""
    look = Look(what="diagnosis", state=str(installation.root), minutes=1)

    assert "There is no log at all" in found(look, ManualClock(NOW)).refused
    assert list((installation.root / "asked").iterdir()) == []


def test_who_serves_is_told(installation: StateDirectory) -> None:
    """The record's shares are told, and that a process that should run does not."""
    result = looked(installation, "serving", ManualClock(NOW))

    (service,) = result["services"]
    assert service["service"] == states.BACKEND
    assert service["revisions"] == [{"revision": states.REVISION, "percent": 100, "runs": False}]
    assert result["unfinished_rollouts"] == []


@pytest.mark.parametrize("what", ["diagnosis", "logs", "serving"])
def test_a_directory_without_netra_is_refused(tmp_path: Path, what: str) -> None:
    """Nothing is made in a directory that is no installation."""
    look = Look(what=what, state=str(tmp_path / "none"), minutes=60)

    assert "no installation of Netra" in found(look, ManualClock(NOW)).refused
    assert list(tmp_path.iterdir()) == []
