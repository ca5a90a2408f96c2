"""What GitHub's client does with strangers, limits, refusals, races and lists that lag behind."""

import re
from threading import Barrier

import pytest

from fakes.clock import ManualClock
from fakes.github_server import REPOSITORY, TOKEN, Answer, FakeGitHub, Person, no
from fakes.sightings import NOW, key, sighting
from fakes.tracker_contract import at_once, comment, draft
from fakes.trackers import access, github_tracker
from netra.clock import as_iso
from netra_ops.findings import CouldNotTell, Verdict
from netra_ops.issue_tracker.applying import applied
from netra_ops.issue_tracker.github import GitHubTracker
from netra_ops.issue_tracker.github_api.answers import GENERAL_LABEL, label_of
from netra_ops.issue_tracker.marker import IssueMarker, SightingMarker
from netra_ops.issue_tracker.port import Refused

STRANGER = "mallory"


def body(fingerprint: str = "v1:aaaa") -> str:
    """Give the body of an issue of ours, as anybody could write it."""
    return f"{IssueMarker(fingerprint, (), key('forged')).line()}\nIt is mine."


def test_an_issue_has_its_marker_and_its_labels(fake: FakeGitHub) -> None:
    """The marker is the first line; labels are the general one and one for each name, bounded."""
    long = f"v1:{'a' * 90}"
    github_tracker(fake).create(draft(long, "v0:bbbb"))

    (issue,) = fake.issues.values()
    labels = [label["name"] for label in issue["labels"]]
    first = f"<!-- netra-fingerprint: {long} aliases v0:bbbb sighting {key(long)} -->"
    assert issue["body"] == f"{first}\nWhat it is."
    assert labels == [GENERAL_LABEL, label_of(long), label_of("v0:bbbb")]
    assert all(len(label) <= 50 for label in labels)
    assert len(set(labels)) == 3


def test_a_strangers_issue_is_not_ours(fake: FakeGitHub) -> None:
    """Anybody may write a marker, and only people who may label could make it count."""
    fake.filed_by(STRANGER, body())
    fake.filed_by(STRANGER, body(), (GENERAL_LABEL,))
    fake.filed_by(STRANGER, body("v1:bbbb"), (GENERAL_LABEL, label_of("v1:aaaa")))
    other = IssueMarker("v1:bbbb", ("v1:aaaa",), key("forged")).line()
    fake.filed_by(STRANGER, other, (GENERAL_LABEL, label_of("v1:aaaa")))
    fake.filed_by(STRANGER, f"Look:\n{body()}", (GENERAL_LABEL, label_of("v1:aaaa")))
    fake.filed_by(STRANGER, f" {body()}", (GENERAL_LABEL, label_of("v1:aaaa")))

    assert github_tracker(fake).find(["v1:aaaa"]) == ()
    assert github_tracker(fake).create(draft()).is_new


def test_a_pull_request_is_no_issue(fake: FakeGitHub) -> None:
    """GitHub lists them together."""
    labels = (GENERAL_LABEL, label_of("v1:aaaa"))
    fake.filed_by("netra-bot", body(), labels, is_pull=True)

    assert github_tracker(fake).find(["v1:aaaa"]) == ()


def test_a_strangers_comment_silences_nothing(fake: FakeGitHub) -> None:
    """A marker counts only in what the account itself wrote."""
    issue = github_tracker(fake).create(draft()).issue
    told = SightingMarker(key(1), "v1:aaaa").line()
    fake.written_by(STRANGER, issue.number, f"{told}\nAll is well.")
    fake.written_by(STRANGER, issue.number, "<!-- netra-related: 7 -->\nRelated: #7.")
    fake.written_by("ghost", issue.number, f"{told}\nAll is well.")

    (found,) = github_tracker(fake).find(["v1:aaaa"])
    assert found.keys == {key("v1:aaaa")}
    assert not found.related
    assert github_tracker(fake).comment(issue, comment(1))
    assert not github_tracker(fake).comment(issue, comment(1))


def test_what_another_account_of_ours_filed_goes_on(fake: FakeGitHub) -> None:
    """With another token nothing is filed or told a second time."""
    issue = github_tracker(fake).create(draft()).issue
    github_tracker(fake).comment(issue, comment(1))
    fake.people["ghp_another_token_of_ours"] = Person("other-bot")
    other = github_tracker(fake, "ghp_another_token_of_ours")

    assert not other.create(draft()).is_new
    assert not other.comment(issue, comment(1))
    assert other.comment(issue, comment(2))
    assert not github_tracker(fake, "ghp_another_token_of_ours").comment(issue, comment(2))


