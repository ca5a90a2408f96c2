"""What DuckDB is asked of the entries of a log, beside the portable cells of `portable`. Pure.

Every query whose answer can be long gives it in the order of clusters, so that one after the other
is put together. Times are nanoseconds, NULL where there is none.
"""

from typing import Final

from sqlglot import exp

from netra_ops.gardener.facts.columns import COLUMNS, UNDATED
from netra_ops.gardener.facts.counting.spreads import SPANS
from netra_ops.gardener.facts.rhythm import BURST_GAP, SECOND
from netra_ops.gardener.portable.cells import SORTS, cells
from netra_ops.logs.entries.entry import Level

_TYPES: Final = dict.fromkeys(("time", "trace", "request", "number"), "BIGINT")
ENTRY: Final = {"place": "BIGINT"} | {name: _TYPES.get(name, "INTEGER") for name in COLUMNS}
"""The columns of an entry, each with its type; the place is that among all that were read."""
LINE: Final = {"place": "BIGINT", "shape": "INTEGER"}
CLUSTER_OF: Final = {"shape": "INTEGER", "cluster": "INTEGER"}
MOMENT: Final = {"cluster": "INTEGER", "begins": "BIGINT"}
CHOSEN: Final = {"cluster": "INTEGER", "told": "INTEGER"}

_AHEAD: Final = 1 << 40
"""More than there are entries: a time and a place in one number, the time first."""


def _floored(length: int) -> str:
    """Number the equal parts of time: division rounds towards zero, times before 1970 are below."""
    return f"((time - ((time % {length}) + {length}) % {length}) // {length})"


_MINUTE: Final = _floored(60 * SECOND)

INSERT_ENTRIES: Final = f"""
    INSERT INTO entry SELECT * REPLACE (nullif(time, {UNDATED}) AS time) FROM read_csv(?, $columns)
"""
INSERT: Final = "INSERT INTO $table SELECT * FROM read_csv(?, $columns)"
PLACED: Final = "CREATE VIEW placed AS SELECT * FROM entry JOIN cluster_of USING (shape)"
PLACES: Final = """
    SELECT source, number, shape FROM entry WHERE place >= ? AND place < ? ORDER BY place
"""

SHAPES: Final = "SELECT shape FROM line WHERE place >= ? AND place < ? ORDER BY place"
SHAPE_COUNTS: Final = "SELECT shape, count(*) FROM line GROUP BY shape ORDER BY shape"

CELLS: Final = (
    cells(
        "placed",
        exp.column("cluster"),
        {name: exp.column("level" if name == "severity" else name) for name in SORTS},
    )
    .order_by("key")
    .sql(dialect="duckdb")
)
"""The portable aggregation, by clusters; severities are levels, texts are their numbers."""

REVISIONS: Final = f"""
    SELECT service, revision, min(time), max(time), count(*),
        max(time) FILTER (level < {Level.WARNING:d}),
        max(time) FILTER (level < {Level.WARNING:d} AND status BETWEEN 200 AND 399)
    FROM entry WHERE time IS NOT NULL AND revision <> 0
    GROUP BY service, revision
    ORDER BY min(time::HUGEINT * {_AHEAD} + ? * place)
"""
"""The parameter is 1, or -1 where what was read first came last."""
REVISION_MINUTES: Final = f"""
    SELECT service, revision, {_MINUTE} AS minute, count(*)
    FROM entry WHERE time IS NOT NULL AND revision <> 0
    GROUP BY service, revision, minute ORDER BY minute
"""

SPREADS: Final = {
    name: f"""
        SELECT cluster, {name}, count(*) FROM placed WHERE {name} <> 0
        GROUP BY cluster, {name} ORDER BY cluster
    """
    for name in ("instance", "principal", "path", "logger")
}
DISTINCTS: Final = {
    name: f"""
        SELECT cluster, count(*)
        FROM (SELECT DISTINCT cluster, {name} FROM placed WHERE {name} <> 0) GROUP BY cluster
    """
    for name in ("request", "trace")
}
REQUESTS: Final = "SELECT count(*) FROM (SELECT DISTINCT request FROM entry WHERE request <> 0)"

RATES: Final = f"""
    SELECT cluster, least({SPANS - 1}, (time::HUGEINT - ?) * {SPANS} // ?)::INTEGER AS span,
        count(*)
    FROM placed WHERE time IS NOT NULL GROUP BY cluster, span
"""
"""The parameters are when the covered interval begins, and how long it is."""
MOMENTS: Final = """
    SELECT cluster, min(time) FROM placed JOIN moment USING (cluster)
    WHERE time >= begins GROUP BY cluster
"""
BURSTS: Final = f"""
    SELECT cluster, min(time) AS first, max(time), bool_and(time % {SECOND} = 0)
    FROM placed WHERE time IS NOT NULL GROUP BY cluster, {_floored(BURST_GAP)}
    ORDER BY cluster, first
"""
"""Times in one part as long as the gap are of one burst, so only its first and last are needed."""
ONSETS: Final = f"""
    SELECT cluster, service, revision, {_MINUTE} AS minute, count(*), min(time)
    FROM placed WHERE time IS NOT NULL AND revision <> 0
    GROUP BY cluster, service, revision, minute ORDER BY cluster
"""

ORDER: Final = """
    SELECT time, told, service, revision, instance, request, trace
    FROM placed JOIN chosen USING (cluster) WHERE time IS NOT NULL ORDER BY time, place
"""
HIT: Final = {
    "principals": """
        SELECT count(*) FROM (SELECT DISTINCT principal
        FROM placed JOIN chosen USING (cluster) WHERE principal <> 0)
    """,
    "requests": """
        SELECT count(*) FROM (SELECT DISTINCT request
        FROM placed JOIN chosen USING (cluster) WHERE request <> 0)
    """,
    "minutes": f"""
        SELECT count(*) FROM (SELECT DISTINCT {_MINUTE}
        FROM placed JOIN chosen USING (cluster) WHERE time IS NOT NULL)
    """,
}
