"""A report as one file of HTML that needs nothing else and runs nothing."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from netra_ops.findings import printable
from netra_ops.reports.document import Report, Section, Statement, Table
from netra_ops.reports.picture import as_svg

_PAGE: Final = Path(__file__).with_name("page.html")
_SHOWN: Final = 6


def as_html(report: Report) -> str:
    """Write it, with its picture."""
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        title=shown(report.title),
        head="".join(f"<dt>{shown(name)}</dt><dd>{shown(text)}</dd>" for name, text in report.head),
        picture=as_svg(report.picture) if report.picture is not None else "",
        sections="".join(map(_section, report.sections)),
    )


def shown(text: str) -> str:
    """Give a text in which nothing means anything to HTML."""
    return escape(printable(text))


def _section(section: Section) -> str:
    statements = "".join(f"<li>{_statement(one)}</li>" for one in section.statements)
    to_do = "".join(f"<li>{shown(one)}</li>" for one in section.to_do)
    return "".join(
        (
            f"<h2>{shown(section.title)}</h2>",
            f"<ul>{statements}</ul>" if statements else "",
            _table(section.table) if section.table is not None else "",
            f'<ul class="todo">{to_do}</ul>' if to_do else "",
        )
    )


def _statement(statement: Statement) -> str:
    return f"{shown(statement.text)} {_places(statement.evidence)}"


def _places(evidence: Iterable[str]) -> str:
    places = list(dict.fromkeys(evidence))
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return " ".join(f"<code>{shown(one)}</code>" for one in places[:_SHOWN]) + more


def _table(table: Table) -> str:
    head = "".join(f"<th>{shown(one)}</th>" for one in (*table.head, "evidence"))
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{shown(cell)}</td>" for cell in row.cells)
        + f"<td>{_places(row.evidence)}</td></tr>"
        for row in table.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
