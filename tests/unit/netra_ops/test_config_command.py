"""How the command line of `netra config` is read, and what it does not load."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from netra_ops.cli.configuration import commands, direct
from netra_ops.cli.configuration.direct import CheckArguments
from netra_ops.cli.program import program
from netra_ops.findings import ExitCode

LINES = [
    ["a"],
    ["a", "b", "--json"],
    ["--json", "a", "--service", "x", "b"],
    ["--service=x", "-"],
    ["a", "--contract", "c", "--contract=d", "--secrets", "s"],
    ["a", "--service", ""],
]
STRANGE = [
    [],
    ["--help"],
    ["a", "--unknown"],
    ["a", "--jso"],
    ["a", "--service"],
    ["a", "--service", "x", "--service", "y"],
    ["-x"],
    ["--", "--json"],
]


def as_declared(words: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> CheckArguments:
    """Read a command line as the declared command does."""
    taken: list[CheckArguments] = []

    def run(arguments: CheckArguments) -> ExitCode:
        taken.append(arguments)
        return ExitCode.PASS

    monkeypatch.setattr(commands, "run_check", run)
    with pytest.raises(SystemExit):
        program("config")(args=["config", "check", *words])
    return taken[0]


@pytest.mark.parametrize("words", LINES)
def test_both_readers_of_a_check_agree(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read directly is what the declared command reads."""
    found = direct.check_arguments(["config", "check", *words])

    assert found == as_declared(words, monkeypatch)


@pytest.mark.parametrize("words", STRANGE)
def test_what_is_not_plain_is_left_to_the_declared_command(words: list[str]) -> None:
    """Help, mistakes and doubled options are not read directly."""
    assert direct.check_arguments(["config", "check", *words]) is None


def test_every_declared_option_is_read_directly() -> None:
    """An option that is added to the command and not here would be read the slow way unnoticed."""
    group: Any = typer.main.get_command(program("config"))
    check = group.commands["config"].commands["check"]
    options = {name for one in check.params for name in one.opts if name.startswith("--")}

    assert options - {"--help"} == {"--service", "--contract", "--secrets", "--json"}


def test_a_check_loads_no_more_than_it_needs(tmp_path: Path) -> None:
    """Neither an HTTP client nor what reads other command lines: it is run before every deploy."""
    (tmp_path / "a.env").write_text("SERVICE_ID=netra-auth\n", encoding="utf-8")
    code = (
        "import sys; from netra_ops.cli.main import main\n"
        f"code = main(['config', 'check', {str(tmp_path / 'a.env')!r}])\n"
        "slow = {'typer', 'rich', 'pydantic', 'httpx2', 'sqlalchemy', 'fastapi'}\n"
        "sys.exit(f'{code} {sorted(slow & sys.modules.keys())}')"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert done.stderr == "1 []\n"
