"""`netra evidence check`: whether a bundle is whole, as it was made, and without secrets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from netra_ops.cli.console import JsonOption, remark, rich_progress, tell, tell_document
from netra_ops.cli.logs.inputs import is_there
from netra_ops.evidence.bundle import LOGS
from netra_ops.evidence.checking import Checked, checked
from netra_ops.findings import UsageRefused, Verdict, exit_code_of, printable

_SAYS: Final = {
    Verdict.PASS: "The bundle is whole, is what it was when it was made, and holds no secret.",
    Verdict.UNKNOWN: "Nothing is wrong with it, but whether it was altered cannot be told.",
    Verdict.FAIL: "The bundle is not as it should be.",
}


def check(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The bundle.")],
    as_json: JsonOption = False,
) -> None:
    """Check an evidence bundle: its form, its hashes, and that no secret is in it.

    What looks like a secret is told by its place alone. Exit code 0 whole and true to its hashes,
    1 altered, with a secret in it or of a broken form, 2 wrong usage, 3 it cannot be read, or has
    no hashes by which it could be told.
    """
    if not is_there(directory) or not directory.is_dir():
        raise UsageRefused(f"{printable(str(directory))} is no directory.")
    with _progress(directory) as told:
        found = checked(directory, told)
    if as_json:
        tell_document(_document(found))
    else:
        _show(found)
    raise typer.Exit(exit_code_of(found.verdict))


def _document(found: Checked) -> dict[str, Any]:
    return {
        "bundle": str(found.bundle.directory),
        "verdict": found.verdict.value,
        "present": sorted(found.bundle.present),
        "altered": sorted(found.bundle.altered),
        "left_out": found.bundle.left_out,
        "flaws": [{"file": o.file, "where": o.where, "what": o.what} for o in found.flaws],
        "remarks": found.remarks,
    }


def _show(found: Checked) -> None:
    for flaw in found.flaws:
        tell(printable(f"{flaw.where} {flaw.what}."))
    for one in found.remarks:
        remark(printable(one))
    tell(_SAYS[found.verdict])


@contextmanager
def _progress(directory: Path) -> Iterator[Callable[[int], None]]:
    """Show how far it is, where somebody looks."""
    console = rich_progress()
    log = directory / LOGS
    if not console.is_terminal or not log.is_file():
        yield lambda _: None
        return
    bars = import_module("rich.progress")
    with bars.Progress(console=console, transient=True) as shown:
        task = shown.add_task("Checking", total=log.stat().st_size)
        yield lambda more: shown.advance(task, more)
