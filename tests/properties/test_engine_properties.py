"""Whatever a log holds, both engines say the same of it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import incident_log
from fakes.gardener import NOW
from fakes.odd_logs import in_halves, odd_logs
from netra_ops.cli.main import main
from netra_ops.gardener.engine import Engine, MemoryEngine
from netra_ops.gardener.facts.clusters import Facts
from netra_ops.gardener.gathering import Wanted, gathered
from netra_ops.gardener.on_disk.engine import DiskEngine
from netra_ops.gardener.on_disk.store import Store
from netra_ops.logs.reading import Reading

_MEMORY = 128 << 20


def known(log: bytes, engine: Engine) -> tuple[Facts, list[tuple[int, int, int]]]:
    """Garden a log, and give what is known of it, and where its entries are."""
    wanted = Wanted(inputs=("-",), reading=Reading(now=NOW))
    found = gathered(wanted, BytesIO(log), lambda _: None, engine)
    return found.facts, list(found.collected.rows.places())


def known_on_disk(log: bytes, block: int) -> tuple[Facts, list[tuple[int, int, int]]]:
    """Do the same on the disk, so many rows written at once."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Store(Path(folder), _MEMORY) as store,
    ):
        return known(log, DiskEngine(store, block))


@given(log=odd_logs(), block=st.sampled_from([1, 7, 100]))
@settings(max_examples=60)
@pytest.mark.long
def test_facts_are_equal(log: bytes, block: int) -> None:
    """All that is known of a log is the same, kept in memory or on the disk."""
    assert known_on_disk(log, block) == known(log, MemoryEngine())


@contextmanager
def told_at_once() -> Iterator[Path]:
    """Stand still in time, in a directory of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        time_machine.travel("2026-09-15T03:00:00Z", tick=False),
    ):
        yield Path(folder)


def run(*words: str | Path) -> None:
    """Run a command to its end."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    assert ended.value.code == 0


def files_of(engine: str, place: Path, inputs: tuple[Path, ...]) -> dict[str, bytes]:
    """Cluster and garden with an engine, and give what is written."""
    out = place / engine
    table = place / f"{engine}.csv"
    run("logs", "cluster", *inputs, "--engine", engine, "--assignments", table)
    run("logs", "garden", *inputs, "--engine", engine, "--out", out, "--tracker", place / "none")
    return {one.name: one.read_bytes() for one in out.iterdir()} | {"table": table.read_bytes()}


def written(place: Path, *logs: bytes) -> tuple[Path, ...]:
    """Write logs into files."""
    inputs = tuple(place / f"log-{number}" for number in range(len(logs)))
    for path, log in zip(inputs, logs, strict=True):
        path.write_bytes(log)
    return inputs


@given(log=odd_logs().filter(bytes.strip), apart=st.booleans())
@settings(max_examples=25)
@pytest.mark.long
def test_what_is_written_is_equal(log: bytes, *, apart: bool) -> None:
    """Assignments, worklogs and `entries.csv` are equal to the byte, from one file or two."""
    with told_at_once() as place:
        inputs = written(place, *(in_halves(log) if apart else (log,)))

        assert files_of("duckdb", place, inputs) == files_of("memory", place, inputs)


@pytest.mark.parametrize("form", ["oldest first", "newest first", "with damage"])
def test_an_incident_is_told_equally(form: str) -> None:
    """An incident's worklog and assignments are equal to the byte, whatever its order."""
    entries: list[dict[str, Any]] = incident_log.incident()
    log = incident_log.as_ndjson(entries).encode()
    if form == "newest first":
        log = incident_log.as_gcloud(entries).encode()
    elif form == "with damage":
        log = log[5:] + log[: len(log) // 3] + b'{"textPayload": "broken of'
    with told_at_once() as place:
        inputs = written(place, log)
        found = files_of("duckdb", place, inputs)

        assert found == files_of("memory", place, inputs)
        assert {"worklog.json", "entries.csv", "table"} <= found.keys()
