"""`netra audit`: the audit record, through the auth service's admin API or from a file."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from netra.clock import SystemClock
from netra.policy import Permission
from netra.wire.auth_admin import AuditOutcome, AuditRecord, ChainReport
from netra_ops.administration.audit_file import Exported, walked
from netra_ops.administration.audit_file import export as write_export
from netra_ops.administration.audit_rows import (
    Window,
    anchor_at,
    chain_report,
    contiguous,
    matching,
)
from netra_ops.administration.caller import Caller
from netra_ops.administration.chain_walk import Anchor, anchor_from
from netra_ops.cli.administration.access import Access, access
from netra_ops.cli.administration.shared_options import taking
from netra_ops.cli.administration.showing import document, documents, show_table
from netra_ops.cli.administration.times import moment_in
from netra_ops.cli.console import remark, rich_progress, tell, tell_document
from netra_ops.findings import ExitCode, Verdict, exit_code_of, printable

app: Final = typer.Typer(no_args_is_help=True, help="The record of every act.")

Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="From a time (ISO 8601) or so long ago (7d) on.")
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Up to a time, or so long ago.")]

_ADMIN: Final = Permission.AUDIT_READ
_HEADS: Final = ("seq", "time", "event", "outcome", "actor", "client", "subject", "reason", "from")
_DEFAULT_FILE: Final = Path("audit.ndjson")


def filters(
    *,
    event: Annotated[str | None, typer.Option(help="What was done, such as login.")] = None,
    outcome: Annotated[AuditOutcome | None, typer.Option(help="How it ended.")] = None,
    actor: Annotated[str | None, typer.Option(help="Who did it.")] = None,
    client: Annotated[str | None, typer.Option(help="Through which client.")] = None,
    subject: Annotated[str | None, typer.Option(help="Whom it concerned.")] = None,
) -> dict[str, str]:
    """Collect the members that rows must have."""
    members = {
        "event": event,
        "outcome": None if outcome is None else outcome.value,
        "actor": actor,
        "client_id": client,
        "subject": subject,
    }
    return {name: value for name, value in members.items() if value is not None}


@app.command("list")
@taking(access)
@taking(filters)
def list_(
    members: dict[str, str],
    given: Access,
    since: Since = None,
    until: Until = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="How many at most, from the first on.")
    ] = None,
) -> None:
    """List what was done, in the order it was."""
    window = _window(since, until)
    with given.opened(_ADMIN) as caller:
        rows = tuple(islice(matching(caller, window, members), limit))
    if given.as_json:
        tell_document(documents(rows))
    else:
        show_table(_HEADS, (_row(record) for record in rows), "There is no such row.")


@app.command()
@taking(access)
def export(
    given: Access,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The new file.")] = _DEFAULT_FILE,
    since: Since = None,
    until: Until = None,
) -> None:
    """Write the record as audit.ndjson: a JSON document a line, whole or not at all."""
    window = _window(since, until)
    with given.opened(_ADMIN) as caller, rich_progress().status("Exporting") as progress:
        done = write_export(
            out,
            contiguous(caller, window),
            lambda seq: anchor_at(caller, seq),
            lambda lines: progress.update(f"Exporting: {lines} lines"),
        )
    verdict, report = done.walk.judged()
    if given.as_json:
        tell_document(_export_document(out, done, report))
    else:
        _show_export(out, done, report)
    if verdict is Verdict.FAIL:
        remark(f"{report.says} The file holds the record as it is.")
        raise typer.Exit(ExitCode.FAIL)


@app.command()
@taking(access)
def verify(
    given: Access,
    anchor: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SEQ:HASH", help="A hash that was kept elsewhere; as often as wanted."
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Check this export, without asking the auth service."),
    ] = None,
) -> None:
    """Check the chain of the record: whole (exit code 0), broken (1) or not to be told (3)."""
    anchors = tuple(anchor_from(text) for text in anchor or ())
    if file is not None:
        verdict, report = walked(file, anchors).judged()
    else:
        with given.opened(_ADMIN) as caller, rich_progress().status("Checking the chain"):
            report = _against(caller, chain_report(caller), anchors)
            verdict = Verdict.PASS if report.is_whole else Verdict.FAIL
    if given.as_json:
        tell_document(document(report))
    else:
        tell(printable(report.says))
        tell(f"{report.rows} rows, head {report.head_seq}:{report.head_hash}")
    if verdict is Verdict.PASS and not anchors:
        remark(
            "Keep the head elsewhere and give it as --anchor next time: without one, whoever can "
            "write the whole record anew goes unnoticed."
        )
    raise typer.Exit(exit_code_of(verdict))


def _against(caller: Caller, report: ChainReport, anchors: tuple[Anchor, ...]) -> ChainReport:
    """Compare what was kept elsewhere with what the service has now."""
    for anchor in sorted(anchors, key=lambda anchor: anchor.seq):
        if not report.is_whole or anchor_at(caller, anchor.seq) == anchor:
            continue
        says = (
            f"The row {anchor.seq} is not the one of the anchor: the record was written anew, "
            "or cut off, at it or before it."
        )
        return report.model_copy(
            update={
                "is_whole": False,
                "broken_at": min(anchor.seq, report.head_seq + 1),
                "says": says,
            }
        )
    return report


def _window(since: str | None, until: str | None) -> Window:
    now = SystemClock().timestamp()
    return Window(moment_in(since, "--since", now), moment_in(until, "--until", now))


def _row(record: AuditRecord) -> tuple[object, ...]:
    return (
        record.seq,
        record.time,
        record.event,
        record.outcome,
        record.actor,
        record.client_id,
        record.subject,
        record.reason,
        record.address,
    )


def _export_document(path: Path, done: Exported, report: ChainReport) -> dict[str, Any]:
    return {
        "file": str(path),
        "lines": done.lines,
        "first_time": done.first_time,
        "last_time": done.last_time,
        "follows": str(done.follows) if done.follows else None,
        "head": f"{report.head_seq}:{report.head_hash}",
        "broken_at": report.broken_at,
        "unchained_rows": report.unchained_rows,
    }


def _show_export(path: Path, done: Exported, report: ChainReport) -> None:
    tell(f"{path}: {done.lines} lines")
    if done.lines:
        tell(printable(f"  from     {done.first_time}"))
        tell(printable(f"  to       {done.last_time}"))
    if done.follows is not None:
        tell(f"  follows  {done.follows}")
    tell(f"  head     {report.head_seq}:{report.head_hash}")
