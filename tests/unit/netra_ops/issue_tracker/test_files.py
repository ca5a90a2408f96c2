"""The tracker of files: the contract, what people do to the files, and what they may not break."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from fakes.clock import ManualClock
from fakes.sightings import NOW, key, sighting
from fakes.tracker_contract import Stage, TrackerContract, comment, draft
from fakes.trackers import edited, file_of, on_files
from netra_ops.findings import CouldNotTell
from netra_ops.issue_tracker.applying import applied
from netra_ops.issue_tracker.files import FileTracker
from netra_ops.issue_tracker.port import ClosedAs, State


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give where the issues are; nothing is there yet."""
    return tmp_path / "issues"


@pytest.fixture
def stage(folder: Path) -> Stage:
    """Give the files."""
    return on_files(folder)


@pytest.fixture
def tracker(folder: Path) -> FileTracker:
    """Give the tracker."""
    return FileTracker(folder, ManualClock(NOW), patience=0)


class TestTheContract(TrackerContract):
    """The files promise what every tracker promises."""


def test_an_issue_reads_like_a_page(tracker: FileTracker, folder: Path) -> None:
    """Front matter, the hidden marker, the text: in this form, private to its owner."""
    tracker.create(draft("v1:aaaa", "v0:77aa"))
    tracker.comment(tracker.find(["v1:aaaa"])[0], comment(1))

    path = file_of(folder, 1)

    assert path.name == "0001-gcp-new-p2-token-refresh-fails.md"
    assert path.read_text(encoding="utf-8") == (
        "---\n"
        "number: 1\n"
        "state: open\n"
        'title: "GCP-new-P2-token-refresh-fails"\n'
        "fingerprint: v1:aaaa\n"
        'aliases: ["v0:77aa"]\n'
        "related: []\n"
        "closed_at:\n"
        "closed_as:\n"
        "resolved_in:\n"
        "---\n"
        f"<!-- netra-fingerprint: v1:aaaa aliases v0:77aa sighting {key('v1:aaaa')} -->\n"
        "What it is.\n"
        "\n"
        f"<!-- netra-sighting: {key(1)} of v1:aaaa -->\n"
        "2027-01-15T08:00:00.000000Z: Seen again.\n"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_person_closes_an_issue_with_one_word(tracker: FileTracker, folder: Path) -> None:
    """`state: closed` is enough: it is closed since the file was changed, and as completed."""
    tracker.create(draft())
    path = file_of(folder, 1)

    edited(path, state="closed")
    os.utime(path, (NOW - 5, NOW - 5))

    (found,) = tracker.find(["v1:aaaa"])
    assert (found.state, found.closed_as) == (State.CLOSED, ClosedAs.COMPLETED)
    assert found.closed_at == NOW - 5


def test_what_people_write_stays(tracker: FileTracker, folder: Path) -> None:
    """Another title, a reason and remarks anywhere survive whatever is filed after."""
    issue = tracker.create(draft()).issue
    path = file_of(folder, 1)
    edited(path, title="'Tokens: our own words'")
    text = path.read_text(encoding="utf-8").replace("What it is.", "What it is.\n\nAna: I look.")
    path.write_text(f"{text}\nBen: so do I.\n", encoding="utf-8")

    tracker.comment(issue, comment(1))
    tracker.adopt(issue, ["v2:aaaa"])
    tracker.close_duplicate(issue, issue)
    tracker.reopen(issue)

    text = path.read_text(encoding="utf-8")
    assert "What it is.\n\nAna: I look." in text
    assert "Ben: so do I.\n" in text
    (found,) = tracker.find(["v2:aaaa"])
    assert found.title == "Tokens: our own words"
    assert found.keys == {key("v1:aaaa"), key(1)}


def test_a_renamed_file_is_the_same_issue(tracker: FileTracker, folder: Path) -> None:
    """Its number counts, and the rest of its name is for people."""
    issue = tracker.create(draft()).issue
    file_of(folder, 1).rename(folder / "0001-mine.md")

    assert not tracker.create(draft()).is_new
    assert tracker.comment(issue, comment(1))
    assert [path.name for path in folder.glob("*.md")] == ["0001-mine.md"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"state": "shut"}, ":3 says state, which is one of closed, open"),
        ({"state": "[open]"}, ":3 says state, which is one of closed, open"),
        ({"closed_at": "yesterday"}, ":8 says closed_at, which is a time such as"),
        ({"closed_at": "2027-01-15T08:00:00"}, ":8 says closed_at, which is a time such as"),
        ({"closed_as": "fixed"}, ":9 says closed_as, which is one of"),
        ({"fingerprint": "v1:aaaa --> x"}, ":5 has no fingerprint"),
        ({"aliases": "[v1]"}, ":6 has in aliases what does not belong there"),
        ({"related": "[-1]"}, ":7 has in related what does not belong there"),
        ({"number": "one"}, ":2 has no number"),
        ({"title": "'unfinished"}, "is not valid YAML"),
        ({"title": "&a x"}, "holds an anchor"),
    ],
)
def test_a_file_that_cannot_be_read_stops_what_is_about_it(
    tracker: FileTracker, folder: Path, changes: dict[str, str], says: str
) -> None:
    """It is told with its place, nothing is filed over it, and other issues go on."""
    tracker.create(draft("v1:aaaa"))
    path = file_of(folder, 1)
    front = path.read_text(encoding="utf-8")
    for name, value in changes.items():
        front = "\n".join(
            f"{name}: {value}" if line.startswith(f"{name}:") else line
            for line in front.split("\n")
        )
    path.write_text(front, encoding="utf-8")

    with pytest.raises(CouldNotTell) as told:
        tracker.create(draft("v1:aaaa"))

    assert says in str(told.value)
    assert str(path) in str(told.value)
    assert tracker.create(draft("v1:bbbb")).is_new
    assert len(list(folder.glob("*.md"))) == 2


