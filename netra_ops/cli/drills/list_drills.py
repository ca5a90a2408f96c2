"""`netra drill list`: the drills there are, and those that one machine cannot stage."""

from rich.table import Table

from netra_ops.cli.console import JsonOption, rich_output, tell_document
from netra_ops.drills.drill import Drill, Happening
from netra_ops.drills.listing import DRILLS


def list_drills(as_json: JsonOption = False) -> None:
    """List the drills, the cause that each stages, and what is to stop it."""
    if as_json:
        tell_document([_document(one) for one in DRILLS])
        return
    table = Table("drill", "what is staged", "cause", "stopped by")
    for one in DRILLS:
        title = one.title if not one.not_here else f"{one.title}\nnot here: {one.not_here}"
        table.add_row(one.name, title, one.cause, _stopped_by(one))
    rich_output().print(table)


def _stopped_by(drill: Drill) -> str:
    if drill.fault is None:
        return "-"
    return "nothing, it is of run time" if isinstance(drill.fault, Happening) else drill.stopped_by


def _document(drill: Drill) -> dict[str, object]:
    return {
        "name": drill.name,
        "title": drill.title,
        "cause": drill.cause,
        "is_of_run_time": isinstance(drill.fault, Happening),
        "stopped_by": drill.stopped_by.value,
        "checks": sorted(drill.checks),
        "not_here": drill.not_here or None,
    }
