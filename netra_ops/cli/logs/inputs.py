"""What the commands that read logs have in common: inputs, progress, and what was read of them."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from netra_ops.cli.console import rich_progress
from netra_ops.findings import UsageRefused, printable
from netra_ops.gardener.mining.grouping.columns import Granularity
from netra_ops.logs.reading.account import Account
from netra_ops.logs.reading.framing.forms import Form

STANDARD_INPUT: Final = "-"

InputsArgument = Annotated[
    list[str],
    typer.Argument(metavar="INPUT...", help="Files, directories, or - for standard input."),
]
FormOption = Annotated[Form, typer.Option("--format", help="What records are; auto looks at each.")]


class Fineness(StrEnum):
    """How finely messages are told apart."""

    COARSE = "coarse"
    NORMAL = "normal"
    FINE = "fine"

    @property
    def granularity(self) -> Granularity:
        """Give what the miner calls it."""
        return Granularity[self.name]


GranularityOption = Annotated[
    Fineness, typer.Option("--granularity", help="How finely messages are told apart.")
]


def existing(inputs: Sequence[str]) -> tuple[str, ...]:
    """Give the inputs, all of which are there.

    Raises:
        UsageRefused: One is not, or standard input is named twice.
    """
    if sum(one == STANDARD_INPUT for one in inputs) > 1:
        raise UsageRefused("Standard input can be read once only: name - once.")
    for one in inputs:
        if one != STANDARD_INPUT and not is_there(Path(one)):
            raise UsageRefused(f"{printable(one)} is not there.")
    return tuple(inputs)


def is_there(path: Path) -> bool:
    """Tell whether there is something of this name; none is of a name that none can have."""
    try:
        return path.exists()
    except OSError:
        return False


def standard_input() -> BinaryIO:
    """Give standard input as bytes.

    Raises:
        UsageRefused: It is closed.
    """
    if sys.stdin is None:
        raise UsageRefused("Standard input is closed.")
    return sys.stdin.buffer


@contextmanager
def reading_progress(inputs: Sequence[str]) -> Iterator[Callable[[Account], None]]:
    """Show how far the reading is, where somebody looks."""
    console = rich_progress()
    if not console.is_terminal:
        yield lambda _: None
        return
    bars = import_module("rich.progress")
    total = None if STANDARD_INPUT in inputs else sum(_size(Path(one)) for one in inputs)
    with bars.Progress(
        bars.TextColumn("Reading"),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TextColumn("{task.fields[records]:,} records"),
        bars.TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task("", total=total, records=0)

        def told(account: Account) -> None:
            done = sum(source.bytes_read for source in account.sources)
            progress.update(task, completed=done, records=account.records)

        yield told


def skipped(account: Account) -> tuple[str, ...]:
    """Say which files were not read."""
    return tuple(f"{printable(one.name)} was not read: {one.why}" for one in account.skipped)


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
    return path.stat().st_size
