"""`netra evidence`: what judges read of an installation, in one directory."""

from typing import Final

import typer

from netra_ops.cli.evidence.check import check
from netra_ops.cli.evidence.collect import collect

app: Final = typer.Typer(no_args_is_help=True, help="What judges read of an installation.")
app.command()(collect)
app.command()(check)
