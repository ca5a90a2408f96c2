"""`netra logs query`: the grouping as SQL that other engines take."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from fakes import incident_log
from fakes.netra_command import Run, stateless_runner
from fakes.sql_engines import DuckDb, Sqlite

_PARTS = {"key", "severity", "service", "revision", "status", "entries", "dated", "first", "last"}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """What runs a command."""
    return stateless_runner(capsys, monkeypatch)


@pytest.mark.parametrize(
    ("dialect", "table"),
    [("bigquery", "project.logs.run_stderr"), ("duckdb", "logs"), ("sqlite", "logs")],
)
def test_it_is_sql_of_the_dialect(run: Run, dialect: str, table: str) -> None:
    """What is printed is one query of the dialect, with the columns that are promised."""
    done = run("logs", "query", "--dialect", dialect, "--table", table)

    assert (done.code, done.err) == (0, "")
    (parsed,) = sqlglot.parse(done.out.strip().rstrip(";"), dialect=dialect)
    assert isinstance(parsed, exp.Select)
    assert set(parsed.named_selects) == _PARTS


def test_bigquery_reads_members_of_records(run: Run) -> None:
    """At BigQuery only the members that are needed are read, and of a project with a dash too."""
    done = run("logs", "query", "--dialect", "bigquery", "--table", "my-project.logs.stderr")

    assert "FROM `my-project`.`logs`.`stderr`" in done.out
    assert "`resource`.`labels`.`revision_name`" in done.out
    assert "JSON" not in done.out


def test_an_incident_is_counted_where_it_lies(run: Run, tmp_path: Path) -> None:
    """DuckDB and SQLite run what is printed over an incident, and say the same of it."""
    entries = incident_log.incident()
    found = []
    for engine in (DuckDb(), Sqlite()):
        table = engine.keep_entries(entries, tmp_path)
        done = run("logs", "query", "--dialect", engine.dialect, "--table", table)
        assert (done.code, done.err) == (0, "")
        found.append([row[:7] for row in engine.ask(done.out.strip().rstrip(";"))])
        engine.close()

    assert found[0] == found[1]
    assert sum(row[5] for row in found[0]) == len(entries)
    (exits,) = [row for row in found[0] if row[0] == "Container called exit(0)."]
    assert exits == (
        "Container called exit(0).", "ERROR", incident_log.SERVICE, incident_log.BAD, 0, 60, 60,
    )  # fmt: skip


@pytest.mark.parametrize("table", ["", "a.b.c.d", "logs; DROP TABLE x", "`x`", "../x.ndjson"])
def test_what_is_no_table_is_refused(run: Run, table: str) -> None:
    """A name that is none, or a file for an engine that reads none, is a wrong usage."""
    done = run("logs", "query", "--dialect", "bigquery", "--table", table)

    assert (done.code, done.out) == (2, "")
    assert "is no table's name for bigquery" in done.err


def test_a_file_with_a_quote_in_its_name(run: Run, tmp_path: Path) -> None:
    """A file's name stays a name, whatever is in it."""
    file = tmp_path / "it's ') --.ndjson"
    file.write_text(incident_log.as_ndjson([incident_log.entry(1, textPayload="one 1")]))

    done = run("logs", "query", "--table", str(file))

    engine = DuckDb()
    assert [row[0] for row in engine.ask(done.out.strip().rstrip(";"))] == ["one 0"]
    engine.close()


@pytest.mark.parametrize(
    ("words", "missing", "what"),
    [
        (["query"], "sqlglot", "netra logs query"),
        (["cluster", "log", "--engine", "duckdb"], "duckdb", "--engine duckdb"),
        (["garden", "log", "--engine", "duckdb"], "sqlglot", "--engine duckdb"),
    ],
)
def test_without_the_extra_it_is_told_what_to_install(
    tmp_path: Path, words: list[str], missing: str, what: str
) -> None:
    """A wrong usage, and all else works."""
    (tmp_path / "log").write_text("one line\n")
    code = (
        f"import sys; sys.modules['{missing}'] = None\n"
        "from netra_ops.cli.main import main\n"
        f"sys.exit(main(['logs', *{words!r}]))\n"
    )

    said = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == f"{what} needs the extra `duckdb`: run `make duckdb`.\n"
