"""What is to be filed: the rule for open and closed issues, and reasons in words."""

import pytest

from fakes.sightings import NOW, key, seen, sighting
from netra_ops.issue_tracker.planning import Act, Step, decided, planned
from netra_ops.issue_tracker.port import ClosedAs, Issue, State
from netra_ops.issue_tracker.priority import Judged, Priority
from netra_ops.issue_tracker.sighting import Deployed, Nature, News

DAY = 86_400
CLOSED = NOW - DAY
OLD, FIX, LATER = (
    Deployed("r-1", NOW - 9 * DAY, 1),
    Deployed("r-2", NOW - 2 * DAY, 2),
    Deployed("r-3", NOW - DAY / 2, 3),
)
ORDER = {one.revision: one for one in (OLD, FIX, LATER)}


def held(number: int = 1, fingerprint: str = "v1:aaaa", **more: object) -> Issue:
    """Give an issue that the tracker has."""
    known = {"title": "x", "state": State.OPEN, "keys": frozenset({key("before")})}
    return Issue(number=number, fingerprint=fingerprint, **known | more)  # type: ignore[arg-type]


def closed(number: int = 1, **more: object) -> Issue:
    """Give one that was closed a day ago."""
    known = {"state": State.CLOSED, "closed_at": CLOSED}
    return held(number, "v1:aaaa", **known | more)


def step_of(news: News | None = None, *issues: Issue, **different: object) -> Step:
    """Decide about a sighting."""
    given = sighting(news=news or seen(), **different)  # type: ignore[arg-type]
    return decided(given, issues, ORDER)


def test_what_nobody_filed_is_created() -> None:
    """Title, text, facts and reasons are in the draft; issues for something else do not count."""
    step = step_of(
        seen(count=7, revisions=("r-3", "x`y\n")),
        held(4, "v1:bbbb"),
        nature=Nature.REGRESSION,
        judged=Judged(Priority.P1, ("It is ERROR.", "It goes on.")),
        aliases=("v0:aaaa",),
    )

    assert (step.act, step.issue, step.reason) == (Act.CREATE, None, "No issue is for it.")
    assert step.draft is not None
    assert step.draft.title == "GCP-regression-P1-token-refresh-fails"
    assert (step.draft.fingerprint, step.draft.aliases) == ("v1:aaaa", ("v0:aaaa",))
    assert step.draft.key == step.sighting.key
    assert step.draft.body == (
        "Tokens are not renewed (v1:aaaa).\n"
        "\n"
        "- Priority: P1. It is ERROR. It goes on.\n"
        "- Nature: regression\n"
        "- Entries: 7, from 2027-01-15T07:50:00.000000Z to 2027-01-15T07:59:00.000000Z\n"
        "- Revisions: `r-3`, `x?y?`\n"
        "- Looked at: 2027-01-15T07:00:00.000000Z to 2027-01-15T08:00:00.000000Z\n"
    )


def test_an_open_issue_is_told_what_is_new() -> None:
    """The one with the lowest number."""
    step = step_of(None, held(5), held(3), held(9))

    assert (step.act, step.issue) == (Act.COMMENT, held(3))
    assert step.comment is not None
    assert step.comment.key == step.sighting.key
    assert step.comment.body.startswith("Seen again.\n\n- Priority: P2.")
    assert [one.number for one in step.duplicates] == [5, 9]


def test_the_same_evidence_twice_is_nothing() -> None:
    """The issue tells of it already, in its body or in a comment, open or closed."""
    given = sighting()
    for issue in (held(keys=frozenset({given.key})), closed(keys=frozenset({given.key}))):
        step = decided(given, [issue], ORDER)

        assert (step.act, step.draft, step.comment) == (Act.NOTHING, None, None)


def test_an_alias_finds_the_issue_of_before() -> None:
    """It will go by the new name too, and is no duplicate of itself."""
    step = step_of(None, held(2, "v0:aaaa"), fingerprint="v1:aaaa", aliases=("v0:aaaa",))

    assert (step.act, step.adopts, step.duplicates) == (Act.COMMENT, True, ())


def test_issues_of_two_aliases_are_not_closed() -> None:
    """Two old issues that one recipe now takes for the same stay, and the reason names them."""
    step = step_of(
        None,
        held(2, "v0:aaaa"),
        held(3, "v0:bbbb"),
        held(4, "v1:aaaa"),
        aliases=("v0:aaaa", "v0:bbbb"),
    )

    assert step.issue == held(2, "v0:aaaa")
    assert [one.number for one in step.duplicates] == [4]
    assert "#3 went by an alias of it and stays as it is." in step.reason


AFTER = {"began": CLOSED + 60, "last": NOW - 60}
AROUND = {"began": CLOSED - 60, "last": NOW - 60}


