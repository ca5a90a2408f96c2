"""Whoever writes an evidence bundle, killed at every moment at which it touches the disk."""

import subprocess
import sys
from pathlib import Path

import pytest

from fakes import bundle_killed
from fakes.timing import UNIT
from netra_ops.evidence.bundle import read_bundle

pytestmark = [pytest.mark.live, pytest.mark.long]


def test_a_killed_writer_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    """At whatever moment it dies, its place is empty or holds all of it."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, bundle_killed.__file__, str(tmp_path)],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60 * UNIT,
        check=True,
    )

    moments = done.stdout.split()
    assert len(moments) > 5
    for moment in moments:
        place = tmp_path / moment / "bundle"
        if place.exists():
            assert read_bundle(place, hash_logs=True).problems == ()
        for left in (tmp_path / moment).glob(".bundle.*"):
            # What is left under another name is no bundle, or was whole before it was renamed.
            assert not (left / "bundle.json").exists() or not place.exists()
    assert not all((tmp_path / moment / "bundle").exists() for moment in moments)
