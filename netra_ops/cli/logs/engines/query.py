"""`netra logs query`: the grouping as a query, for an engine where logs lie already."""

from enum import StrEnum
from typing import Annotated

import typer

from netra_ops.cli.console import tell
from netra_ops.cli.logs.engines.options import extra
from netra_ops.findings import UsageRefused, printable


class QueryDialect(StrEnum):
    """For which engine a query is written."""

    DUCKDB = "duckdb"
    BIGQUERY = "bigquery"
    SQLITE = "sqlite"


def query(
    table: Annotated[
        str,
        typer.Option(
            "--table",
            metavar="NAME",
            help="The table of LogEntry, as Cloud Logging exports it; for DuckDB also a file of "
            "lines of JSON.",
        ),
    ] = "logs",
    dialect: Annotated[
        QueryDialect, typer.Option("--dialect", help="For which engine it is written.")
    ] = QueryDialect.DUCKDB,
) -> None:
    """Print the grouping of log entries as SQL, for an engine where they lie already.

    It says of each key how many entries there are, the first and the last, by severity, service,
    revision and status. Exit code 0 it is printed, 2 wrong usage.
    """
    portable = extra("netra_ops.gardener.portable.log_entries", "netra logs query")
    try:
        text = portable.grouped(table, portable.Dialect(dialect.value))
    except portable.NoTable:
        raise UsageRefused(f"{printable(table)} is no table's name for {dialect.value}.") from None
    tell(f"{text};")
