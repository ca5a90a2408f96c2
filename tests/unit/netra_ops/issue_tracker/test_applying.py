"""Carrying a plan out, on files: order, bounds, links, what is told, and what is never shown."""

from pathlib import Path

import pytest

from fakes.clock import ManualClock
from fakes.github_server import REPOSITORY, TOKEN, Answer, FakeGitHub
from fakes.sightings import NOW, seen, sighting
from fakes.trackers import edited, file_of, github_tracker
from netra.clock import as_iso
from netra_ops.findings import ExitCode, Verdict, exit_code_of
from netra_ops.issue_tracker.applying import applied
from netra_ops.issue_tracker.files import FileTracker
from netra_ops.issue_tracker.priority import Judged, Priority
from netra_ops.issue_tracker.sighting import Deployed

DAY = 86_400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give where the issues are."""
    return tmp_path / "issues"


@pytest.fixture
def tracker(folder: Path) -> FileTracker:
    """Give the tracker."""
    return FileTracker(folder, ManualClock(NOW))


def contents(folder: Path) -> dict[str, str]:
    """Give all that is filed."""
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}


def test_a_second_run_does_nothing(tracker: FileTracker, folder: Path) -> None:
    """All is filed and linked; again, and not a byte is different."""
    sightings = [sighting("v1:aaaa", related=("v1:bbbb", "v1:cccc")), sighting("v1:bbbb")]

    first = applied(sightings, tracker)
    before = contents(folder)
    second = applied(sightings, tracker)

    assert [done.says for done in first.done] == [
        "created: No issue is for it.",
        "created: No issue is for it.",
        "linked: #2",
    ]
    assert (first.verdict, second.verdict) == (Verdict.PASS, Verdict.PASS)
    assert second.done == ()
    assert len(second.nothing) == 2
    assert contents(folder) == before


def test_the_most_urgent_is_filed_first(tracker: FileTracker) -> None:
    """Whatever the order it comes in, since a run may end early."""
    sightings = [
        sighting(f"v1:{priority.lower()}", judged=Judged(priority, ("So it is.",)))
        for priority in (Priority.P3, Priority.P0, Priority.P2)
    ]

    outcome = applied(sightings, tracker, most_writes=2)

    assert [done.issue.title[8:10] for done in outcome.done] == ["P0", "P2"]


def test_a_run_writes_no_more_than_it_may(tracker: FileTracker) -> None:
    """The rest is named, the exit code is 3, and the next runs file it, nothing twice."""
    sightings = [sighting(f"v1:{number}", related=("v1:0",)) for number in range(5)]
    told: list[str] = []

    first = applied(sightings, tracker, most_writes=3, say=told.append)
    second = applied(sightings, tracker, most_writes=3)
    third = applied(sightings, tracker, most_writes=3)
    fourth = applied(sightings, tracker, most_writes=3)

    assert [len(run.done) for run in (first, second, third, fourth)] == [3, 3, 3, 0]
    assert [left.fingerprint for left in first.left][:2] == ["v1:3", "v1:4"]
    assert "wrote 3 times, and that is as much as it may" in first.left[0].why
    assert exit_code_of(first.verdict) is ExitCode.UNKNOWN
    assert (third.verdict, fourth.verdict) == (Verdict.PASS, Verdict.PASS)
    assert told[0] == "#1 GCP-new-P2-token-refresh-fails: created: No issue is for it."
    assert told[3].startswith("left: GCP-new-P2-token-refresh-fails: This run wrote 3 times")


def test_a_run_that_may_write_no_more_still_says_what_needs_nothing(tracker: FileTracker) -> None:
    """A spent bound is no outage: where nothing is left to write, the verdict is PASS."""
    known = sighting("v1:known", judged=Judged(Priority.P3, ("So it is.",)))
    applied([known], tracker)

    outcome = applied([sighting("v1:fresh"), known], tracker, most_writes=1)

    assert (len(outcome.done), len(outcome.nothing)) == (1, 1)
    assert outcome.verdict is Verdict.PASS


def test_a_broken_file_keeps_no_other_issue(tracker: FileTracker, folder: Path) -> None:
    """What it is about is left and named with its place; the rest is filed."""
    applied([sighting("v1:aaaa")], tracker)
    path = file_of(folder, 1)
    path.write_text(path.read_text(encoding="utf-8").replace("state: open", "state: shut"))

    outcome = applied([sighting("v1:aaaa", 2), sighting("v1:bbbb")], tracker)

    assert [left.fingerprint for left in outcome.left] == ["v1:aaaa"]
    assert f"{path}:3 says state" in outcome.left[0].why
    assert [done.issue.fingerprint for done in outcome.done] == ["v1:bbbb"]
    assert outcome.verdict is Verdict.UNKNOWN


def test_what_a_person_closed_is_opened_on_a_later_revision(
    tracker: FileTracker, folder: Path
) -> None:
    """It is open and told, once; on the revision of before it stays closed."""
    applied([sighting()], tracker)
    edited(file_of(folder, 1), state="closed", closed_at=as_iso(NOW))
    deployed = [Deployed("r-1", NOW - DAY), Deployed("r-2", NOW + DAY)]
    began, last = NOW + 2 * DAY, NOW + 3 * DAY
    old = sighting(news=seen(began=began, last=last, revisions=("r-1",)))
    again = sighting(news=seen(began=began, last=last, revisions=("r-2",)))

    kept = applied([old], tracker, deployed)
    opened = applied([again], tracker, deployed)
    repeated = applied([again], tracker, deployed)

    assert kept.done == ()
    assert "from before it was mended" in kept.nothing[0]
    assert [done.says.split(":")[0] for done in opened.done] == ["opened again", "commented"]
    assert repeated.done == ()
    assert tracker.find(["v1:aaaa"])[0].is_open


def test_a_run_that_ends_between_opening_and_telling_is_made_up_for(
    tracker: FileTracker, folder: Path
) -> None:
    """An open issue that was not told yet is told."""
    applied([sighting()], tracker)
    edited(file_of(folder, 1), state="closed", closed_at=as_iso(NOW))
    again = sighting(news=seen(began=NOW + 60, last=NOW + 120))

    first = applied([again], tracker, most_writes=1)
    second = applied([again], tracker)

    assert [done.says for done in first.done] == ["opened again"]
    assert [done.says for done in second.done] == ["commented: It is open, and this is new."]


def test_a_newer_recipe_goes_on_with_the_issue_of_before(tracker: FileTracker) -> None:
    """Told under its new name, found under it later without the alias, never filed twice."""
    applied([sighting("v1:aaaa")], tracker)

    applied([sighting("v2:bbbb", aliases=("v1:aaaa",))], tracker)
    outcome = applied([sighting("v2:bbbb", 7)], tracker)

    (issue,) = tracker.find(["v2:bbbb", "v1:aaaa"])
    assert issue.names == {"v1:aaaa", "v2:bbbb"}
    assert [done.issue.number for done in outcome.done] == [1]


def test_only_open_issues_are_linked(tracker: FileTracker, folder: Path) -> None:
    """A closed one is history, and an issue is not related to itself."""
    applied([sighting("v1:aaaa"), sighting("v1:bbbb")], tracker)
    edited(file_of(folder, 1), state="closed", closed_at=as_iso(NOW))

    outcome = applied([sighting("v1:bbbb", related=("v1:aaaa", "v1:bbbb"))], tracker)

    assert outcome.done == ()


def test_a_secret_that_was_missed_is_hidden(tracker: FileTracker, folder: Path) -> None:
    """In the text of an issue, once more before it is written."""
    secret = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJlc2lnbmF0dXJl"

    applied([sighting(body=f"authorization: Bearer {secret}")], tracker)

    (text,) = contents(folder).values()
    assert secret not in text
    assert "authorization" in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": {}},
        {"limits": [Answer(422, {"message": f"No: {TOKEN}"})]},
        {"limits": [Answer(403, {"message": TOKEN})]},
        {"garbage": (200, "application/json", TOKEN.encode())},
        {"url": "http://127.0.0.1:9"},
        {"cut_at": 1},
        {},
    ],
)
def test_the_token_is_in_nothing_that_is_told(fake: FakeGitHub, wrong: dict[str, object]) -> None:
    """Whatever happens, and even if the answer holds it."""
    for name, value in wrong.items():
        setattr(fake, name, value)
    told: list[str] = []
    tracker = github_tracker(fake)

    outcome = applied([sighting()], tracker, say=told.append)

    assert told
    for text in (*told, repr(outcome), repr(tracker), repr(vars(tracker)), tracker.name):
        assert TOKEN not in text


def test_an_answer_that_does_not_arrive_is_made_up_for(fake: FakeGitHub) -> None:
    """Cut off after any of its writes, what was written is found by the next run."""
    sightings = [sighting("v1:aaaa", related=("v1:bbbb",)), sighting("v1:bbbb")]
    for cut_at in range(1, 20):
        fake.cut_at = fake.writes + cut_at
        outcome = applied(sightings, github_tracker(fake))
        if outcome.verdict is Verdict.PASS:
            break
        assert all("did not answer" in left.why for left in outcome.left)
        assert fake.open_numbers() in ([], [1], [1, 2])
        fake.cut_at = None
    else:
        pytest.fail("It never came to an end.")

    assert fake.open_numbers() == [1, 2]
    assert [one["body"].split("\n")[1] for one in fake.comments.values()] == ["Related: #2."]
    assert fake.asked.count(f"POST /repos/{REPOSITORY}/issues") == 2
