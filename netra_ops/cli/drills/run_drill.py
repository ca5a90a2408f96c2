"""`netra drill run` and `netra drill all`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from netra.clock import SystemClock, as_datetime
from netra_ops.cli.console import JsonOption, rich_progress, tell_document
from netra_ops.cli.drills.showing import show, show_all
from netra_ops.cli.tidying_up import tidied_up
from netra_ops.drills import commands
from netra_ops.drills.drill import Drill
from netra_ops.drills.listing import BY_NAME, DRILLS
from netra_ops.drills.report import Report, flaws
from netra_ops.drills.running import Order, bundle_name, run
from netra_ops.findings import ExitCode, OpsError, UsageRefused
from netra_ops.platform.local.state_directory import write_whole

_KEPT: Final = Path("drills")
_REPORTS: Final = ("status", "proof")

ForceOption = Annotated[
    bool,
    typer.Option(
        "--force", help="Let the fault past the gate, by its recorded override, and see it out."
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where bundle and reports are kept."),
]


def run_drill(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `netra drill list` has it.")],
    force: ForceOption = False,
    out: OutOption = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="DIR", help="A new directory to keep the installation in."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Stage one fault on a fresh installation under ordinary traffic.

    Without --force it ends with the gate's verdict. A fault of run time passes no gate and is seen
    out at once. Exit code 0 it was stopped as it should be, and where it was let through its cause
    was named and the proof holds; 1 it was not; 2 wrong usage; 3 the drill could not be staged.
    """
    drill = BY_NAME.get(name)
    if drill is None:
        raise UsageRefused(f"There is no drill of that name. `netra drill list` has {len(DRILLS)}.")
    if drill.fault is None:
        raise UsageRefused(f"{name} cannot be staged on one machine: {drill.not_here}")
    with tidied_up(), rich_progress().status("Preparing") as progress:
        order = Order(force, out or _KEPT / _stamped(name), state)
        report = _run(drill, order, progress.update)
    found = flaws(report, drill)
    if as_json:
        tell_document(_document(report, found))
    else:
        show(report, drill, found)
    raise typer.Exit(ExitCode.FAIL if found else ExitCode.PASS)


def run_all(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="By default every drill.")
    ] = None,
    force: ForceOption = False,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run drills one after the other, and give a table of them.

    Exit code 0 every one passed, 1 some did not.
    """
    unknown = sorted(set(names or ()) - BY_NAME.keys())
    if unknown:
        raise UsageRefused(f"There is no drill {unknown[0]}.")
    chosen = [one for one in DRILLS if one.fault and (not names or one.name in names)]
    folder = out or _KEPT / _stamped("all")
    done: list[tuple[Report, tuple[str, ...]]] = []
    with tidied_up(), rich_progress().status("Preparing") as progress:
        for number, drill in enumerate(chosen, 1):
            said = _prefixed(f"{number} of {len(chosen)}, {drill.name}", progress.update)
            report = _run(drill, Order(force, folder / drill.name), said)
            done.append((report, flaws(report, drill)))
    if as_json:
        tell_document([_document(report, found) for report, found in done])
    else:
        show_all(done)
    raise typer.Exit(ExitCode.FAIL if any(found for _, found in done) else ExitCode.PASS)


def _run(drill: Drill, order: Order, told: Callable[[str], None]) -> Report:
    report = run(drill, order, SystemClock(), told)
    if report.tries:
        told("Writing reports")
        _write_reports(order.kept, report)
    if report.kept:
        text = msgspec.json.format(msgspec.json.encode(_document(report, flaws(report, drill))))
        write_whole(order.kept / "drill.json", f"{text.decode()}\n")
    return report


def _write_reports(kept: Path, report: Report) -> None:
    """Write what people read of it beside the last bundle."""
    bundle = kept / bundle_name(report.tries)
    for kind in _REPORTS:
        is_proof = kind == "proof"
        if is_proof and report.proven is None:
            continue
        proof = ("--proof", str(kept / "proof.json")) if is_proof else ()
        try:
            done = commands.run(
                ("report", kind, str(bundle), *proof, "--out", str(kept / "reports"))
            )
        except OpsError as error:
            report.troubles.append(str(error))
            continue
        if done.exit_code:
            report.troubles.append(done.said)


def _document(report: Report, found: Sequence[str]) -> dict[str, Any]:
    return report.as_document() | {"passes": not found, "flaws": list(found)}


def _stamped(name: str) -> str:
    return f"{name}-{as_datetime(SystemClock().timestamp()):%Y%m%dT%H%M%SZ}"


def _prefixed(prefix: str, told: Callable[[str], None]) -> Callable[[str], None]:
    return lambda text: told(f"{prefix}: {text}")
