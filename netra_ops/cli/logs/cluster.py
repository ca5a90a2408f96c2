"""`netra logs cluster`: which lines say the same."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final, cast

import msgspec
import typer
from rich.text import Text

from netra.clock import SystemClock
from netra_ops.administration.audit_file import appearing_whole
from netra_ops.cli.console import JsonOption, remark, rich_output, tell, tell_document
from netra_ops.cli.logs.engines.options import (
    EngineName,
    EngineOption,
    MemoryLimitOption,
    WorkingDirectoryOption,
    engine_of,
)
from netra_ops.cli.logs.inputs import (
    Fineness,
    FormOption,
    GranularityOption,
    InputsArgument,
    existing,
    reading_progress,
    skipped,
    standard_input,
)
from netra_ops.findings import CouldNotTell, printable
from netra_ops.gardener.engine import Lines
from netra_ops.gardener.grouping import Group, Grouping, Groups
from netra_ops.gardener.privacy import Privacy
from netra_ops.gardener.worklog.sources import sources_read
from netra_ops.logs.entries import Entry
from netra_ops.logs.reading.account import Account
from netra_ops.logs.reading.framing.forms import Form
from netra_ops.logs.reading.reader import Reading, read_apart

_SHOWN: Final = 50


def cluster(  # noqa: PLR0913, PLR0917 - one parameter for each option
    inputs: InputsArgument,
    form: FormOption = Form.AUTO,
    granularity: GranularityOption = Fineness.NORMAL,
    assignments: Annotated[
        Path | None,
        typer.Option(
            "--assignments",
            metavar="OUT.csv",
            help="Write line_no,cluster_id,template there, one row for each input line.",
        ),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", min=0, help="How many clusters are shown; 0 for all.")
    ] = _SHOWN,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say why the parts of each cluster are one.")
    ] = False,
    engine: EngineOption = EngineName.MEMORY,
    working_directory: WorkingDirectoryOption = None,
    memory_limit: MemoryLimitOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which lines say the same, the most frequent first.

    Exit code 0 all was read, 2 wrong usage, 3 something could not be read, or there was nothing.
    """
    named, account = existing(inputs), Account()
    with engine_of(engine, working_directory, memory_limit) as keeping:
        lines = keeping.lines()
        groups = _grouped(named, account, lines, form=form, granularity=granularity)
        if assignments is not None:
            with appearing_whole(assignments) as file:
                file.writelines(_csv(lines, groups))
        counted, number = _counted(lines, groups), len(lines)
    shown = counted[: top or None]
    if as_json:
        tell_document(_document(account, shown, len(counted), number))
    else:
        _show(shown, len(counted), number, explain=explain)
    for line in chain(_remarks(account), skipped(account)):
        remark(line)
    if not account.records:
        raise CouldNotTell("There was nothing to read.")
    if any(source.failure or source.truncated for source in account.sources):
        raise CouldNotTell("Not everything could be read; what was read is above.")


def _grouped(
    inputs: Sequence[str], account: Account, lines: Lines, *, form: Form, granularity: Fineness
) -> Groups:
    grouping = Grouping(granularity.granularity)
    reading = Reading(now=round(SystemClock().timestamp() * 1e9), form=form)
    with reading_progress(inputs) as progress:
        for records in read_apart(inputs, account, reading, standard_input()):
            lines.add(_shapes(grouping, records))
            progress(account)
    return _private(grouping.groups())


def _shapes(grouping: Grouping, records: list[str] | list[Entry]) -> list[int]:
    if records and isinstance(records[0], str):
        return grouping.add_messages(records)
    return grouping.add(cast("list[Entry]", records))


def _private(groups: Groups) -> Groups:
    """Hide what must not be written; what is told apart stays told apart."""
    privacy = Privacy()
    hidden = tuple(
        replace(
            one,
            template=privacy.hide(one.template),
            made_of=tuple(map(privacy.hide_words, one.made_of)),
        )
        for one in groups.groups
    )
    return replace(groups, groups=hidden)


def _csv(lines: Lines, groups: Groups) -> Iterator[bytes]:
    """Write a row for each line, in blocks."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("line_no", "cluster_id", "template"))
    ends = [(one.id, one.template) for one in groups.groups]
    begin = 1
    for shapes in lines.blocks():
        writer.writerows(
            (number, *ends[groups.of_shape[shape]]) for number, shape in enumerate(shapes, begin)
        )
        begin += len(shapes)
        yield text.getvalue().encode("utf-8", "backslashreplace")
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _counted(lines: Lines, groups: Groups) -> list[tuple[int, Group]]:
    counts = [0] * len(groups.groups)
    for shape, count in lines.counts().items():
        counts[groups.of_shape[shape]] += count
    found = [(count, one) for count, one in zip(counts, groups.groups, strict=True) if count]
    return sorted(found, key=lambda one: (-one[0], one[1].id))


def _document(
    account: Account, shown: Sequence[tuple[int, Group]], clusters: int, lines: int
) -> dict[str, Any]:
    hide = Privacy().hide
    return {
        "version": 1,
        "lines": lines,
        "clusters": clusters,
        "sources": [
            msgspec.structs.replace(one, name=hide(one.name)) for one in sources_read(account)
        ],
        "skipped": [hide(one) for one in skipped(account)],
        "shown": [
            {
                "id": one.id,
                "aliases": one.aliases,
                "count": count,
                "template": one.template,
                "made_of": one.made_of,
            }
            for count, one in shown
        ],
    }


def _show(shown: Sequence[tuple[int, Group]], clusters: int, lines: int, *, explain: bool) -> None:
    console = rich_output()
    for count, one in shown:
        text = Text(f"{count:>9,}  ", style="bold")
        text.append(f"{one.id}  ", style="dim")
        text.append(printable(one.template))
        console.print(text, soft_wrap=True)
        if explain:
            for part in one.made_of:
                console.print(Text(f"{'':11}{printable(part)}", style="dim"), soft_wrap=True)
    more = f"; {clusters - len(shown):,} more are not shown" if clusters > len(shown) else ""
    tell(f"{lines:,} lines in {clusters:,} clusters{more}.")


def _remarks(account: Account) -> Iterator[str]:
    for source in sources_read(account):
        for one in source.remarks:
            yield f"{source.name}: {one}"
