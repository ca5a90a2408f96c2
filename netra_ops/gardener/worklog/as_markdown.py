"""A worklog as Markdown, in the sections people know. Pure.

What a log says is somebody else's text: it stands in code, in which nothing is a heading or a link.
"""

from collections.abc import Iterable
from typing import Final

from netra_ops.findings import printable
from netra_ops.gardener.worklog.document import ClusterReport, Shown, Spread, Worklog

_TOP: Final = 5


def as_markdown(worklog: Worklog) -> str:
    """Write it."""
    window = worklog.window
    covered = f"{window.first} to {window.last}" if window.first else "no entry has a time"
    parts = [
        f"# {worklog.title}",
        "",
        f"**Focus:** {worklog.focus}",
        f"**Service:** {worklog.service}",
        f"**Generated:** {worklog.generated}",
        f"**Severity:** {worklog.severity}",
        f"**Covered:** {covered}",
    ]
    if window.since or window.until:
        asked = f"{window.since or 'the beginning'} to {window.until or 'the end'}"
        parts.append(f"**Asked for:** {asked}; {window.outside:,} entries lie outside of it")
    parts += ["", "## Summary", "", *_list(worklog.summary)]
    parts += ["", "## Clusters"]
    for place, report in enumerate(worklog.clusters, 1):
        parts += ["", *cluster_section(place, report)]
    if worklog.quiet_clusters:
        parts += ["", *_quiet(worklog)]
    parts += ["", "## Error sequence", "", *_sequences(worklog)]
    parts += ["", "## Revision correlation", "", *_revisions(worklog)]
    parts += ["", "## Impact, as measured", "", *_impact(worklog)]
    parts += ["", "## Checklist", "", *_list(worklog.checklist, "- [ ] ")]
    parts += ["", "## Related issues", "", *_issues(worklog)]
    parts += ["", "## Correlation ids", "", *_list(map(code, worklog.correlation_ids))]
    parts += ["", "## Next steps", "", *_numbered(worklog.next_steps)]
    parts += ["", "## What was read", "", *_sources(worklog)]
    return visible("\n".join(parts)) + "\n"


def visible(text: str) -> str:
    """Give a text of several lines that writes nothing on a terminal but itself."""
    return "\n".join(printable(line.replace("\t", " ")) for line in text.split("\n"))


def cluster_section(place: int, report: ClusterReport) -> list[str]:
    """Write what is known of one cluster."""
    return [
        f"### Cluster {place}: {report.name} ({report.priority}, {report.nature})",
        "",
        *cluster_body(report),
    ]


def cluster_body(report: ClusterReport) -> list[str]:
    """Write what is known of one cluster, without its heading."""
    facts = [
        ("Severity", report.severity),
        ("Count", f"{report.count:,}"),
        ("First", report.first or "no time"),
        ("Last", report.last or "no time"),
        ("Without a time", f"{report.undated:,}" if report.undated else ""),
        ("Rate changed", report.changed or ""),
        ("Rhythm", report.rhythm or ""),
        ("Beginning", report.onset.says),
        ("Gone since", report.onset.gone_since or ""),
        ("Services", _spread(report.services)),
        ("Revisions", _spread(report.revisions)),
        ("Instances", _spread(report.instances)),
        ("Principals", _spread(report.principals)),
        ("Paths", _spread(report.paths)),
        ("Statuses", _spread(report.statuses)),
        ("Loggers", _spread(report.loggers)),
        ("Priority", " ".join(report.reasons)),
        ("Meaning", report.means or ""),
        ("Writes again", code(report.doubles) if report.doubles else ""),
        ("Comes after", code(report.follows) if report.follows else ""),
        ("Test traffic", "nearly all of it" if report.tests else ""),
        ("Cluster id", code(report.id)),
        ("Comes with", ", ".join(map(code, report.related))),
    ]
    parts = ["| | |", "|---|---|"]
    parts += [f"| {name} | {_cell(text)} |" for name, text in facts if text]
    parts += ["", "Pattern:", "", *fenced(report.template)]
    if report.shown:
        parts += ["", "Representative entry:", "", *_shown(report.shown)]
    if report.requests.distinct or report.traces.distinct:
        parts += ["", "Requests:", ""]
        parts += _ids("requests", report.requests) + _ids("traces", report.traces)
    if report.suspects:
        parts += ["", "Commits between the last good revision and this one:", ""]
        parts += [
            f"- {code(one.sha[:12])} {one.time} {code(one.author)} {code(one.subject)}"
            for one in report.suspects
        ]
    if report.made_of:
        parts += ["", "Why its parts are one:", "", *_list(map(code, report.made_of))]
    return parts


def code(text: str) -> str:
    """Write a text as code within a line; what would end the code is left out."""
    return f"`{' '.join(text.replace('`', chr(39)).split())}`"


