"""`netra logs garden`: what really happens in a log, and what is to be filed of it."""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from netra.clock import SystemClock
from netra_ops.cli.administration.times import moment_in
from netra_ops.cli.console import JsonOption, remark, rich_output, tell, tell_document
from netra_ops.cli.logs.engines.options import (
    EngineName,
    EngineOption,
    MemoryLimitOption,
    WorkingDirectoryOption,
    engine_of,
)
from netra_ops.cli.logs.filing import ApplyOption, GitHubUrlOption, TrackerOption, Where, filed
from netra_ops.cli.logs.inputs import (
    Fineness,
    FormOption,
    GranularityOption,
    InputsArgument,
    existing,
    reading_progress,
    skipped,
    standard_input,
)
from netra_ops.cli.logs.memory import remembered, to_remember
from netra_ops.cli.logs.output_directory import OutputDirectory
from netra_ops.findings import CouldNotTell, printable
from netra_ops.gardener.beside import evidence_in
from netra_ops.gardener.gathering import Gathered, Wanted, gathered
from netra_ops.gardener.memory import Memory
from netra_ops.gardener.worklog.as_html import as_html
from netra_ops.gardener.worklog.as_markdown import as_markdown
from netra_ops.gardener.worklog.composing import Composed, composed
from netra_ops.gardener.worklog.document import Worklog
from netra_ops.gardener.worklogs import given_of, why_nothing
from netra_ops.logs.reading.framing.forms import Form
from netra_ops.logs.reading.reader import Reading

_ROWS: Final = 5000
_STYLES: Final = {"P0": "bold red", "P1": "red", "P2": "yellow"}
_SHOWN: Final = 15
_NUMBERS: Final = frozenset({"count", "people", "requests"})


OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Write worklog.md, .json, .html there."),
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="From then on: a time, or 2h ago."),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Only up to then.")
]
ServiceOption = Annotated[str | None, typer.Option("--service", help="Only this service.")]
MemoryOption = Annotated[
    Path | None,
    typer.Option("--memory", metavar="FILE", help="What an earlier run knew, kept for the next."),
]
EvidenceOption = Annotated[
    Path | None,
    typer.Option(
        "--evidence",
        metavar="DIR",
        help="A directory with revisions.json, traffic.json, commits.json.",
    ),
]


def garden(  # noqa: PLR0913, PLR0917 - one parameter for each option
    inputs: InputsArgument,
    out: OutOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    service: ServiceOption = None,
    form: FormOption = Form.AUTO,
    granularity: GranularityOption = Fineness.NORMAL,
    memory: MemoryOption = None,
    evidence: EvidenceOption = None,
    apply: ApplyOption = False,
    tracker: TrackerOption = "",
    github_url: GitHubUrlOption = None,
    engine: EngineOption = EngineName.MEMORY,
    working_directory: WorkingDirectoryOption = None,
    memory_limit: MemoryLimitOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what really happens in a log: since when, on which revision, who is hit, in which order.

    Without --apply it only says what it would file. Exit code 0 all was read, 1 the tracker refused
    something, 2 wrong usage, 3 something could not be read or filed, or there was nothing.
    """
    clock = SystemClock()
    now = clock.timestamp()
    known, beside = remembered(memory, granularity), evidence_in(evidence)
    wanted = Wanted(
        inputs=existing(inputs),
        reading=Reading(now=round(now * 1e9), form=form),
        service=service,
        since=moment_in(since, "--since", now),
        until=moment_in(until, "--until", now),
        granularity=granularity.granularity,
        known=known.templates,
    )
    target = OutputDirectory.made(out) if out is not None else None
    with engine_of(engine, working_directory, memory_limit) as keeping:
        with reading_progress(wanted.inputs) as progress:
            found = gathered(wanted, standard_input(), progress, keeping)
        result = composed(given_of(wanted, found, known, beside, now))
        issues, verdict = filed(result, Where(tracker, github_url), apply=apply, clock=clock)
        worklog = msgspec.structs.replace(result.worklog, issues=issues)
        if target is not None:
            _write(target, found, worklog)
    if memory is not None:
        seen = known.with_seen(_first_seen(result))
        to_remember(memory, Memory(granularity, found.groups.known, seen))
    if as_json:
        tell_document(worklog)
    else:
        _show(worklog, target)
    if beside.left_out:
        remark(f"{beside.left_out} records of the evidence had another form and were left out.")
    for line in skipped(found.account):
        remark(line)
    if not found.facts.entries:
        raise CouldNotTell(why_nothing(found))
    if any(source.failure or source.truncated for source in found.account.sources):
        raise CouldNotTell("Not everything could be read; the worklog says what was.")
    verdict()


def _first_seen(result: Composed) -> dict[str, int]:
    return {one.id: one.first for one in result.facts if one.first is not None}


def _write(target: OutputDirectory, found: Gathered, worklog: Worklog) -> None:
    target.write("worklog.json", _json(worklog))
    target.write("worklog.md", as_markdown(worklog).encode("utf-8", "backslashreplace"))
    target.write("worklog.html", as_html(worklog).encode("utf-8", "xmlcharrefreplace"))
    target.write_blocks("entries.csv", _entries(found, worklog))


def _json(worklog: Worklog) -> bytes:
    return msgspec.json.format(msgspec.json.encode(worklog), indent=2) + b"\n"


def _entries(found: Gathered, worklog: Worklog) -> Iterator[bytes]:
    """Name sources as the worklog does: what is private in a name has its number there."""
    groups = found.groups
    names = [source.name for source in worklog.sources]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("source", "record", "cluster_id"))
    rows = (
        (names[source], number, groups.groups[groups.of_shape[shape]].id)
        for source, number, shape in found.collected.rows.places()
    )
    while block := tuple(islice(rows, _ROWS)):
        writer.writerows(block)
        yield text.getvalue().encode("utf-8", "backslashreplace")
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _show(worklog: Worklog, target: OutputDirectory | None) -> None:
    console = rich_output()
    for line in worklog.summary:
        console.print(Text(printable(line)), soft_wrap=True)
    if worklog.clusters:
        table: Any = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("", "what", "count", "first", "last", "revision", "people", "requests"):
            table.add_column(
                name, justify="right" if name in {"count", "people", "requests"} else "left"
            )
        for one in worklog.clusters[:_SHOWN]:
            table.add_row(
                Text(one.priority, style=_STYLES.get(one.priority, "")),
                Text(f"{one.name} ({one.nature})"),
                f"{one.count:,}",
                (one.first or "-")[:19],
                (one.last or "-")[:19],
                Text(printable(one.onset.revision or "-")),
                f"{one.principals.distinct:,}",
                f"{one.requests.distinct:,}",
            )
        console.print(table)
    for issue in worklog.issues[:_SHOWN]:
        where = f" ({issue.where})" if issue.where else ""
        tell(printable(f"{issue.action}: {issue.title}{where}"))
    if target is not None:
        tell(f"The worklog is in {printable(str(target.path))}: worklog.md, .json and .html.")
