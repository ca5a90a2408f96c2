"""The command `netra` run in this process, on a state directory that a test made."""

import io
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from netra_ops.cli.main import main
from netra_ops.platform.local.configuration import with_values
from netra_ops.platform.local.state_directory import StateDirectory, write_whole


class Done(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


class Terminal(io.TextIOWrapper):
    """Standard input that somebody types at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def set_values(directory: StateDirectory, service: str, **values: str) -> None:
    """Set variables in a service's env file."""
    file = directory.env_file(service)
    write_whole(file, with_values(file.read_text("utf-8"), values))


def runner(
    state: StateDirectory, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Give what runs a command on a state directory.

    With `typed`, somebody sits at a terminal and types that; else `stdin` is piped in.
    """
    run = stateless_runner(capsys, monkeypatch)

    def on_state(*arguments: str, **given: Any) -> Done:
        return run(*arguments, "--state", str(state.root), **given)

    return on_state


def stateless_runner(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give what runs a command that needs no state directory; see `runner`."""

    def run(*arguments: str, stdin: str | bytes = "", typed: str | None = None) -> Done:
        given = stdin if isinstance(stdin, bytes) else stdin.encode()
        if typed is None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        else:
            monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO(typed.encode())))
            monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        try:
            code = main(list(arguments))
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Done(code, *capsys.readouterr())

    return run
