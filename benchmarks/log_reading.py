"""What a large export of Cloud Logging costs to read and to garden, beside bare `json.loads`.

Run with `PYTHONPATH=tests .venv/bin/python benchmarks/log_reading.py`. It makes lines of LogEntry
in the shapes of `fakes.log_exports` (requests, a program's JSON, text, tracebacks, audit), reads
them in a process of its own that keeps nothing but counts, works out in another all that
`netra logs garden` knows of them, and reads them line by line with the standard library in a
third. What takes the processor's time is said besides, since others may
use the machine. `--form array` writes one JSON array as gcloud does, `lines` plain lines.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from fakes import log_exports
from netra.clock import SystemClock
from netra_ops.gardener.engine import MemoryEngine
from netra_ops.gardener.gathering import Wanted, gathered
from netra_ops.logs.reading import Account, Form, Reading, read

_MEBI: Final = 1_000_000
_DISTINCT: Final = 100_000


def records(form: str) -> Iterator[bytes]:
    """Give records of a form without end; after some the same come again at another time."""
    made = list(islice(log_exports.entries(), _DISTINCT))
    number = 0
    while True:
        for entry in made:
            entry["insertId"] = f"{number:020x}"
            number += 1
            if form == "lines":
                stamp = entry["timestamp"][:-1].replace("T", " ")
                yield f"{stamp} INFO shop.orders: order {number} packed for {number}\n".encode()
            elif form == "array":
                yield (b"[\n" if number == 1 else b",\n") + json.dumps(entry, indent=2).encode()
            else:
                yield log_exports.line(entry)


def write(path: Path, size: int, form: str) -> None:
    """Write a file of about so many bytes."""
    written = 0
    with path.open("wb") as file:
        for record in records(form):
            written += file.write(record)
            if written >= size:
                break
        if form == "array":
            file.write(b"\n]\n")


def read_with_netra(path: str, form: str) -> int:
    account = Account()
    now = int(SystemClock().timestamp() * 1e9)
    reading = Reading(now=now, form=Form.LINES if form == "lines" else Form.AUTO)
    entries = sum(len(batch) for batch in read([path], account, reading))
    assert account.is_whole
    return entries


def gardened(path: str, form: str) -> int:
    now = int(SystemClock().timestamp() * 1e9)
    reading = Reading(now=now, form=Form.LINES if form == "lines" else Form.AUTO)
    wanted = Wanted(inputs=(path,), reading=reading)
    return gathered(wanted, sys.stdin.buffer, lambda _: None, MemoryEngine()).facts.entries


def read_with_loads(path: str, form: str) -> int:
    with Path(path).open("rb") as file:
        if form == "lines":
            return sum(1 for line in file if line.decode())
        if form == "array":
            return len(json.load(file))
        return sum(1 for line in file if json.loads(line))


READERS: Final = {"netra": read_with_netra, "garden": gardened, "json.loads": read_with_loads}


def measured(reader: str, path: str, form: str) -> None:
    """Read a file in this process, and print what it took."""
    started, before = time.perf_counter(), time.process_time()
    entries = READERS[reader](path, form)
    wall, processor = time.perf_counter() - started, time.process_time() - before
    size = Path(path).stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{reader:10} {size / _MEBI:6.0f} MB, {entries:8} entries: {wall:6.1f} s wall, "
        f"{processor:6.1f} s processor, {size / _MEBI / wall:5.0f} MB/s, "
        f"{entries / wall:8.0f} entries/s, peak {peak} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1_000)
    parser.add_argument("--form", choices=["ndjson", "array", "lines"], default="ndjson")
    parser.add_argument("--only", nargs=2, metavar=("READER", "PATH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        reader, path = options.only
        if reader == "write":
            write(Path(path), options.megabytes * _MEBI, options.form)
        else:
            measured(reader, path, options.form)
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "export"
        for step in ("write", *READERS):
            # A process each, so that the peak of memory is its own.
            command = [sys.executable, __file__, "--form", options.form]
            command += ["--megabytes", str(options.megabytes), "--only", step, str(path)]
            subprocess.run(command, check=True)  # noqa: S603 - ours


if __name__ == "__main__":
    main()