def fenced(text: str, kind: str = "text") -> list[str]:
    """Write a text as a block of code, with a fence that is not in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return [f"{fence}{kind}", *text.split("\n"), fence]


def _shown(shown: Shown) -> list[str]:
    head = f"{shown.time or 'no time'} {shown.severity or f'({shown.level})'} {shown.reference}"
    fields = [f"{name}: {' '.join(text.split())}" for name, text in shown.fields.items()]
    return fenced("\n".join((head, *fields, "", shown.message)))


def _spread(spread: Spread) -> str:
    if not spread.distinct:
        return ""
    top = ", ".join(f"{code(one.name)} {one.count:,}" for one in spread.top[:_TOP])
    more = spread.distinct - len(spread.top[:_TOP])
    return f"{top} and {more:,} more" if more > 0 else top


def _ids(what: str, spread: Spread) -> list[str]:
    if not spread.distinct:
        return []
    some = ", ".join(code(one.name) for one in spread.top)
    return [f"- {spread.distinct:,} {what}: {some}"]


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _quiet(worklog: Worklog) -> list[str]:
    head = (
        f"Below a warning: {worklog.quiet_clusters:,} clusters with "
        f"{worklog.quiet_entries:,} entries. The most frequent:"
    )
    rows = [
        f"| {one.count:,} | {one.severity} | {_cell(code(one.template))} | {code(one.id)} |"
        for one in worklog.quiet
    ]
    return [head, "", "| count | severity | pattern | id |", "|---|---|---|---|", *rows]


def _sequences(worklog: Worklog) -> list[str]:
    if not worklog.sequences:
        return ["No order of clusters came twice."]
    parts = []
    for one in worklog.sequences:
        took = f"{one.seconds:.3f} s from first to last"
        parts.append(f"- {one.times:,} times within one {one.within}, {took}:")
        steps = zip(one.names, one.clusters, strict=True)
        parts += [f"  {at}. {name} ({code(each)})" for at, (name, each) in enumerate(steps, 1)]
    return parts


def _revisions(worklog: Worklog) -> list[str]:
    if not worklog.revisions:
        return ["No entry names a revision."]
    parts = ["| service | revision | first entry | last entry | entries |", "|---|---|---|---|---|"]
    parts += [
        f"| {_cell(one.service)} | {code(one.revision)} | {one.first} | {one.last} | "
        f"{one.entries:,} |"
        for one in worklog.revisions
    ]
    begun = [one for one in worklog.clusters if one.onset.revision]
    parts += ["", *_list(f"{one.name}: {one.onset.says}" for one in begun)]
    told = [one for one in worklog.deployments if one.by != "first entry"]
    if told:
        parts += ["", "Deployments that are told:", ""]
        parts += [
            f"- {one.time} {code(one.says)} by {code(one.who or 'nobody named')} "
            f"({one.by}, {code(one.evidence or '-')})"
            for one in told
        ]
    if worklog.configuration_changes:
        parts += ["", "Variables that differ between revisions:", ""]
        parts += [
            f"- {code(one.name)} {one.what} between {code(one.earlier)} and {code(one.revision)}"
            for one in worklog.configuration_changes
        ]
    if worklog.label_changes:
        parts += ["", "Labels that differ between revisions:", ""]
        parts += [
            f"- {code(one.name)}: {code(one.before or 'none')} on {code(one.earlier)}, "
            f"{code(one.after or 'none')} on {code(one.revision)}"
            for one in worklog.label_changes
        ]
    return parts


def _impact(worklog: Worklog) -> list[str]:
    impact = worklog.impact
    parts = [
        (
            f"- {impact.entries:,} entries of errors, in {impact.minutes:,} of "
            f"{impact.covered_minutes:,} minutes"
        ),
        f"- {impact.requests:,} requests and {impact.principals:,} principals are named in them",
    ]
    if impact.answers:
        parts.append(
            f"- of {impact.answers:,} answers {impact.failed:,} were 5xx and {impact.refused:,} "
            "were 401 or 403"
        )
    parts.append("- nothing else was measured")
    return parts


def _issues(worklog: Worklog) -> list[str]:
    if not worklog.issues:
        return ["None were looked for."]
    return [
        f"- {one.action}: {code(one.title)}{f' ({one.where})' if one.where else ''}"
        f"{f': {one.why}' if one.why else ''}"
        for one in worklog.issues
    ]


def _sources(worklog: Worklog) -> list[str]:
    parts = []
    for one in worklog.sources:
        parts.append(f"- {code(one.name)}: {one.records:,} records ({one.form})")
        parts += [f"  - {remark}" for remark in one.remarks]
    parts.append(f"- {worklog.window.copies:,} records were copies of others and do not count")
    parts.append("- `entries.csv` names the cluster of every record")
    return parts


def _list(texts: Iterable[str], bullet: str = "- ") -> list[str]:
    return [f"{bullet}{text}" for text in texts] or ["None."]


def _numbered(texts: Iterable[str]) -> list[str]:
    return [f"{place}. {text}" for place, text in enumerate(texts, 1)] or ["None."]
