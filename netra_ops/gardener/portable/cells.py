"""The aggregation by key as a query of SQL: entries that are alike in all that sorts them. Pure.

A cell is what has one key, one severity, one service, one revision and one status. It says how many
entries that are, how many of them have a time, the first and the last. All counts of a key, its mix
of severities, services, revisions and statuses, and its first and last time are sums and extremes
of its few cells, so one query without arrays or windows is enough on any engine.
"""

from collections.abc import Mapping
from typing import Final

from sqlglot import exp

SORTS: Final = ("severity", "service", "revision", "status")
"""What sorts the entries of a key, in the order of the query's columns, which are: the key, these,
`entries`, `dated`, `first`, `last`."""


def cells(source: str, key: exp.Expression, sorts: Mapping[str, exp.Expression]) -> exp.Select:
    """Give the query.

    Args:
        source: The name of what has a row for each entry, with its time, or NULL, in `time`.
        key: What an entry is about.
        sorts: Of each of `SORTS`, what says it.

    Raises:
        KeyError: One of `SORTS` is missing.
    """
    columns = [key.as_("key"), *(sorts[name].as_(name) for name in SORTS)]
    time = exp.column("time")
    return (
        exp.select(
            *columns,
            exp.Count(this=exp.Star()).as_("entries"),
            exp.Count(this=time.copy()).as_("dated"),
            exp.Min(this=time.copy()).as_("first"),
            exp.Max(this=time.copy()).as_("last"),
        )
        .from_(exp.to_table(source))
        .group_by(*(column.this.copy() for column in columns))
    )