def test_an_apps_token_may_not_ask_who_it_is(fake: FakeGitHub) -> None:
    """Then what it filed tells who it is, or the account that is given."""
    fake.people["ghs_token_of_an_app"] = Person("netra[bot]", is_app=True)
    issue = github_tracker(fake, "ghs_token_of_an_app").create(draft()).issue

    assert github_tracker(fake, "ghs_token_of_an_app").comment(issue, comment(1))
    assert not github_tracker(fake, "ghs_token_of_an_app").comment(issue, comment(1))

    by_hand = github_tracker(fake).create(draft("v1:bbbb")).issue
    named = [github_tracker(fake, "ghs_token_of_an_app", "netra[bot]") for _ in range(2)]
    assert [one.comment(by_hand, comment(1)) for one in named] == [True, False]


def test_a_label_that_is_there_is_used(fake: FakeGitHub) -> None:
    """GitHub says 422 already_exists, and that is as good."""
    github_tracker(fake).create(draft("v1:aaaa"))
    github_tracker(fake).create(draft("v1:bbbb"))

    assert fake.asked.count(f"POST /repos/{REPOSITORY}/labels") == 4
    assert set(fake.labels) == {GENERAL_LABEL, label_of("v1:aaaa"), label_of("v1:bbbb")}


def test_who_may_not_label_files_nothing(fake: FakeGitHub) -> None:
    """An issue without its labels would be filed again by each run."""
    fake.people[TOKEN] = Person("netra-bot", may_push=False)

    with pytest.raises(Refused, match=r"may not do this in acme/shop.*\(403\)") as told:
        github_tracker(fake).create(draft())

    assert told.value.is_general
    assert not fake.issues


def test_labels_that_are_dropped_are_noticed(fake: FakeGitHub) -> None:
    """Should the account lose its rights in between, the issue is named, and the run ends."""

    def lose(asked: str) -> None:
        if asked == f"POST /repos/{REPOSITORY}/issues":
            fake.people[TOKEN] = Person("netra-bot", may_push=False)

    fake.before = lose
    outcome = applied([sighting("v1:aaaa"), sighting("v1:bbbb")], github_tracker(fake))

    assert "#1 was filed without its labels" in outcome.left[0].why
    assert outcome.verdict is Verdict.FAIL
    assert len(fake.issues) == 1


def test_lists_are_read_to_their_end(fake: FakeGitHub) -> None:
    """Both lists come in pages: the sighting on the third page of comments is seen."""
    issue = github_tracker(fake).create(draft()).issue
    for number in range(230):
        fake.written_by(STRANGER, issue.number, f"Remark {number}.")
    github_tracker(fake).comment(issue, comment(1))
    labels = (GENERAL_LABEL, label_of("v1:aaaa"))
    for _ in range(120):
        fake.close(fake.filed_by("netra-bot", body(), labels))

    found = github_tracker(fake).find(["v1:aaaa"])

    assert len(found) == 121
    assert found[0].number == issue.number
    assert key(1) in found[0].keys


def test_a_flood_of_comments_stops_nothing_else(fake: FakeGitHub) -> None:
    """An issue with more comments than are read is left, and the others are filed."""
    github_tracker(fake).create(draft("v1:aaaa"))
    for number in range(5001):
        fake.written_by(STRANGER, 1, str(number))

    outcome = applied([sighting("v1:aaaa", 2), sighting("v1:bbbb")], github_tracker(fake))

    assert [left.why for left in outcome.left] == ["A list at GitHub has more than 50 pages."]
    assert [done.issue.fingerprint for done in outcome.done] == ["v1:bbbb"]


def test_the_token_stays_with_github(fake: FakeGitHub) -> None:
    """A next page at another address is not asked for, and no redirection is followed."""
    labels = (GENERAL_LABEL, label_of("v1:aaaa"))
    for _ in range(101):
        fake.filed_by("netra-bot", body(), labels)
    fake.next_page = f"http://localhost:{fake.url.rpartition(':')[2]}/stolen"

    with pytest.raises(CouldNotTell, match="at another address"):
        github_tracker(fake).find(["v1:aaaa"])

    fake.moved = True
    with pytest.raises(Refused, match=r"acme/shop has moved \(301\)"):
        github_tracker(fake).find(["v1:aaaa"])
    assert not [path for path in fake.asked if "stolen" in path or path.endswith("/x")]


def test_a_proxy_of_the_environment_gets_nothing(
    fake: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the token goes is not decided by what else is set on a machine."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")

    assert github_tracker(fake).find(["v1:aaaa"]) == ()


LIMITS = {
    "secondary": no(403, "You have exceeded a secondary rate limit."),
    "retry-after": Answer(403, {"message": "Wait."}, {"retry-after": "7"}),
    "429": Answer(429, {"message": "Too many requests"}, {"retry-after": "7"}),
    "primary": Answer(
        403,
        {"message": "API rate limit exceeded for user ID 1."},
        {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(int(NOW) + 30),
        },
    ),
}


