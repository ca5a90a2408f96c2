"""`netra evidence collect`: an evidence bundle of this installation."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from netra.clock import SystemClock
from netra_ops.administration import audit_rows
from netra_ops.cli.administration.times import moment_in
from netra_ops.cli.console import (
    DEFAULT_STATE_PATH,
    JsonOption,
    StateOption,
    existing_state,
    remark,
    rich_progress,
    tell,
    tell_document,
)
from netra_ops.cli.evidence.asking import asking_for_audit, asking_for_probes
from netra_ops.cli.tidying_up import tidied_up
from netra_ops.evidence.collecting import Asking, Collected, Progress, Wanted, collect_bundle
from netra_ops.evidence.collectors.log_files import Window
from netra_ops.findings import UsageRefused, printable
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.settings import PROGRAMS

_SECOND: Final = 1_000_000_000
_SERVICES: Final = tuple(program.service for program in PROGRAMS)


def collect(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The new directory of the bundle.")
    ],
    service: Annotated[
        str | None,
        typer.Option(
            "--service", help="Which service it is about; the logs of the others are in it too."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="From then on: a time, or 2h ago."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Only up to then.")
    ] = None,
    repository: Annotated[
        Path | None,
        typer.Option(
            "--repository",
            metavar="DIR",
            help="The repository of the code; by default the one it is run from, if it is.",
        ),
    ] = None,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Walk the golden path now, and put its steps in."),
    ] = False,
    state: StateOption = DEFAULT_STATE_PATH,
    as_json: JsonOption = False,
) -> None:
    """Collect what judges read: logs, revisions, traffic, fingerprints, commits, audit, probes.

    What could not be had is told, and in the bundle. No secret is in it. Exit code 0 it is there,
    2 wrong usage, 3 there is no log at all, or it could not be written; then nothing is left.
    """
    if service is not None and service not in _SERVICES:
        raise UsageRefused(f"--service is one of {', '.join(_SERVICES)}.")
    clock = SystemClock()
    now = clock.timestamp()
    begins, ends = moment_in(since, "--since", now), moment_in(until, "--until", now)
    if begins is not None and ends is not None and begins > ends:
        raise UsageRefused("--since is after --until.")
    wanted = Wanted(
        state=existing_state(state),
        target=out,
        window=Window(_nanoseconds(begins), _nanoseconds(ends)),
        service=service,
        repository=repository,
    )
    with tidied_up(), _progress() as progress:
        asking = _asking(wanted.state, audit_rows.Window(begins, ends), clock, progress, probe)
        done = collect_bundle(wanted, clock, asking, progress)
    if as_json:
        tell_document(_document(done))
    else:
        _show(done)


def _asking(
    state: StateDirectory,
    window: audit_rows.Window,
    clock: SystemClock,
    progress: Progress,
    probe: bool,
) -> tuple[Asking, ...]:
    audit = asking_for_audit(state, window, clock)
    return (asking_for_probes(state, clock, progress.doing), audit) if probe else (audit,)


def _nanoseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * _SECOND)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show how far it is, where somebody looks."""
    console = rich_progress()
    if not console.is_terminal:
        yield Progress()
        return
    bars = import_module("rich.progress")
    columns: Any = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("Collecting", total=None)
        yield Progress(
            doing=lambda what: shown.update(task, description=printable(what)),
            size=lambda total: shown.update(task, total=total),
            read=lambda more: shown.advance(task, more),
        )


def _document(done: Collected) -> dict[str, Any]:
    return {
        "bundle": str(done.target),
        "records": dict(sorted(done.records.items())),
        "cleaned": done.cleaned,
        "notes": done.notes,
    }


def _show(done: Collected) -> None:
    tell(f"{printable(str(done.target))}:")
    for name, number in sorted(done.records.items()):
        tell(f"  {name:18} {number:,}")
    if done.cleaned:
        tell(f"A secret was hidden in {done.cleaned:,} records.")
    for note in done.notes:
        remark(printable(note))
