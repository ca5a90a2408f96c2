"""The query by which an engine groups Cloud Logging's entries where they lie. Pure.

What is in it: what an entry says (`textPayload`, else `jsonPayload.message`, else the method and
the URL of `httpRequest`, else nothing), its key, and the cells of each key. All else is done
afterwards, on the few keys, or not at all: it folds no stack traces, joins no parts of long
entries, knows no copies and no other form of payload; it takes no words that never repeat for
variables, and keys are no templates yet.
"""

import re
from enum import StrEnum
from typing import Final

from sqlglot import ErrorLevel, exp

from netra_ops.gardener.portable.cells import SORTS, cells
from netra_ops.gardener.portable.keys import key_of

_NAME: Final = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*){0,2}", re.ASCII)
_FILE: Final = re.compile(r".+\.(?:json|jsonl|ndjson)(?:\.gz|\.zst)?", re.DOTALL)
_RECORDS: Final = ("jsonPayload", "httpRequest", "resource")
_COLUMNS: Final = {
    "textPayload": "TEXT",
    "severity": "TEXT",
    "timestamp": "TIMESTAMPTZ",
} | dict.fromkeys(_RECORDS, "JSON")
_UNSAID: Final = "DEFAULT"


class Dialect(StrEnum):
    """For which engine the query is written."""

    DUCKDB = "duckdb"
    BIGQUERY = "bigquery"
    SQLITE = "sqlite"


class NoTable(ValueError):
    """A table's name that is none."""


def grouped(table: str, dialect: Dialect) -> str:
    """Give the query.

    Records (`resource`, `jsonPayload`, `httpRequest`) are such at BigQuery, and JSON elsewhere.
    SQLite has no `REGEXP_REPLACE`; whoever runs it there brings one.

    Args:
        table: The table's name, up to three parts with dots between; for DuckDB also the name of
            a file of lines of JSON.
        dialect: For which engine.

    Raises:
        NoTable: It is neither.
    """
    lines = _entries(dialect).from_(_source(table, dialect))
    keyed = exp.select(
        key_of(exp.column("message")).as_("key"), exp.column("time"), *map(exp.column, SORTS)
    ).from_("entry")
    query = (
        cells("keyed", exp.column("key"), {name: exp.column(name) for name in SORTS})
        .with_("entry", as_=lines)
        .with_("keyed", as_=keyed)
        .order_by(exp.column("entries").desc(), *map(exp.column, ("key", *SORTS)))
    )
    return query.sql(
        dialect=dialect, pretty=True, identify=True, unsupported_level=ErrorLevel.RAISE
    )


def _entries(dialect: Dialect) -> exp.Select:
    """Give what the query looks at of each entry."""

    def member(record: str, *names: str) -> exp.Expression:
        if dialect is Dialect.BIGQUERY:
            return exp.Dot.build([exp.column(record), *(exp.to_identifier(n) for n in names)])
        keys = [exp.JSONPathKey(this=name) for name in names]
        path = exp.JSONPath(expressions=[exp.JSONPathRoot(), *keys])
        # SQLite reads `a ->> b || c ->> d` from the left.
        return exp.paren(exp.JSONExtractScalar(this=exp.column(record), expression=path))

    request = exp.DPipe(
        this=exp.DPipe(
            this=member("httpRequest", "requestMethod"),
            expression=exp.Literal.string(" "),
            safe=True,
        ),
        expression=member("httpRequest", "requestUrl"),
        safe=True,
    )
    said = _first_of(exp.column("textPayload"), member("jsonPayload", "message"), request, "")
    return exp.select(
        said.as_("message"),
        exp.column("timestamp").as_("time"),
        _first_of(exp.column("severity"), _UNSAID).as_("severity"),
        _first_of(member("resource", "labels", "service_name"), "").as_("service"),
        _first_of(member("resource", "labels", "revision_name"), "").as_("revision"),
        _first_of(exp.cast(member("httpRequest", "status"), "BIGINT"), 0).as_("status"),
    )


def _first_of(*values: exp.Expression | str | int) -> exp.Expression:
    first, *others = (
        one if isinstance(one, exp.Expression) else exp.convert(one) for one in values
    )
    return exp.Coalesce(this=first, expressions=others)


def _source(table: str, dialect: Dialect) -> exp.Expression:
    is_file = dialect is Dialect.DUCKDB and _FILE.fullmatch(table)
    if not is_file and _NAME.fullmatch(table):
        parts = [exp.to_identifier(part, quoted=True) for part in reversed(table.split("."))]
        return exp.Table(**dict(zip(("this", "db", "catalog"), parts, strict=False)))
    if not is_file:
        raise NoTable("it is no table's name")
    columns = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name), expression=exp.Literal.string(kind))
            for name, kind in _COLUMNS.items()
        ]
    )
    given = {"format": exp.Literal.string("newline_delimited"), "columns": columns}
    arguments = [
        exp.PropertyEQ(this=exp.to_identifier(name), expression=value)
        for name, value in given.items()
    ]
    read = exp.Anonymous(this="read_json", expressions=[exp.Literal.string(table), *arguments])
    return exp.Table(this=read)