@pytest.mark.parametrize(
    ("limit", "seconds"), [("secondary", 60), ("retry-after", 7), ("429", 7), ("primary", 31)]
)
def test_a_limit_is_waited_for(fake: FakeGitHub, limit: str, seconds: float) -> None:
    """As long as GitHub says; then the very request is made again, once."""
    fake.now, fake.limits = NOW, [LIMITS[limit]]
    clock, waited = ManualClock(NOW), list[float]()

    def pause(duration: float) -> None:
        waited.append(duration)
        clock.advance(duration)

    with GitHubTracker(access(fake), clock, pause) as tracker:
        assert tracker.create(draft()).is_new

    assert waited[0] == seconds
    assert len(fake.issues) == 1


def test_a_limit_that_lasts_is_left_to_the_next_run(fake: FakeGitHub) -> None:
    """What was filed is told, what was not is named with the time, and the next run files it."""
    fake.now = NOW
    sightings = [sighting(f"v1:{name * 4}") for name in "abc"]
    hour = Answer(403, {"message": "Wait."}, {"retry-after": "3600"})

    def limit(asked: str) -> None:
        if asked == f"POST /repos/{REPOSITORY}/issues" and len(fake.issues) == 1:
            fake.limits = [hour]

    fake.before = limit
    first = applied(sightings, github_tracker(fake))
    fake.before = lambda _: None
    second = applied(sightings, github_tracker(fake))

    assert [done.issue.number for done in first.done] == [1]
    assert len(first.left) == 2
    assert as_iso(NOW + 3600)[:16] in first.left[0].why
    assert (first.verdict, second.verdict) == (Verdict.UNKNOWN, Verdict.PASS)
    assert fake.open_numbers() == [1, 2, 3]
    assert not fake.comments


def test_patience_is_for_all_limits_together(fake: FakeGitHub) -> None:
    """Many short waits do not add up to a run without an end."""
    fake.limits = [Answer(429, {"message": "Wait."}, {"retry-after": "50"}) for _ in range(3)]

    with pytest.raises(CouldNotTell, match="has a limit on requests"):
        github_tracker(fake, patience=120).find(["v1:aaaa"])

    assert not fake.limits


def test_writes_keep_their_distance(fake: FakeGitHub) -> None:
    """At least a second lies between two of them."""
    clock = ManualClock(NOW)
    begun = clock.monotonic()
    with GitHubTracker(access(fake), clock, clock.advance) as tracker:
        tracker.create(draft())

    assert fake.writes == 3
    assert clock.monotonic() - begun == 2.0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"people": {}}, r"does not accept the token for acme/shop.*\(401\)"),
        ({"issues_off": True}, r"Issues are switched off in acme/shop \(410\)"),
        ({"moved": True}, r"acme/shop has moved \(301\)"),
        ({"limits": [no(404, "Not Found")]}, r"There is no acme/shop, or .*\(404\)"),
        ({"limits": [no(403, "Forbidden")]}, r"The token may not do this.*\(403\)"),
    ],
)
def test_a_no_to_everything_ends_the_run(
    fake: FakeGitHub, wrong: dict[str, object], says: str
) -> None:
    """Nothing else is tried, all of it is left, and the verdict is FAIL."""
    for name, value in wrong.items():
        setattr(fake, name, value)

    outcome = applied([sighting("v1:aaaa"), sighting("v1:bbbb")], github_tracker(fake))

    assert len(fake.asked) == 1
    assert [bool(re.search(says, left.why)) for left in outcome.left] == [True, True]
    assert outcome.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "garbage",
    [
        (200, "application/json", b"{"),
        (200, "application/json", b'{"message": "Hello"}'),
        (200, "application/json", b'[{"number": "one"}]'),
        (200, "text/html", b"<title>Log in</title>"),
        (200, "application/json; charset=nonsense", b"[]"),
        (422, "text/html", b"No"),
        (422, "application/json", b"[]"),
        (599, "text/plain", b"No"),
        (502, "text/html", b"<title>Bad gateway</title>"),
        (503, "application/json", b"null"),
    ],
)
def test_what_is_no_answer_is_an_outage(fake: FakeGitHub, garbage: tuple[int, str, bytes]) -> None:
    """Whatever a proxy or a wrong address says, nobody takes it for "there is no such issue"."""
    fake.garbage = garbage

    with pytest.raises((CouldNotTell, Refused)):
        github_tracker(fake).find(["v1:aaaa"])
    assert applied([sighting()], github_tracker(fake)).verdict is not Verdict.PASS


def test_a_github_that_is_away_is_an_outage(fake: FakeGitHub) -> None:
    """It is told with its address, and without the token."""
    fake.url = "http://127.0.0.1:9"

    with pytest.raises(CouldNotTell, match=r"http://127\.0\.0\.1:9 did not answer") as told:
        github_tracker(fake).find(["v1:aaaa"])

    assert TOKEN not in repr(told.value)


