"""A worklog as one file of HTML that needs nothing else and runs nothing."""

from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from netra_ops.gardener.worklog.as_markdown import visible
from netra_ops.gardener.worklog.document import ClusterReport, Worklog
from netra_ops.gardener.worklog.timeline import Bar, Mark, Row, Timeline, as_svg, moments
from netra_ops.logs.entries.entry import Level

_PAGE: Final = Path(__file__).with_name("page.html")
_ROWS: Final = 25
_BARS: Final = 12
_SAME_DAY: Final = 86_400.0


def as_html(worklog: Worklog) -> str:
    """Write it: the summary, the picture, every cluster to be opened."""
    page = Template(_PAGE.read_text(encoding="utf-8"))
    covered = (
        f"{worklog.window.first} to {worklog.window.last}"
        if worklog.window.first
        else "no entry has a time"
    )
    written = page.substitute(
        title=escape(worklog.title),
        severity=escape(worklog.severity),
        priority=escape(worklog.clusters[0].priority if worklog.clusters else "none"),
        focus=escape(worklog.focus),
        service=escape(worklog.service),
        generated=escape(worklog.generated),
        covered=escape(covered),
        summary=_items(worklog.summary),
        picture=_picture(worklog),
        clusters="".join(_cluster(one) for one in worklog.clusters) or "<p>None.</p>",
        sequences=_sequences(worklog),
        revisions=_revisions(worklog),
        impact=_impact(worklog),
        steps=_items(worklog.next_steps),
        checklist=_items(worklog.checklist),
        issues=_items([f"{one.action}: {one.title} {one.where}" for one in worklog.issues]),
        sources=_items(
            [
                f"{one.name}: {one.records:,} records ({one.form})"
                + "".join(f"; {remark}" for remark in one.remarks)
                for one in worklog.sources
            ]
        ),
    )
    return visible(written)


def _picture(worklog: Worklog) -> str:
    first, last = _seconds(worklog.window.first), _seconds(worklog.window.last)
    if first is None or last is None:
        return "<p>No entry has a time, so there is no picture.</p>"
    bars = [
        Bar(one.revision, _seconds(one.first) or first, _seconds(one.last) or last)
        for one in worklog.revisions
    ]
    marks = [
        Mark(time, f"{one.time} {one.says}")
        for one in worklog.deployments
        if (time := _seconds(one.time)) is not None and first < time <= last
    ]
    rows = [
        Row(f"{one.priority} {one.name}", Level[one.severity], one.rate)
        for one in worklog.clusters[:_ROWS]
    ]
    short = last - first < _SAME_DAY
    ticks = tuple(_tick(moment, short=short) for moment in moments(first, last))
    return as_svg(Timeline(first, last, ticks, tuple(bars[-_BARS:]), tuple(marks), tuple(rows)))


def _cluster(report: ClusterReport) -> str:
    facts = [
        ("Count", f"{report.count:,}"),
        ("First", report.first),
        ("Last", report.last),
        ("Rate changed", report.changed),
        ("Rhythm", report.rhythm),
        ("Beginning", report.onset.says),
        ("Meaning", report.means),
        ("Priority", " ".join(report.reasons)),
        ("Requests", _top(report, "requests")),
        ("Traces", _top(report, "traces")),
        ("Principals", _top(report, "principals")),
        ("Revisions", _top(report, "revisions")),
        ("Instances", _top(report, "instances")),
        ("Statuses", _top(report, "statuses")),
        ("Paths", _top(report, "paths")),
        ("Commits", ", ".join(f"{one.sha[:12]} {one.subject}" for one in report.suspects)),
        ("Writes again", report.doubles),
        ("Comes after", report.follows),
        ("Cluster id", report.id),
    ]
    rows = "".join(
        f"<tr><th>{name}</th><td>{escape(str(text))}</td></tr>" for name, text in facts if text
    )
    shown = report.shown
    entry = (
        f"<h4>Representative entry</h4><pre>{escape(shown.reference)}  {escape(shown.time or '')}\n"
        f"{escape(shown.message)}</pre>"
        if shown
        else ""
    )
    return (
        f'<details><summary><span class="tag {escape(report.priority)}">{escape(report.priority)}'
        f"</span> <b>{escape(report.name)}</b> <small>{escape(report.nature)}, "
        f"{escape(report.severity)}, {report.count:,}</small>"
        f"<code>{escape(report.template[:160])}</code></summary>"
        f"<table>{rows}</table><h4>Pattern</h4><pre>{escape(report.template)}</pre>{entry}</details>"
    )


def _top(report: ClusterReport, name: str) -> str:
    spread = getattr(report, name)
    if not spread.distinct:
        return ""
    some = ", ".join(
        one.name if name in {"requests", "traces"} else f"{one.name} ({one.count:,})"
        for one in spread.top
    )
    return f"{spread.distinct:,}: {some}"


def _sequences(worklog: Worklog) -> str:
    return _items(
        [
            f"{one.times:,} times within one {one.within}, {one.seconds:.3f} s: "
            + " → ".join(one.names)
            for one in worklog.sequences
        ]
    )


def _revisions(worklog: Worklog) -> str:
    rows = "".join(
        f"<tr><td>{escape(one.service)}</td><td>{escape(one.revision)}</td><td>{one.first}</td>"
        f"<td>{one.last}</td><td>{one.entries:,}</td></tr>"
        for one in worklog.revisions
    )
    if not rows:
        return "<p>No entry names a revision.</p>"
    head = "<tr><th>service</th><th>revision</th><th>first</th><th>last</th><th>entries</th></tr>"
    changes = _items(
        [
            f"{one.name}: {one.before or 'none'} on {one.earlier}, {one.after or 'none'} on "
            f"{one.revision}"
            for one in worklog.label_changes
        ]
    )
    told = f"<h4>Labels that differ</h4>{changes}" if worklog.label_changes else ""
    variables = _items(
        [
            f"{one.name} {one.what} between {one.earlier} and {one.revision}"
            for one in worklog.configuration_changes
        ]
    )
    if worklog.configuration_changes:
        told += f"<h4>Variables that differ</h4>{variables}"
    return f"<table>{head}{rows}</table>{told}"


def _impact(worklog: Worklog) -> str:
    impact = worklog.impact
    said = [
        (
            f"{impact.entries:,} entries of errors, in {impact.minutes:,} of "
            f"{impact.covered_minutes:,} minutes"
        ),
        f"{impact.requests:,} requests and {impact.principals:,} principals are named in them",
    ]
    if impact.answers:
        said.append(
            f"of {impact.answers:,} answers {impact.failed:,} were 5xx and {impact.refused:,} were "
            "401 or 403"
        )
    return _items([*said, "nothing else was measured"])


def _items(texts: "tuple[str, ...] | list[str]") -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ul>{items}</ul>" if items else "<p>None.</p>"


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _tick(moment: float, *, short: bool) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S" if short else "%d %b %H:%M")
