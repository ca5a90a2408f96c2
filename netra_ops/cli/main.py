"""The command `netra`: its groups put together, and errors turned into exit codes.

0 pass, 1 fail, 2 usage, 3 could not decide.
"""

from collections.abc import Sequence
from typing import Final

import typer

from netra_ops.cli import logs
from netra_ops.cli.administration import audit, keys, sessions, users
from netra_ops.cli.administration.registered_services import commands as registered_services
from netra_ops.cli.console import remark
from netra_ops.cli.revisions import revisions
from netra_ops.cli.services import down, status, up
from netra_ops.cli.token import token
from netra_ops.cli.verify import verify
from netra_ops.findings import ExitCode, OpsError

# A traceback with local variables would show secrets.
app: Final = typer.Typer(
    name="netra",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Run, look at and prove Netra.",
)
app.command()(up)
app.command()(down)
app.command()(status)
app.add_typer(logs.app, name="logs")
app.add_typer(users.app, name="users")
app.add_typer(sessions.app, name="sessions")
app.add_typer(registered_services.app, name="services")
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
app.command()(token)
app.command()(verify)
app.command()(revisions)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code.

    Raises:
        SystemExit: The command line itself ended it, as help and usage errors do.
    """
    try:
        app(args=argv)
    except OpsError as error:
        remark(str(error))
        return error.exit_code
    return ExitCode.PASS
