"""What the commands share: their common options, what they read, and how they speak."""

import getpass
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from netra.secret import Secret
from netra_ops.cli.output import Told, remark, tell, tell_document
from netra_ops.findings import UsageRefused
from netra_ops.platform.local import state_directory
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.settings import DEFAULT_STATE

StateOption = Annotated[
    Path, typer.Option("--state", metavar="DIR", help="The private directory Netra lives in.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer with one JSON document.")]
PasswordOption = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from standard input (one line)."),
]
DEFAULT_STATE_PATH: Final = Path(DEFAULT_STATE)
_FILE_WIDTH: Final = 140

__all__ = [
    "DEFAULT_STATE_PATH",
    "JsonOption",
    "PasswordOption",
    "StateOption",
    "existing_state",
    "may_ask",
    "read_password",
    "read_secret",
    "remark",
    "rich_output",
    "rich_progress",
    "tell",
    "tell_document",
]


def rich_output() -> Any:
    """Give Rich's console for tables; when nobody looks, without colour and of a fixed width."""
    width = None if sys.stdout is not None and sys.stdout.isatty() else _FILE_WIDTH
    return _rich(file=Told(), highlight=False, markup=False, emoji=False, width=width)


def rich_progress() -> Any:
    """Give Rich's console for progress, which says nothing when nobody looks."""
    return _rich(stderr=True, highlight=False, markup=False, emoji=False)


def _rich(**options: Any) -> Any:
    # Rich takes as long to import as a whole command that needs none of it.
    return import_module("rich.console").Console(**options)


def existing_state(path: Path) -> StateDirectory:
    """Open the state directory of an installation that was started before.

    Raises:
        UsageRefused: There is none.
    """
    directory = state_directory.opened(path)
    if directory is None:
        raise UsageRefused(f"There is no Netra in {path} yet. Start one with `netra up`.")
    for mended in directory.mended:
        remark(mended)
    return directory


def read_password(*, from_stdin: bool, whose: str = "the person's") -> Secret:
    """Read a password: one line of standard input, or unseen from a person.

    Raises:
        UsageRefused: It was not asked for, or there is none.
    """
    if not from_stdin:
        raise UsageRefused(
            "A password is read from standard input only: give --password-stdin and pipe it in."
        )
    return read_secret(f"{whose} password")


def read_secret(what: str) -> Secret:
    """Read one line of standard input, unseen if a person types it.

    Raises:
        UsageRefused: There is none.
    """
    if sys.stdin.isatty():
        secret = getpass.getpass(f"{what[:1].upper()}{what[1:]}: ")
    else:
        try:
            secret = sys.stdin.buffer.readline().decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise UsageRefused(f"On standard input, {what} is not UTF-8 text.") from error
    if not secret:
        raise UsageRefused(f"On standard input, {what} is empty.")
    return Secret(secret)


def may_ask() -> bool:
    """Tell whether somebody is there to answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()
