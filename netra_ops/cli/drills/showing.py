"""Shows what drills showed: the gate, what followed, the timeline."""

from collections.abc import Sequence
from typing import Final

from rich.table import Table

from netra_ops.cli.console import rich_output, tell
from netra_ops.drills import timeline
from netra_ops.drills.drill import Drill
from netra_ops.drills.report import AtGate, Report
from netra_ops.findings import printable

_MOST: Final = 5


def show(report: Report, drill: Drill, found: Sequence[str]) -> None:
    """Show one drill."""
    tell(f"Drill {drill.name}: {drill.title}.")
    if report.gate is not None:
        _show_gate(report.gate)
    if report.moments.met is not None:
        _show_rest(report)
    tell("")
    if not found:
        tell("The drill passes.")
        return
    tell("The drill does NOT pass:")
    for one in found:
        tell(f"  {printable(one)}")


def show_all(done: Sequence[tuple[Report, tuple[str, ...]]]) -> None:
    """Show several drills as a table."""
    table = Table("drill", "stopped by", "cause", "alarm", "named", "back", "proof", "failed", "")
    for report, found in done:
        seconds = timeline.as_document(report.moments)
        gate = report.gate
        table.add_row(
            report.drill,
            f"{gate.stage}: {', '.join(gate.checks)}" if gate and gate.stage else "-",
            report.cause or "-",
            *(_seconds(seconds[name]) for name in timeline.TARGETS),
            str(sum(report.failed.values())),
            "passes" if not found else "FAILS",
        )
    console = rich_output()
    console.print(table)
    found_medians = timeline.medians([report.moments for report, _ in done])
    said = ", ".join(f"{name} {_seconds(found_medians[name])}" for name in timeline.TARGETS)
    tell(f"Medians: {said}.")
    for report, found in done:
        for one in found:
            tell(f"  {report.drill}: {printable(one)}")


def _show_gate(gate: AtGate) -> None:
    tell("")
    if gate.stage:
        checks = f" ({', '.join(gate.checks)})" if gate.checks else ""
        tell(f"The gate: {gate.stage} stopped it{checks}; the deployment was {gate.ending}.")
    else:
        tell(f"The gate: nothing stopped it; the deployment was {gate.ending}.")
    for reason in gate.reasons[:_MOST]:
        tell(f"  {printable(reason)}")


def _show_rest(report: Report) -> None:
    seconds = timeline.as_document(report.moments)
    table = Table("what", "seconds", "at most", "what came")
    came = {
        "alarm": _alarm(report),
        "cause": f"{report.cause or 'none'} ({report.confidence:.0%}), try {report.tries}",
        "rollback": report.way_back,
        "proof": {True: "it holds", False: "it does not hold", None: "there was none"}[
            report.proven
        ],
    }
    for name, target in timeline.TARGETS.items():
        table.add_row(name, _seconds(seconds[name]), f"{target:.0f}", printable(came[name]))
    rich_output().print(table)
    for line in timeline.picture(report.moments):
        tell(line)
    failed = sum(report.failed.values())
    served = "" if report.served else " It never served people."
    tell(f"Requests of people until the way back: {report.asked}, failed: {failed}.{served}")
    for what, number in list(report.failed.items())[:_MOST]:
        tell(f"  {number:>5}  {printable(what)}")
    tell(f"Kept in {printable(report.kept)}.")


def _alarm(report: Report) -> str:
    if report.alarm is None:
        return "none"
    told = report.alarm.get("template") or report.alarm.get("text") or ""
    return f"{report.alarm.get('event')}: {told}"[:80]


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
