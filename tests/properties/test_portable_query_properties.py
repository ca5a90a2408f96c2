"""The key of a line is the same whoever makes it: Netra, DuckDB or SQLite."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from fakes.odd_logs import entries
from fakes.sql_engines import DuckDb, SqlEngine, Sqlite
from netra_ops.gardener.mining.forms.keys import (
    LINE_CHARACTERS,
    counted,
    digit_forms,
    key_of,
    number_forms,
)
from netra_ops.gardener.portable import keys
from netra_ops.gardener.portable.log_entries import Dialect, grouped

_PARTS = st.sampled_from(["0", "00", "a0", "7", "ff", "0b1c", "g1", "é", "x", "0x1f", "0X", "ab12"])
_BETWEEN = st.sampled_from(["-", "-", "-", "-", " ", "  ", "_", ":", "\t", "…"])
_TEXTS = st.one_of(
    st.lists(st.tuples(_PARTS, _BETWEEN), max_size=25).map(lambda t: "".join(map("".join, t))),
    st.text(alphabet="019afFgxX- ._\n\r\t\1\2\3é", max_size=40),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30),
    st.sampled_from(["é", "a1 ", "0f-", "\U0001d7d97"]).flatmap(
        lambda unit: st.integers(0, 3).map(
            lambda more: unit * (LINE_CHARACTERS // len(unit)) + unit[:more]
        )
    ),
)
_AS_ALWAYS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=[DuckDb, Sqlite])
def engine(request: pytest.FixtureRequest) -> Iterator[SqlEngine]:
    """Each of the engines."""
    made = request.param()
    yield made
    made.close()


def key(text: str) -> str:
    """Give the key that the miner gives a text."""
    return key_of(number_forms(digit_forms([counted(text)]))[0])


@_AS_ALWAYS
@given(texts=st.lists(_TEXTS, min_size=1, max_size=30))
def test_keys_are_those_of_the_miner(engine: SqlEngine, texts: list[str]) -> None:
    """Every text without NUL has the key in SQL that it has in the miner."""
    engine.keep(texts)
    query = exp.select(keys.key_of(exp.column("message"))).from_("said").order_by("number")

    found = engine.ask(query.sql(dialect=engine.dialect))

    assert [row[0] for row in found] == [key(text) for text in texts]


def cells(logs: list[dict[str, Any]]) -> dict[tuple[Any, ...], list[Any]]:
    """Group entries in plain Python: entries, those with a time, the first and the last."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for one in logs:
        request = one.get("httpRequest", {})
        said = one.get("textPayload", one.get("jsonPayload", {}).get("message"))
        labels = one["resource"]["labels"]
        cell = (
            key(f"{request['requestMethod']} {request['requestUrl']}" if said is None else said),
            one["severity"] or "DEFAULT",
            labels["service_name"] or "",
            labels["revision_name"] or "",
            request.get("status", 0),
        )
        time = one.get("timestamp")
        counted = found.setdefault(cell, [0, 0, None, None])
        counted[0] += 1
        if time is not None:
            counted[1] += 1
            counted[2] = min(filter(None, (counted[2], time)))
            counted[3] = max(filter(None, (counted[3], time)))
    return found


def plain(time: Any) -> Any:
    """Write a time as log entries do."""
    if isinstance(time, datetime):
        return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return time


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logs=st.lists(entries(), min_size=1, max_size=40))
def test_cells_are_those_of_plain_counting(engine: SqlEngine, logs: list[dict[str, Any]]) -> None:
    """The query over log entries gives what counting them one by one gives, on every engine."""
    with tempfile.TemporaryDirectory() as place:
        table = engine.keep_entries(logs, Path(place))
        rows = engine.ask(grouped(table, Dialect(engine.dialect)))

    found = {row[:5]: [*row[5:7], plain(row[7]), plain(row[8])] for row in rows}
    assert found == cells(logs)
    assert [row[5] for row in rows] == sorted((row[5] for row in rows), reverse=True)
