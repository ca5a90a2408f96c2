"""What a log costs in time and memory with either engine, as it grows.

Run with `PYTHONPATH=tests .venv/bin/python benchmarks/larger_than_memory.py`; needs the extra
`duckdb`, and as much space for temporary files as the largest log. It makes logs of LogEntry in
the shapes of `fakes.log_exports`, each entry at a time of its own and with a request of its own,
and runs `netra logs garden` and `netra logs cluster` on each, in a process of its own for each
engine. It prints the time, the highest memory of the process and its ratio to that of the engine
in memory, and says whether what both wrote is equal.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from filecmp import cmp
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from fakes import log_exports

_MEGA: Final = 1_000_000
_DISTINCT: Final = 100_000
_ENGINES: Final = ("memory", "duckdb")


class Run(NamedTuple):
    """What a command took: seconds of the clock and of the processor, and MiB at the most."""

    wall: float
    processor: float
    peak: float


def write(path: Path, megabytes: int) -> None:
    """Write a log of about so many bytes, and say how many entries it has."""
    made = list(islice(log_exports.entries(), _DISTINCT))
    number = written = 0
    with path.open("wb") as file:
        while written < megabytes * _MEGA:
            entry = made[number % _DISTINCT]
            number += 1
            entry["insertId"] = f"{number:020x}"
            entry["timestamp"] = log_exports.stamp(log_exports.START + number)
            if "trace" in entry:
                entry["trace"] = f"projects/shop-staging/traces/{number:032x}"
            if "jsonPayload" in entry:
                entry["jsonPayload"]["context"]["request_id"] = f"req_{number}"
            written += file.write(log_exports.line(entry))
    print(f"{megabytes} MB, {number:,} entries", flush=True)


def run(*words: str | Path) -> Run:
    """Run a command of netra in a process of its own."""
    command = [str(Path(sys.executable).with_name("netra")), *map(str, words)]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:  # noqa: S603 - ours
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said = process.stderr.read() if process.stderr is not None else b""
    assert process.returncode == 0, said.decode()
    wall = time.perf_counter() - started
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def clustered(log: Path, place: Path, engine: str, options: list[str]) -> Run:
    table = place / f"{engine}.csv"
    return run("logs", "cluster", log, "--assignments", table, "--engine", engine, *options)


def gardened(log: Path, place: Path, engine: str, options: list[str]) -> Run:
    out = place / engine
    options = [*options, "--tracker", str(place / "none")]
    return run("logs", "garden", log, "--out", out, "--engine", engine, *options)


COMMANDS: Final = {"garden": gardened, "cluster": clustered}


def is_equal(place: Path, command: str) -> bool:
    """Tell whether both engines wrote the same, but for the moment at which they did."""
    if command == "cluster":
        return cmp(place / "memory.csv", place / "duckdb.csv", shallow=False)
    memory, duckdb = (place / name for name in _ENGINES)
    one, other = (json.loads((of / "worklog.json").read_bytes()) for of in (memory, duckdb))
    one["generated"] = other["generated"]
    return bool(one == other) and cmp(memory / "entries.csv", duckdb / "entries.csv", shallow=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[1_000, 3_000])
    parser.add_argument("--commands", nargs="+", choices=COMMANDS, default=[*COMMANDS])
    parser.add_argument("--memory-limit", default="128MiB", help="what DuckDB may take")
    parser.add_argument("--directory", type=Path, help="where the logs are made")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write(options.write, *options.megabytes)
        return
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        place, log = Path(directory), Path(directory) / "log.ndjson"
        more = {
            "memory": [],
            "duckdb": ["--memory-limit", options.memory_limit, "--working-directory", directory],
        }
        for megabytes in options.megabytes:
            # A process begins with the peak of the one that makes it, so this one stays small.
            writing = [sys.executable, __file__, "--write", str(log), "--megabytes", str(megabytes)]
            subprocess.run(writing, check=True)  # noqa: S603 - ours
            for name in options.commands:
                found = {one: COMMANDS[name](log, place, one, more[one]) for one in _ENGINES}
                for engine, took in found.items():
                    to_memory = took.peak / found["memory"].peak
                    print(
                        f"  {name:8} {engine:7} {took.wall:6.1f} s wall, {took.processor:6.1f} s "
                        f"processor, peak {took.peak:6.0f} MiB ({to_memory:.2f} of memory's)",
                        flush=True,
                    )
                print(f"  {name:8} equal: {'yes' if is_equal(place, name) else 'NO'}", flush=True)
                for left in (*place.glob("*.csv"), *(place / one for one in _ENGINES)):
                    shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
