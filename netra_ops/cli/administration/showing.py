"""How records are shown to people. Every text in them is somebody else's, and made harmless."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.table import Table

from netra.wire.auth_api import WireModel
from netra_ops.cli.administration.times import shown
from netra_ops.cli.console import may_ask, remark, rich_output, tell
from netra_ops.findings import Failed, UsageRefused, printable


def document(model: WireModel) -> Any:
    """Give a record as it came, for JSON."""
    return model.model_dump(mode="json")


def documents(models: Iterable[WireModel]) -> dict[str, Any]:
    """Give records as one document."""
    return {"items": [document(model) for model in models]}


def show_table(heads: Sequence[str], rows: Iterable[Sequence[object]], nothing: str) -> None:
    """Show rows, or say that there are none."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(text(value) for value in row))
    if table.row_count:
        rich_output().print(table)
    else:
        tell(nothing)


def show_fields(fields: Iterable[tuple[str, object]]) -> None:
    """Show one record, a line for each of its fields."""
    named = tuple(fields)
    width = max(len(name) for name, _ in named)
    for name, value in named:
        tell(f"{name:{width}}  {text(value)}")


def text(value: object) -> str:
    """Write a value for people."""
    if value is None or value in ((), ""):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return printable(" ".join(str(item) for item in value))
    return printable(str(value))


def moment(timestamp: float | None) -> str:
    """Write a time for people."""
    return shown(timestamp)


def need_consent(*, yes: bool) -> None:
    """Refuse what cannot be undone where nobody can be asked and nobody said yes.

    Raises:
        UsageRefused: Neither.
    """
    if not yes and not may_ask():
        raise UsageRefused("This cannot be undone. Give --yes to do it without being asked.")


def ask_consent(question: str, *, yes: bool) -> None:
    """Ask before what cannot be undone, unless --yes said so.

    Raises:
        Failed: The answer was not yes.
    """
    if yes:
        return
    remark(f"{printable(question)} [y/N]")
    if input().strip().lower() not in ("y", "yes"):
        raise Failed("Nothing was done.")
