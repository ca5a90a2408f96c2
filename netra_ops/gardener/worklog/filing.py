"""Which clusters of a worklog become issues, and with what. Pure; the tracker does the filing.

Errors are filed, and warnings that began with a revision. What is not: what another cluster says
already, what follows another error each time, and what only tests met.
"""

from hashlib import sha256
from typing import Final

from netra_ops.gardener.facts.clusters import ClusterFacts
from netra_ops.gardener.worklog.as_markdown import cluster_body, visible
from netra_ops.gardener.worklog.composing import Composed
from netra_ops.gardener.worklog.document import ClusterReport, IssueLine, Worklog
from netra_ops.issue_tracker.priority import Judged
from netra_ops.issue_tracker.sighting import Nature, News, Sighting
from netra_ops.logs.entries.entry import Level

_KEY_DIGITS: Final = 32


def sightings_of(composed: Composed) -> tuple[Sighting, ...]:
    """Give what is to be filed, the most urgent first."""
    worklog = composed.worklog
    filed = {one.id for one in worklog.clusters if not why_not(one)}
    return tuple(
        _sighting(worklog, report, judged, facts, filed)
        for report, judged, facts in zip(
            worklog.clusters, composed.judged, composed.facts, strict=True
        )
        if report.id in filed
    )


def not_filed(worklog: Worklog) -> tuple[IssueLine, ...]:
    """Say of the other clusters why they are not filed."""
    return tuple(
        IssueLine(cluster=one.id, title=one.name, action="not filed", why=why)
        for one in worklog.clusters
        if (why := why_not(one))
    )


def why_not(report: ClusterReport) -> str:
    """Say why a cluster is not filed; empty if it is."""
    if report.doubles is not None:
        return f"it is what {report.doubles} says, written again"
    if report.follows is not None:
        return f"it comes after {report.follows} nearly every time, and is told with it"
    if report.tests:
        return "only tests met it"
    if Level[report.severity] < Level.ERROR and report.nature != Nature.REGRESSION:
        return "it is a warning that no revision brought"
    return ""


def _sighting(
    worklog: Worklog,
    report: ClusterReport,
    judged: Judged,
    facts: ClusterFacts,
    filed: set[str],
) -> Sighting:
    first, last = (facts.first or 0) / 1e9, (facts.last or 0) / 1e9
    evidence = f"{report.id} {facts.count} {facts.first} {facts.last}"
    head = [
        (
            f"Seen by the log gardener in {worklog.service}, covered: {worklog.window.first} to "
            f"{worklog.window.last}."
        ),
        "",
    ]
    return Sighting(
        fingerprint=report.id,
        aliases=report.aliases,
        name=report.name,
        nature=Nature(report.nature),
        judged=judged,
        body=visible("\n".join([*head, *cluster_body(report)])),
        news=News(
            began=first,
            last=last,
            count=report.count,
            revisions=tuple(one.name for one in report.revisions.top),
            since=first,
            until=last,
        ),
        key=sha256(evidence.encode()).hexdigest()[:_KEY_DIGITS],
        related=tuple(one for one in report.related if one in filed),
    )