def test_a_file_that_is_no_text_is_told(tracker: FileTracker, folder: Path) -> None:
    """Bytes that are not UTF-8, and links to elsewhere, are refused by name."""
    tracker.create(draft())
    path = file_of(folder, 1)
    path.write_bytes(path.read_bytes() + b"\xff")

    with pytest.raises(CouldNotTell, match="is not UTF-8 text"):
        tracker.find(["v1:aaaa"])

    elsewhere = folder.parent / "elsewhere.md"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(CouldNotTell, match="the next run goes on"):
        tracker.find(["v1:aaaa"])


def test_who_hangs_with_the_lock_is_waited_for_and_told(tracker: FileTracker, folder: Path) -> None:
    """Reading needs no lock; writing gives up, and what was there stays."""
    issue = tracker.create(draft()).issue
    lock = os.open(folder / ".lock", os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert tracker.find(["v1:aaaa"]) == (issue,)
        with pytest.raises(CouldNotTell, match="has been in use"):
            tracker.comment(issue, comment(1))
    finally:
        os.close(lock)
    assert tracker.comment(issue, comment(1))


def test_a_directory_that_cannot_be_is_told(tmp_path: Path) -> None:
    """Where its parent is missing, a run says so and files nothing."""
    tracker = FileTracker(tmp_path / "no" / "issues", ManualClock(NOW))

    outcome = applied([sighting()], tracker)

    (left,) = outcome.left
    assert "No such file or directory" in left.why
    assert not left.is_refused


def test_what_a_dead_writer_left_is_swept(tracker: FileTracker, folder: Path) -> None:
    """A file that was not finished is no issue, and goes with the next write."""
    tracker.create(draft("v1:aaaa"))
    (folder / ".unfinished-0002-x.md").write_text("---\nnumber: 2\nfingerprint: v1:bbbb")

    assert tracker.find(["v1:bbbb"]) == ()
    assert tracker.create(draft("v1:bbbb")).issue.number == 2
    assert not list(folder.glob(".unfinished*"))