@pytest.mark.parametrize(
    ("issue", "news", "act", "says"),
    [
        ({"closed_as": ClosedAs.NOT_PLANNED}, AFTER, Act.NOTHING, "closed as not planned"),
        ({}, {"began": CLOSED - 9, "last": CLOSED}, Act.NOTHING, "Nothing of it was seen after"),
        ({}, AFTER | {"revisions": ("r-3",)}, Act.REOPEN, "`r-3`, which came after"),
        ({}, AFTER | {"revisions": ("r-1", "r-3")}, Act.REOPEN, "seen on `r-3`, which"),
        ({}, AFTER | {"revisions": ("r-1",)}, Act.NOTHING, "`r-1` alone, from before"),
        ({}, AFTER | {"revisions": ("r-1", "r-2")}, Act.NOTHING, "from before it was mended"),
        ({}, AFTER | {"revisions": ("r-9",)}, Act.REOPEN, "all of it was seen after"),
        ({}, AROUND | {"revisions": ("r-9",)}, Act.NOTHING, "some of it was seen before"),
        ({}, AFTER, Act.REOPEN, "Which revision came first is not known"),
        ({}, AROUND, Act.NOTHING, "some of it was seen before"),
        ({"resolved_in": "r-2"}, AFTER | {"revisions": ("r-3",)}, Act.REOPEN, "`r-3`, which"),
        ({"resolved_in": "r-2"}, AFTER | {"revisions": ("r-1",)}, Act.NOTHING, "`r-1` alone"),
        ({"resolved_in": "r-3"}, AFTER | {"revisions": ("r-2",)}, Act.NOTHING, "`r-2` alone"),
        ({"resolved_in": "r-2"}, AFTER | {"revisions": ("r-2",)}, Act.REOPEN, "was to mend it"),
        ({"resolved_in": "r-2"}, AROUND | {"revisions": ("r-2",)}, Act.NOTHING, "`r-2` alone"),
        ({"resolved_in": "r-7"}, AROUND | {"revisions": ("r-3",)}, Act.NOTHING, "not known"),
        ({"resolved_in": "r-7"}, AFTER | {"revisions": ("r-3",)}, Act.REOPEN, "not known"),
    ],
)
def test_a_closed_issue_is_opened_by_the_rule(
    issue: dict[str, object], news: dict[str, object], act: Act, says: str
) -> None:
    """Only a later revision brings something back, and where that is not known, all the time."""
    step = step_of(seen(**news), closed(**issue))  # type: ignore[arg-type]

    assert step.act is act
    assert says in step.reason
    assert (step.comment is not None) is (act is Act.REOPEN)


def test_what_was_closed_long_ago_is_filed_anew() -> None:
    """The new issue names the old one, and the old one stays closed."""
    long_ago = closed(6, closed_at=NOW - 31 * DAY)

    step = step_of(seen(revisions=("r-3",)), long_ago)

    assert (step.act, step.issue) == (Act.CREATE, None)
    assert step.draft is not None
    assert "It was filed before as #6, which is closed." in step.draft.body
    assert "more than 30 days before" in step.reason


def test_the_last_closing_counts_and_duplicates_do_not() -> None:
    """Whatever is the story of an issue, its end is what people decided last."""
    issues = (
        closed(1, closed_at=CLOSED - DAY, closed_as=ClosedAs.NOT_PLANNED),
        closed(2),
        closed(3, closed_at=NOW, closed_as=ClosedAs.DUPLICATE),
    )

    step = step_of(seen(**AFTER, revisions=("r-3",)), *issues)  # type: ignore[arg-type]

    assert (step.act, step.issue) == (Act.REOPEN, closed(2))


def test_only_duplicates_are_no_issue() -> None:
    """Then it is filed."""
    assert step_of(None, closed(3, closed_as=ClosedAs.DUPLICATE)).act is Act.CREATE


def test_a_plan_knows_what_it_does_itself() -> None:
    """The second sighting of one thing is told to the issue that the first one creates."""
    one, two = sighting(count=1), sighting(count=2)
    other = sighting("v2:aaaa", aliases=("v1:aaaa",))

    steps = planned([one, two, one, other], [])

    assert [step.act for step in steps] == [Act.CREATE, Act.COMMENT, Act.NOTHING, Act.COMMENT]
    assert [step.issue for step in steps] == [None] * 4
    assert steps[1].reason == "This plan creates the issue for it, and this is new."
    assert steps[2].reason == "The issue that this plan creates tells of it."


def test_a_plan_opens_an_issue_once() -> None:
    """After that it is open for the next sighting."""
    sightings = [sighting(news=seen(**AFTER, count=n)) for n in (1, 2)]

    steps = planned(sightings, [closed()])

    assert [step.act for step in steps] == [Act.REOPEN, Act.COMMENT]


def test_a_step_says_what_it_is() -> None:
    """In one line for people."""
    step = step_of(None, held(3), held(5))

    assert step.in_words == (
        "GCP-new-P2-token-refresh-fails: comment #3. It is open, and this is new. "
        "Close #5 as its duplicate."
    )
