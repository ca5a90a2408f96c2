"""Where a command keeps what grows with a log: in memory, or with DuckDB on the disk."""

import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from types import FrameType, ModuleType
from typing import Annotated, Final

import typer

from netra_ops.findings import UsageRefused, printable
from netra_ops.gardener.engine import Engine, MemoryEngine

_SIZE: Final = re.compile(r"([1-9]\d{0,5})(MB|MIB|GB|GIB)", re.IGNORECASE)
_UNITS: Final = {"MB": 10**6, "MIB": 1 << 20, "GB": 10**9, "GIB": 1 << 30}
_LEAST: Final = 64 << 20
_USUAL: Final = "512MiB"
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
_KILLED: Final = 128


class EngineName(StrEnum):
    """What keeps and counts."""

    MEMORY = "memory"
    DUCKDB = "duckdb"


EngineOption = Annotated[
    EngineName,
    typer.Option(
        "--engine",
        help="Where entries are kept and counted: in memory, or on the disk with DuckDB, for logs "
        "larger than memory (`make duckdb`). The results are equal.",
    ),
]
WorkingDirectoryOption = Annotated[
    Path | None,
    typer.Option(
        "--working-directory",
        metavar="DIR",
        help="Where --engine duckdb makes its files, which go when it ends; else where the system "
        "keeps temporary files.",
    ),
]
MemoryLimitOption = Annotated[
    str | None,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        help=f"How much memory DuckDB may take, such as 512MiB or 2GB; {_USUAL} if nothing is "
        "said. What reads and groups takes its own, which does not grow with the log.",
        show_default=False,
    ),
]


@contextmanager
def engine_of(
    name: EngineName, working_directory: Path | None, memory_limit: str | None
) -> Iterator[Engine]:
    """Give what keeps and counts; what it keeps goes when it is done.

    Raises:
        UsageRefused: The options do not fit together, DuckDB is not installed, or the directory is
            none.
        CouldNotTell: Nothing can be kept.
    """
    if name is EngineName.MEMORY:
        if working_directory is not None or memory_limit is not None:
            raise UsageRefused("--working-directory and --memory-limit are for --engine duckdb.")
        yield MemoryEngine()
        return
    size = bytes_of(memory_limit or _USUAL)
    on_disk = extra("netra_ops.gardener.on_disk.engine", "--engine duckdb")
    with _ended_by_signals(), on_disk.disk_engine(working_directory, size) as engine:
        yield engine


def extra(module: str, what: str) -> ModuleType:
    """Give a module that needs the extra `duckdb`.

    Args:
        module: Its name.
        what: What needs it, as it was asked for.

    Raises:
        UsageRefused: The extra is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in {"duckdb", "sqlglot"}:
            raise
        raise UsageRefused(f"{what} needs the extra `duckdb`: run `make duckdb`.") from error


def bytes_of(size: str) -> int:
    """Read a size of memory.

    Raises:
        UsageRefused: It is none, or too little to work with.
    """
    found = _SIZE.fullmatch(size)
    if found is None:
        raise UsageRefused(f"{printable(size)} is no size: say 512MiB or 2GB.")
    number = int(found[1]) * _UNITS[found[2].upper()]
    if number < _LEAST:
        raise UsageRefused("DuckDB needs 64MiB at least: give --memory-limit more.")
    return number


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let signals that end a process end this one in order, so that it leaves no files."""
    # What was told to outlive its terminal (nohup) does so.
    found = {number: signal.getsignal(number) for number in _ENDING}
    before = {number: was for number, was in found.items() if was != signal.SIG_IGN}

    def end(number: int, _: FrameType | None) -> None:
        # A second one would break the tidying off.
        for one in before:
            signal.signal(one, signal.SIG_IGN)
        sys.exit(_KILLED + number)

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
