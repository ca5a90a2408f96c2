"""What is filed of a worklog, and where: said, or done with --apply."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

import typer

from netra.clock import Clock
from netra.isolated_environment import process_environment
from netra_ops.cli.console import remark
from netra_ops.findings import (
    CouldNotTell,
    Failed,
    OpsError,
    UsageRefused,
    Verdict,
    printable,
)
from netra_ops.gardener.worklog.composing import Composed
from netra_ops.gardener.worklog.document import IssueLine, Worklog
from netra_ops.gardener.worklog.filing import not_filed, sightings_of
from netra_ops.issue_tracker.applying import Applied, applied
from netra_ops.issue_tracker.files import FileTracker
from netra_ops.issue_tracker.planning import planned
from netra_ops.issue_tracker.port import Tracker
from netra_ops.issue_tracker.sighting import Deployed, Sighting

DEFAULT_TRACKER: Final = ".netra/issues"
_GITHUB: Final = "github:"

ApplyOption = Annotated[
    bool, typer.Option("--apply", help="File it; without, it is only said what would be filed.")
]
TrackerOption = Annotated[
    str,
    typer.Option(
        "--tracker",
        metavar="DIR|github:OWNER/REPO",
        help=f"Where issues are: a directory ({DEFAULT_TRACKER} if nothing is said), or GitHub, "
        "with the token in GITHUB_TOKEN.",
        show_default=False,
    ),
]


GitHubUrlOption = Annotated[
    str | None,
    typer.Option(
        "--github-url",
        metavar="URL",
        help="GitHub's API elsewhere: https://HOST/api/v3 of GitHub Enterprise.",
    ),
]


@dataclass(frozen=True, slots=True)
class Where:
    """Where issues are: what the options say."""

    tracker: str
    github_url: str | None


def filed(
    result: Composed, where: Where, *, apply: bool, clock: Clock
) -> tuple[tuple[IssueLine, ...], Callable[[], None]]:
    """File what is to be filed, or say what would be.

    A tracker that cannot be asked stops nothing that is said besides.

    Returns:
        What was done or would be, and what raises at the end if it was not all done.
    """
    sightings = sightings_of(result)
    others = not_filed(result.worklog)
    if not sightings:
        return others, _nothing
    deployed = tuple(_deployed(result.worklog))
    with ExitStack() as until_done:
        place = tracker_of(where, clock, until_done)
        if apply:
            outcome = applied(sightings, place, deployed, say=remark)
            return (*_done(outcome), *others), lambda: _judge(outcome)
        try:
            return (*_planned(sightings, place, deployed), *others), _nothing
        except OpsError as error:
            problem = error
            return others, lambda: _raise(problem)


def tracker_of(where: Where, clock: Clock, until_done: ExitStack) -> Tracker:
    """Give the tracker that the options name.

    Args:
        where: The options.
        clock: What says when a limit ends.
        until_done: What closes the tracker's connections.

    Raises:
        UsageRefused: It is GitHub, and the token or the repository is not as it must be.
    """
    if not where.tracker.startswith(_GITHUB):
        if where.github_url is not None:
            raise UsageRefused("--github-url is for --tracker github:OWNER/REPO.")
        return FileTracker(Path(where.tracker or DEFAULT_TRACKER), clock)
    # Who files in a directory needs no client of GitHub.
    access = import_module("netra_ops.issue_tracker.github_api.access")
    repository = where.tracker.removeprefix(_GITHUB)
    url = where.github_url or access.PUBLIC_URL
    granted = access.access_from(process_environment(), repository, url)
    github = import_module("netra_ops.issue_tracker.github").GitHubTracker(granted, clock)
    tracker: Tracker = until_done.enter_context(github)
    return tracker


def _planned(
    sightings: tuple[Sighting, ...], tracker: Tracker, deployed: tuple[Deployed, ...]
) -> tuple[IssueLine, ...]:
    names = {name for one in sightings for name in one.names}
    return tuple(
        IssueLine(
            cluster=step.sighting.fingerprint,
            title=step.sighting.title,
            action=f"would {step.act}" if step.act != "nothing" else "nothing to do",
            why=step.reason,
            where=printable(step.issue.where) if step.issue else "",
        )
        for step in planned(sightings, tracker.find(names), deployed)
    )


def _done(outcome: Applied) -> tuple[IssueLine, ...]:
    done = [
        IssueLine(
            cluster=one.issue.fingerprint,
            title=one.issue.title,
            action=one.says.partition(":")[0],
            why=one.says.partition(":")[2].strip(),
            where=printable(one.issue.where),
        )
        for one in outcome.done
    ]
    nothing = [IssueLine(cluster="", title=one, action="nothing to do") for one in outcome.nothing]
    left = [
        IssueLine(
            cluster="",
            title=one.title,
            action="refused" if one.is_refused else "left for the next run",
            why=one.why,
        )
        for one in outcome.left
    ]
    return (*done, *nothing, *left)


def _deployed(worklog: Worklog) -> tuple[Deployed, ...]:
    return tuple(
        Deployed(one.revision, place, place) for place, one in enumerate(worklog.revisions, 1)
    )


def _judge(outcome: Applied) -> None:
    if outcome.verdict is Verdict.FAIL:
        raise Failed("The tracker refused something; see above.")
    if outcome.verdict is Verdict.UNKNOWN:
        raise CouldNotTell("Not everything was filed; the next run goes on.")


def _nothing() -> None:
    """Find nothing wrong."""


def _raise(problem: OpsError) -> None:
    raise problem
