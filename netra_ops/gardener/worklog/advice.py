"""The sentences of a worklog: what is so, what to check, what to do next. Pure.

A sentence states a count, a time or a name that stands in the same document. What follows from them
is not said here: which cause is behind something is for the diagnosis to weigh.
"""

from collections.abc import Sequence
from typing import Final

from netra_ops.gardener.facts.clusters import Facts
from netra_ops.gardener.facts.tests_and_age import Age
from netra_ops.gardener.worklog.as_markdown import code
from netra_ops.gardener.worklog.document import ClusterReport

_TOLD: Final = 5
_REGRESSION: Final = "regression"


def focus(reports: Sequence[ClusterReport], service: str | None) -> str:
    """Say what the worklog is about."""
    whose = f"service {service}" if service else "all services of the log"
    if not reports:
        return f"warnings and errors of {whose}: there are none"
    return f"warnings and errors of {whose}, first of all {reports[0].name}"


def severity(reports: Sequence[ClusterReport]) -> str:
    """Give the worst priority, and whose it is."""
    if not reports:
        return "none"
    return f"{reports[0].priority} ({reports[0].severity}): {reports[0].name}"


def summary(reports: Sequence[ClusterReport], whole: Facts, age: Age) -> tuple[str, ...]:
    """Say in a few sentences what is so."""
    if not whole.entries:
        return ("There was no entry to look at.",)
    entries = sum(report.count for report in reports)
    said = [
        (
            f"{_many(whole.entries, 'entry', 'entries')} in "
            f"{_many(len(whole.clusters), 'cluster', 'clusters')}; "
            f"{len(reports)} of them, with {_many(entries, 'entry', 'entries')}, are warnings or "
            "worse."
        )
    ]
    if age.says:
        said.append(age.says)
    leading = _leading(reports)
    said += [_of_one(report, _after(report, reports)) for report in leading[:_TOLD]]
    if len(leading) > _TOLD:
        said.append(f"{_many(len(leading) - _TOLD, 'more is', 'more are')} below.")
    return tuple(said)


def _leading(reports: Sequence[ClusterReport]) -> list[ClusterReport]:
    """Leave out what only follows or doubles another cluster of them."""
    ids = {report.id for report in reports}
    return [one for one in reports if one.follows not in ids and one.doubles not in ids]


def _after(leader: ClusterReport, reports: Sequence[ClusterReport]) -> list[str]:
    return [one.name for one in reports if leader.id in {one.follows, one.doubles}]


def _of_one(report: ClusterReport, after: Sequence[str]) -> str:
    said = [f"{report.priority} {report.name}: {report.count} times"]
    if report.first and report.last:
        said.append(f"from {report.first} to {report.last}")
    if report.rhythm:
        said.append(report.rhythm)
    if report.requests.distinct:
        said.append(_many(report.requests.distinct, "request", "requests"))
    if report.principals.distinct:
        said.append(_many(report.principals.distinct, "principal", "principals"))
    tail = f" With it each time: {', '.join(after)}." if after else ""
    tail += " It is test traffic." if report.tests else ""
    return f"{', '.join(said)}. {report.onset.says}{tail}"


def checklist(reports: Sequence[ClusterReport], service: str) -> tuple[str, ...]:
    """Say what to look at, of what the clusters name."""
    if not reports:
        return ()
    found = ["Does the covered interval include the beginning? If not, export an earlier one."]
    leading = _leading(reports)
    begun = [one for one in leading if one.onset.nature == _REGRESSION]
    found += [
        f"{one.name}: compare the configuration of {one.onset.last_good} with that of "
        f"{one.onset.revision} (`netra config diff {service}@{one.onset.last_good} FILE`)."
        for one in begun[:_TOLD]
    ]
    found += [
        f"{one.name}: one of its requests from end to end: {code(one.requests.top[0].name)}"
        for one in leading[:_TOLD]
        if one.requests.top
    ]
    found.append("Which revision serves now, and was it proven? (`netra revisions`)")
    found.append("Does the golden path pass now? (`netra verify`)")
    return tuple(found)


def next_steps(reports: Sequence[ClusterReport], service: str, age: Age) -> tuple[str, ...]:
    """Say what to do next, the most urgent first."""
    if age.stale:
        return ("Export the log of the time in question: this one is of another.",)
    if not reports:
        return ()
    found = []
    urgent = [one for one in _leading(reports) if one.priority in {"P0", "P1"}]
    for one in urgent[:_TOLD]:
        if one.onset.nature == _REGRESSION and one.onset.gone_since is None:
            found.append(
                f"{one.name} began with {one.onset.revision}: if it serves people, go back to "
                f"{one.onset.last_good} (`netra rollback {service} --to {one.onset.last_good}`)."
            )
        else:
            found.append(f"Look at {one.name} first: {one.reasons[0]}")
    too_little = [one for one in reports if one.onset.nature == "too_little_before"]
    if too_little:
        found.append(
            f"Export a longer time before {min(one.first or '?' for one in too_little)}: of "
            f"{_many(len(too_little), 'cluster', 'clusters')} it cannot be said whether they are "
            "new."
        )
    found.append("File what is to be mended: the same command with `--apply`.")
    return tuple(found)


def _many(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
