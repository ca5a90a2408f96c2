"""`netra verify`: the golden path, walked from outside."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from netra.clock import SystemClock
from netra_ops.cli.accounts import address, walking_credentials
from netra_ops.cli.console import (
    DEFAULT_STATE_PATH,
    JsonOption,
    StateOption,
    existing_state,
    rich_output,
    rich_progress,
    tell_document,
)
from netra_ops.cli.tidying_up import tidied_up
from netra_ops.findings import Verdict, exit_code_of
from netra_ops.settings import PROBE_HEADER
from netra_ops.validation.answer import Asker
from netra_ops.validation.credentials import from_file, service_url
from netra_ops.validation.golden_path import WalkReport, walk_golden_path

_STYLES = {Verdict.PASS: "green", Verdict.UNKNOWN: "yellow", Verdict.FAIL: "bold red"}


def verify(
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="The backend; by default this state's.")
    ] = None,
    credentials: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="JSON with auth_url, email, password, service_id, service_secret; "
            "without it a throw-away user is made with this state's own accounts.",
        ),
    ] = None,
    state: StateOption = DEFAULT_STATE_PATH,
    as_json: JsonOption = False,
) -> None:
    """Walk the golden path: what must be served is, and what must be refused is."""
    known = from_file(credentials) if credentials else walking_credentials(existing_state(state))
    place = service_url(url, "--url") if url else address(existing_state(state), "BACKEND_URL")
    clock = SystemClock()
    with (
        tidied_up(),
        rich_progress().status("Walking the golden path") as progress,
        Asker(clock, headers=(PROBE_HEADER,)) as asker,
    ):
        report = walk_golden_path(
            place,
            known,
            asker,
            clock,
            lambda result: progress.update(f"Walking the golden path: {result.name}"),
        )
    if as_json:
        tell_document(report.as_document())
    else:
        _show(report)
    raise typer.Exit(exit_code_of(report.verdict))


def _show(report: WalkReport) -> None:
    table = Table("step", "verdict", "ms", "expected", "got", title=report.url)
    for step in report.steps:
        style = _STYLES[step.verdict]
        row = (step.name, step.verdict.value, f"{step.ms:.0f}", step.expect, step.got)
        table.add_row(*row, style=style if step.verdict is not Verdict.PASS else None)
    console = rich_output()
    console.print(table)
    console.print(
        f"{report.verdict.value}: wrong refusals {report.wrong_refusals}, "
        f"wrong admissions {report.wrong_admissions}, {report.ms:.0f} ms",
        style=_STYLES[report.verdict],
    )
