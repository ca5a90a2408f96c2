"""Whoever files issues, killed at every moment at which it touches the disk."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fakes import tracker_killed
from fakes.timing import UNIT
from netra.clock import SystemClock
from netra_ops.findings import Verdict
from netra_ops.issue_tracker.applying import applied
from netra_ops.issue_tracker.files import FileTracker

pytestmark = [pytest.mark.live, pytest.mark.long]


def test_a_run_killed_at_any_moment_is_made_up_for(tmp_path: Path) -> None:
    """Each time all files are whole, and the next run files what is missing, nothing twice."""
    said = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, tracker_killed.__file__, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120 * UNIT,
    )
    assert (said.stderr, said.returncode) == ("", 0)
    moments = [int(line.split()[0]) for line in said.stdout.splitlines()]
    assert len(moments) > 30

    files: set[int] = set()
    for moment in moments:
        folder = tmp_path / str(moment)
        tracker = FileTracker(folder, SystemClock(), patience=0)
        tracker.find(["v1:aaaa", "v1:bbbb", "v2:aaaa"])
        files.add(len(list(folder.glob("0*.md"))))

        outcome = applied(tracker_killed.AFTER, tracker)
        again = applied(tracker_killed.AFTER, tracker)

        assert outcome.verdict is again.verdict is Verdict.PASS
        assert again.done == ()
        first, second = tracker.find(["v1:aaaa", "v1:bbbb", "v2:aaaa"])
        assert (first.fingerprint, first.aliases) == ("v1:aaaa", ("v2:aaaa",))
        assert second.fingerprint == "v1:bbbb"
        assert second.related == {first.number}
        text = Path(first.where).read_text(encoding="utf-8")
        keys = [one.key for one in (*tracker_killed.BEFORE, *tracker_killed.AFTER)]
        assert [text.count(one) for one in keys] == [1, 1, 0, 1]
        assert not list(folder.glob(".unfinished*"))
    assert files == {1, 2}
