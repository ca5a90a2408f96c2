"""A report as Markdown. Pure.

What the evidence says is somebody else's text: nothing of it becomes a heading, a link or a row.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from netra_ops.findings import printable
from netra_ops.reports.document import Report, Section, Statement, Table

_SHOWN: Final = 4
_MARKS: Final = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>#|"})


def as_markdown(report: Report) -> str:
    """Write it."""
    lines = [f"# {plain(report.title)}", ""]
    lines += [f"**{plain(name)}:** {plain(value)}  " for name, value in report.head]
    for section in report.sections:
        lines += ["", *_section(section)]
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """Give a text in which no letter means anything to Markdown."""
    return printable(text).translate(_MARKS)


def _section(section: Section) -> Iterator[str]:
    yield f"## {plain(section.title)}"
    yield ""
    yield from (f"- {_statement(one)}" for one in section.statements)
    if section.table is not None:
        if section.statements:
            yield ""
        yield from _table(section.table)
    if section.to_do:
        if section.statements or section.table is not None:
            yield ""
        yield from (f"- [ ] {plain(one)}" for one in section.to_do)


def _statement(statement: Statement) -> str:
    return f"{plain(statement.text)}{_places(statement.evidence)}"


def _places(evidence: Iterable[str]) -> str:
    places = [f"`{printable(one).replace('`', '?')}`" for one in dict.fromkeys(evidence)]
    if not places:
        return ""
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return f" ({', '.join(places[:_SHOWN])}{more})"


def _table(table: Table) -> Iterator[str]:
    head = (*table.head, "evidence")
    yield f"| {' | '.join(map(plain, head))} |"
    yield f"|{'---|' * len(head)}"
    for row in table.rows:
        cells = [plain(cell) for cell in row.cells]
        yield f"| {' | '.join([*cells, _places(row.evidence).strip(' ()')])} |"
