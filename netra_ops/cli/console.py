"""What the commands share: their common options, what they read, and how they speak.

Text for people and JSON go to standard output, remarks and errors to standard error.
"""

import getpass
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from netra.secret import Secret
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


def remark(text: str) -> None:
    """Say something beside the result."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def tell(text: str) -> None:
    """Give a result, or a part of it, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell_document(document: Any) -> None:
    """Give a result as one JSON document, in which nothing can write on a terminal."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    if not text.replace("\n", "").isprintable():
        text = "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)
    tell(text)


def rich_output() -> Any:
    """Give Rich's console for tables; when nobody looks, without colour and of a fixed width."""
    width = None if sys.stdout.isatty() else _FILE_WIDTH
    return _rich(highlight=False, markup=False, emoji=False, width=width)


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


def _escaped(letter: str) -> str:
    """Write a letter as JSON escapes (RFC 8259 section 7)."""
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))
