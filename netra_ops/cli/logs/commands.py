"""`netra logs`: what services wrote, of this installation or of any other."""

from typing import Final

import typer

from netra_ops.cli.logs.cluster import cluster
from netra_ops.cli.logs.engines.query import query
from netra_ops.cli.logs.following.follow import follow
from netra_ops.cli.logs.garden import garden
from netra_ops.cli.logs.tail import tail

app: Final = typer.Typer(no_args_is_help=True, help="What services wrote.")
app.command()(tail)
app.command()(cluster)
app.command()(garden)
app.command()(follow)
app.command()(query)