def test_one_refused_issue_keeps_no_other(fake: FakeGitHub) -> None:
    """A deleted issue is named, and the rest is filed."""
    github_tracker(fake).create(draft("v1:aaaa"))

    def vanish(asked: str) -> None:
        if asked.startswith("GET") and asked.endswith("/issues/1"):
            fake.issues.pop(1, None)

    fake.before = vanish
    outcome = applied([sighting("v1:aaaa", 7), sighting("v1:bbbb")], github_tracker(fake))

    assert [left.why for left in outcome.left] == ["#1 is no longer at GitHub (404)."]
    assert len(outcome.done) == 1


def test_a_label_by_a_person_says_where_it_is_mended(fake: FakeGitHub) -> None:
    """One label counts; two of them say nothing."""
    github_tracker(fake).create(draft())
    fake.issues[1]["labels"] += [{"name": "resolved-in:r-7"}]
    assert github_tracker(fake).find(["v1:aaaa"])[0].resolved_in == "r-7"

    fake.issues[1]["labels"] += [{"name": "resolved-in:r-8"}]
    assert github_tracker(fake).find(["v1:aaaa"])[0].resolved_in == ""


def test_text_edited_on_the_page_is_still_ours(fake: FakeGitHub) -> None:
    """Web pages end lines in another way, and people write below the marker."""
    issue = github_tracker(fake).create(draft()).issue
    fake.issues[1]["body"] = fake.issues[1]["body"].replace("\n", "\r\n") + "\r\nAna: I look."

    assert github_tracker(fake).adopt(issue, ["v2:aaaa"])
    assert github_tracker(fake).find(["v2:aaaa"])[0].number == 1
    assert fake.issues[1]["body"].endswith("What it is.\r\nAna: I look.")


def test_a_list_that_lags_makes_no_duplicate_in_one_run(fake: FakeGitHub) -> None:
    """What the process filed itself, it finds without the list."""
    fake.lags = True
    tracker = github_tracker(fake)

    tracker.create(draft())

    assert not tracker.create(draft()).is_new
    assert fake.open_numbers() == [1]


def test_a_duplicate_made_behind_a_lagging_list_is_closed_later(fake: FakeGitHub) -> None:
    """The next run that sees both closes the younger one, and tells nothing twice."""
    fake.lags = True
    for _ in range(2):
        applied([sighting()], github_tracker(fake))
    assert fake.open_numbers() == [1, 2]

    fake.lags = False
    for issue in fake.issues.values():
        issue["_unseen"] = False
    outcome = applied([sighting()], github_tracker(fake))
    again = applied([sighting()], github_tracker(fake))

    assert fake.open_numbers() == [1]
    assert [done.says for done in outcome.done] == ["closed as a duplicate of #1"]
    assert not again.done
    assert fake.issues[2]["state_reason"] == "duplicate"
    assert [one["body"].split("\n")[1] for one in fake.comments_of(2)] == ["Duplicate of #1."]


def test_two_that_file_at_the_very_same_time(fake: FakeGitHub) -> None:
    """Both looked before either filed: the lower number stays, and both get it."""
    barrier = Barrier(2)

    def meet(asked: str) -> None:
        if asked == f"POST /repos/{REPOSITORY}/issues":
            barrier.wait()

    fake.before = meet
    made = at_once([lambda: github_tracker(fake).create(draft()) for _ in range(2)])

    assert len(fake.issues) == 2
    assert {one.issue.number for one in made} == {1}
    assert sorted(one.is_new for one in made) == [False, True]
    assert fake.open_numbers() == [1]


def test_two_that_comment_at_the_very_same_time(fake: FakeGitHub) -> None:
    """Both looked before either told: the later one is taken back."""
    issue = github_tracker(fake).create(draft()).issue
    barrier = Barrier(2)

    def meet(asked: str) -> None:
        if asked.startswith("POST") and asked.endswith("/comments"):
            barrier.wait()

    fake.before = meet
    told = at_once([lambda: github_tracker(fake).comment(issue, comment(1)) for _ in range(2)])

    assert sorted(told) == [False, True]
    assert len(fake.comments_of(1)) == 1


def test_a_comment_that_a_dead_run_left_twice_is_taken_back(fake: FakeGitHub) -> None:
    """Whoever died between telling and looking again leaves it to the next run."""
    evidence = sighting(count=2)
    applied([sighting()], github_tracker(fake))
    applied([evidence], github_tracker(fake))
    (first,) = fake.comments_of(1)
    fake.written_by("netra-bot", 1, first["body"])

    outcome = applied([evidence], github_tracker(fake))

    assert [done.says for done in outcome.done] == ["took back what it was told twice"]
    assert fake.comments_of(1) == [first]
    assert not applied([evidence], github_tracker(fake)).done
