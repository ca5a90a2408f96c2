"""Whatever runs there are, whole, at once or cut short: one open issue each, nothing told twice."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.github_server import FakeGitHub, github
from fakes.sightings import sighting
from fakes.tracker_contract import Stage, at_once
from fakes.trackers import on_files, on_github
from netra_ops.findings import Verdict
from netra_ops.issue_tracker.applying import applied
from netra_ops.issue_tracker.port import Tracker
from netra_ops.issue_tracker.sighting import Sighting

pytestmark = pytest.mark.long

NAMES = ("v1:aaaa", "v1:bbbb", "v2:aaaa")
ALIASES = {"v2:aaaa": ("v1:aaaa",)}
RELATED = {"v1:bbbb": ("v1:aaaa",)}


class Killed(BaseException):
    """A run that ends as if its process was killed."""


@dataclass(frozen=True)
class Run:
    """A run of the gardener: what it saw, with how many others at once, and when it dies.

    Attributes:
        seen: What was seen, each with how much evidence there was by then.
        others: What somebody else files at the very same time.
        dies_after: After how many writes it dies; None if it lives.
    """

    seen: dict[str, int]
    others: dict[str, int] | None = None
    dies_after: int | None = None


evidence = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 3), min_size=1)
runs = st.lists(
    st.builds(
        Run,
        evidence,
        st.one_of(st.none(), evidence),
        st.one_of(st.none(), st.integers(1, 4)),
    ),
    min_size=1,
    max_size=4,
)


def sightings(of: dict[str, int]) -> list[Sighting]:
    """Give what a run saw."""
    return [
        sighting(name, count, aliases=ALIASES.get(name, ()), related=RELATED.get(name, ()))
        for name, count in of.items()
    ]


def one_run(stage: Stage, of: dict[str, int], dies_after: int | None) -> None:
    """File something, and perhaps die on the way."""
    written = 0

    def say(_: str) -> None:
        nonlocal written
        written += 1
        if written == dies_after:
            raise Killed

    with suppress(Killed):
        applied(sightings(of), stage.opened(), say=say)


def holds(stage: Stage, story: list[Run], meanwhile: Stage | None = None) -> None:
    """Let all of it happen, then let one more run come to its end, and look at what is there."""
    for run in story:
        acts = [partial(one_run, meanwhile or stage, run.seen, run.dies_after)]
        if run.others is not None:
            acts.append(partial(one_run, meanwhile or stage, run.others, None))
        at_once(acts)
    last = story[-1].seen
    outcome = applied(sightings(last), stage.opened())
    again = applied(sightings(last), stage.opened())

    issues = stage.opened().find(NAMES)
    opened = [issue for issue in issues if issue.is_open]
    assert (outcome.verdict, again.verdict) == (Verdict.PASS, Verdict.PASS)
    assert again.done == ()
    assert max(Counter(issue.fingerprint for issue in opened).values()) == 1
    for name in last:
        assert [issue for issue in opened if name in issue.names]
    for one in sightings(last):
        (told, *_) = [issue for issue in opened if not issue.names.isdisjoint(one.names)]
        assert one.key in told.keys
    for issue in issues:
        text = stage.text(issue.number)
        assert [key for key in issue.keys if text.count(key) != 1] == []


@settings(max_examples=40)
@given(runs)
def test_files_hold_everything_once(story: list[Run]) -> None:
    """In a directory."""
    with TemporaryDirectory() as folder:
        holds(on_files(Path(folder) / "issues"), story)


@settings(max_examples=12)
@given(runs)
def test_github_holds_everything_once(story: list[Run]) -> None:
    """At GitHub, over sockets."""
    with github() as fake:
        holds(on_github(fake), story)


@settings(max_examples=12)
@given(runs, st.lists(st.integers(1, 9), min_size=4, max_size=4))
def test_github_holds_everything_once_though_answers_do_not_arrive(
    story: list[Run], cuts: list[int]
) -> None:
    """What took effect without being heard of is found by the next run."""
    with github() as fake:
        left = list(cuts)
        holds(_cut(fake, lambda: None), story, _cut(fake, lambda: left.pop() if left else None))


def _cut(fake: FakeGitHub, at: Callable[[], int | None]) -> Stage:
    """Lose the answer to one of the next writes whenever a tracker is opened, or to none."""
    stage = on_github(fake)

    def opened() -> Tracker:
        place = at()
        fake.cut_at = None if place is None else fake.writes + place
        return stage.opened()

    return replace(stage, opened=opened)
