"""`netra drill`: faults staged on an installation of their own, from the gate to the proof."""

from typing import Final

import typer

from netra_ops.cli.drills.list_drills import list_drills
from netra_ops.cli.drills.run_drill import run_all, run_drill

app: Final = typer.Typer(no_args_is_help=True, help="Faults staged, seen, named, undone, proven.")
app.command("list")(list_drills)
app.command("run")(run_drill)
app.command("all")(run_all)
