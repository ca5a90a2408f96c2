"""The command line of `netra`: its commands and groups put together."""

from importlib import import_module
from typing import Final

import typer

_COMMANDS: Final = {
    "up": "netra_ops.cli.services",
    "down": "netra_ops.cli.services",
    "status": "netra_ops.cli.services",
    "migrate": "netra_ops.cli.services",
    "token": "netra_ops.cli.token",
    "verify": "netra_ops.cli.verify",
    "diagnose": "netra_ops.cli.diagnosis.diagnose",
    "prove": "netra_ops.cli.diagnosis.prove",
    "report": "netra_ops.cli.diagnosis.report",
    "deploy": "netra_ops.cli.deployment.deploy",
    "rollback": "netra_ops.cli.deployment.rollback",
    "revisions": "netra_ops.cli.deployment.revisions",
}
_GROUPS: Final = {
    "logs": "netra_ops.cli.logs.commands",
    "evidence": "netra_ops.cli.evidence.commands",
    "drill": "netra_ops.cli.drills.commands",
    "config": "netra_ops.cli.configuration.commands",
    "users": "netra_ops.cli.administration.users",
    "sessions": "netra_ops.cli.administration.sessions",
    "services": "netra_ops.cli.administration.registered_services.commands",
    "keys": "netra_ops.cli.administration.keys",
    "audit": "netra_ops.cli.administration.audit",
}
"""The module of each command, which has its name, and of each group, whose `app` it is."""


def program(word: str | None = None) -> typer.Typer:
    """Put the command line together: all of it, or the one command or group that `word` names.

    Modules are loaded only for what is put in: a check of a configuration needs no HTTP client.
    """
    # A traceback with local variables would show secrets.
    app = typer.Typer(
        name="netra",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        help="Run, look at and prove Netra.",
    )
    # With a callback, one command alone still goes by its name.
    app.callback()(_nothing)
    is_known = word in _COMMANDS or word in _GROUPS
    for name, module in _COMMANDS.items():
        if not is_known or name == word:
            app.command(name)(getattr(import_module(module), name))
    for name, module in _GROUPS.items():
        if not is_known or name == word:
            app.add_typer(import_module(module).app, name=name)
    return app


def _nothing() -> None:
    """Run, look at and prove Netra."""
