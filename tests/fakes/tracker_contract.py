"""What every tracker promises, as tests: the files and GitHub run the same.

A module of tests takes the class in under a name of its own and gives the fixture `stage`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Barrier, Thread
from typing import TypeVar

from fakes.sightings import NOW, key
from netra_ops.issue_tracker.port import ClosedAs, Comment, Created, Draft, Issue, State, Tracker

T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """A tracker to try.

    Attributes:
        opened: Opens it as one more process would.
        close: Closes an issue as a person does, at the time `NOW`, for a reason.
        resolve: Closes an issue as a person does, naming the revision that mends it.
        comments: Counts what an issue was told besides its body.
        text: Gives all of an issue's text.
    """

    opened: Callable[[], Tracker]
    close: Callable[[int, str], None]
    resolve: Callable[[int, str], None]
    comments: Callable[[int], int]
    text: Callable[[int], str]


def draft(fingerprint: str = "v1:aaaa", *aliases: str, body: str = "What it is.") -> Draft:
    """Give a draft."""
    return Draft(
        title="GCP-new-P2-token-refresh-fails",
        body=body,
        fingerprint=fingerprint,
        aliases=aliases,
        key=key(fingerprint),
    )


def comment(evidence: object, body: str = "Seen again.") -> Comment:
    """Give a comment."""
    return Comment(body, key(evidence), "v1:aaaa")


class TrackerContract:
    """What holds of every tracker."""

    def test_nothing_is_found_before_anything_is_filed(self, stage: Stage) -> None:
        """An empty tracker is no error."""
        assert stage.opened().find(["v1:aaaa"]) == ()

    def test_what_was_filed_is_found(self, stage: Stage) -> None:
        """By its fingerprint and by its aliases, as it was filed, and by nothing else."""
        made = stage.opened().create(draft("v2:aaaa", "v1:bbbb", "v1:cccc"))

        assert made.is_new
        found = made.issue
        for name in ("v2:aaaa", "v1:bbbb", "v1:cccc"):
            assert stage.opened().find([name]) == (found,)
        assert stage.opened().find(["v1:aaaa", "v2:aaa", "v2:aaaaa"]) == ()
        assert found.state is State.OPEN
        assert found.title == "GCP-new-P2-token-refresh-fails"
        assert found.keys == {key("v2:aaaa")}
        assert (found.fingerprint, found.aliases) == ("v2:aaaa", ("v1:bbbb", "v1:cccc"))
        assert found.where

    def test_the_same_is_filed_once(self, stage: Stage) -> None:
        """A draft for which there is an open issue, under whatever name, gets that one."""
        first = stage.opened().create(draft("v1:aaaa"))

        again = stage.opened().create(draft("v1:aaaa"))
        newer = stage.opened().create(draft("v2:aaaa", "v1:aaaa"))

        assert again == newer == Created(first.issue, is_new=False)

    def test_something_else_is_another_issue(self, stage: Stage) -> None:
        """Numbers grow."""
        one = stage.opened().create(draft("v1:aaaa")).issue
        other = stage.opened().create(draft("v1:bbbb")).issue

        assert one.number < other.number
        assert stage.opened().find(["v1:bbbb", "v1:aaaa"]) == (one, other)

    def test_a_closed_issue_is_found_and_does_not_stand_for_a_new_one(self, stage: Stage) -> None:
        """It says when and why it was closed, and a draft for the same makes another."""
        first = stage.opened().create(draft()).issue
        stage.close(first.number, "not_planned")

        (found,) = stage.opened().find(["v1:aaaa"])
        second = stage.opened().create(draft())

        assert (found.state, found.closed_as) == (State.CLOSED, ClosedAs.NOT_PLANNED)
        assert found.closed_at == NOW
        assert second.is_new
        assert len(stage.opened().find(["v1:aaaa"])) == 2

    def test_a_person_says_where_it_is_mended(self, stage: Stage) -> None:
        """The revision is read with the issue, and forgotten once it is open again."""
        first = stage.opened().create(draft()).issue
        stage.resolve(first.number, "netra-backend-00042")

        (found,) = stage.opened().find(["v1:aaaa"])
        stage.opened().reopen(found)
        (opened,) = stage.opened().find(["v1:aaaa"])

        assert (found.state, found.resolved_in) == (State.CLOSED, "netra-backend-00042")
        assert (opened.state, opened.resolved_in) == (State.OPEN, "")

    def test_a_sighting_is_told_once(self, stage: Stage) -> None:
        """Another one with the same key changes nothing, and one with another key is told."""
        issue = stage.opened().create(draft()).issue

        first = [stage.opened().comment(issue, comment(1)) for _ in range(3)]
        second = stage.opened().comment(issue, comment(2))

        assert first == [True, False, False]
        assert second
        assert stage.comments(issue.number) == 2
        (found,) = stage.opened().find(["v1:aaaa"])
        assert found.keys == {key("v1:aaaa"), key(1), key(2)}

    def test_what_the_body_tells_is_not_told_again(self, stage: Stage) -> None:
        """The sighting for which an issue was filed is no news."""
        issue = stage.opened().create(draft()).issue

        assert not stage.opened().comment(issue, comment("v1:aaaa"))
        assert stage.comments(issue.number) == 0

    def test_an_issue_is_opened_again_once(self, stage: Stage) -> None:
        """An open one stays as it is."""
        issue = stage.opened().create(draft()).issue
        stage.close(issue.number, "completed")

        said = [stage.opened().reopen(issue) for _ in range(2)]

        assert said == [True, False]
        (found,) = stage.opened().find(["v1:aaaa"])
        assert (found.state, found.closed_at) == (State.OPEN, None)

    def test_an_issue_goes_by_more_names(self, stage: Stage) -> None:
        """It is found under all of them, and its text stays."""
        issue = stage.opened().create(draft("v1:aaaa", body="A text of\nits own.")).issue

        said = [stage.opened().adopt(issue, ["v2:aaaa", "v1:aaaa"]) for _ in range(2)]

        assert said == [True, False]
        (found,) = stage.opened().find(["v2:aaaa"])
        assert found.number == issue.number
        assert found.names == {"v1:aaaa", "v2:aaaa"}
        assert found.keys == issue.keys
        assert "A text of\nits own." in stage.text(issue.number)

    def test_related_issues_are_named_once(self, stage: Stage) -> None:
        """Only those that are not named yet are added."""
        issues = [stage.opened().create(draft(f"v1:{name * 4}")).issue for name in "abc"]
        one, two, three = (issue.number for issue in issues)

        said = [
            stage.opened().link(issues[0], others)
            for others in ([two], [two], [two, three], [three])
        ]

        assert said == [True, False, True, False]
        (found,) = stage.opened().find(["v1:aaaa"])
        assert found.number == one
        assert found.related == {two, three}

    def test_a_duplicate_is_closed_as_one(self, stage: Stage) -> None:
        """It names the issue that stays, and is closed once."""
        stays = stage.opened().create(draft("v1:aaaa")).issue
        goes = stage.opened().create(draft("v1:bbbb")).issue

        said = [stage.opened().close_duplicate(goes, stays) for _ in range(2)]

        assert said == [True, False]
        (found,) = stage.opened().find(["v1:bbbb"])
        assert (found.state, found.closed_as) == (State.CLOSED, ClosedAs.DUPLICATE)
        assert found.related == {stays.number}

    def test_what_is_quoted_is_no_marker(self, stage: Stage) -> None:
        """Markers in what was logged neither name the issue nor count as told."""
        forged = (
            f"<!-- netra-fingerprint: v1:eeee sighting {key('forged')} -->\n"
            f"<!-- netra-sighting: {key('forged')} of v1:aaaa -->\n"
            f"<!-- netra-related: 77 -->"
        )
        issue = stage.opened().create(draft(body=f"{forged}\n```\n{forged}\n```")).issue
        stage.opened().comment(issue, comment(1, f"\n{forged}\n\n{forged}"))

        assert stage.opened().find(["v1:eeee"]) == ()
        (found,) = stage.opened().find(["v1:aaaa"])
        assert found.keys == {key("v1:aaaa"), key(1)}
        assert found.related == frozenset()
        assert stage.opened().comment(issue, comment("forged"))

    def test_two_at_once_file_one_issue(self, stage: Stage) -> None:
        """Whoever comes second gets what stands, and one is open."""
        made: list[Issue] = at_once(
            [lambda: stage.opened().create(draft()).issue for _ in range(4)]
        )

        opened = [one for one in stage.opened().find(["v1:aaaa"]) if one.is_open]
        assert {issue.number for issue in made} == {opened[0].number}
        assert len(opened) == 1

    def test_two_at_once_tell_a_sighting_once(self, stage: Stage) -> None:
        """One of them told it."""
        issue = stage.opened().create(draft()).issue

        told: list[bool] = at_once(
            [lambda: stage.opened().comment(issue, comment(1)) for _ in range(4)]
        )

        assert sum(told) == 1
        assert stage.comments(issue.number) == 1


def at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Do things in threads that begin together; gives what each gave."""
    begin, given = Barrier(len(acts)), list[T]()

    def run(act: Callable[[], T]) -> None:
        begin.wait()
        given.append(act())

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == len(acts), "one of them raised"
    return given
