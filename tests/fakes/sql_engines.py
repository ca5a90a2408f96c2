"""Engines that run queries over log entries: DuckDB and SQLite, both real."""

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb

_TEXTS = ("textPayload", "severity", "timestamp")
_RECORDS = ("jsonPayload", "httpRequest", "resource")


class SqlEngine(Protocol):
    """What runs queries."""

    dialect: str

    def keep(self, texts: Sequence[str]) -> None:
        """Make a table `said` of numbered texts: `number`, `message`."""

    def keep_entries(self, entries: Iterable[dict[str, Any]], place: Path) -> str:
        """Make a table of log entries, and give its name; files go to a place."""

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Give all rows of a query."""


class DuckDb:
    """DuckDB in memory."""

    dialect = "duckdb"

    def __init__(self) -> None:
        self._connection = duckdb.connect()

    def keep(self, texts: Sequence[str]) -> None:
        """Make a table `said` of numbered texts."""
        self._connection.execute("CREATE OR REPLACE TABLE said (number INTEGER, message VARCHAR)")
        if texts:
            with self._connection.appender("said") as rows:
                rows.append_rows(list(enumerate(texts)))

    def keep_entries(self, entries: Iterable[dict[str, Any]], place: Path) -> str:
        """Write a file of lines, which is what DuckDB reads."""
        file = place / "entries.ndjson"
        file.write_text("".join(f"{json.dumps(one)}\n" for one in entries))
        self._connection.execute("SET TimeZone = 'UTC'")
        return str(file)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Give all rows of a query."""
        return self._connection.execute(query).fetchall()

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()


class Sqlite:
    """SQLite in memory, with the one function that it lacks."""

    dialect = "sqlite"

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.create_function(
            "REGEXP_REPLACE", 3, lambda text, form, to: re.sub(form, to, text), deterministic=True
        )

    def keep(self, texts: Sequence[str]) -> None:
        """Make a table `said` of numbered texts."""
        self._connection.execute("DROP TABLE IF EXISTS said")
        self._connection.execute("CREATE TABLE said (number INTEGER, message TEXT)")
        self._connection.executemany("INSERT INTO said VALUES (?, ?)", list(enumerate(texts)))

    def keep_entries(self, entries: Iterable[dict[str, Any]], place: Path) -> str:
        """Make a table in which records are JSON."""
        assert place.is_dir()
        columns = ", ".join(f"{name} TEXT" for name in (*_TEXTS, *_RECORDS))
        self._connection.execute("DROP TABLE IF EXISTS logs")
        self._connection.execute(f"CREATE TABLE logs ({columns})")
        rows = [
            [one.get(name) for name in _TEXTS]
            + [json.dumps(one[name]) if name in one else None for name in _RECORDS]
            for one in entries
        ]
        self._connection.executemany("INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?)", rows)
        return "logs"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Give all rows of a query."""
        return self._connection.execute(query).fetchall()

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()
