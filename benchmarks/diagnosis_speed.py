"""What it costs to count a large log for a diagnosis, in time and memory.

Run with `PYTHONPATH=tests .venv/bin/python benchmarks/diagnosis_speed.py`. It writes lines of
LogEntry in the shapes of `fakes.log_exports` (requests, a program's JSON, text, tracebacks, audit),
of which one in twenty says one of the sentences below with other names and numbers each time, and
counts them in a process of its own. What takes the processor's time is said besides, since others
may use the machine.
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
from typing import Any, Final

from fakes import log_exports
from netra.clock import SystemClock
from netra_ops.diagnosis.signs.tallying import tallied
from netra_ops.logs.reading import Reading

_DISTINCT: Final = 100_000
_EACH: Final = 20
_SENTENCES: Final = (
    "token rejected on /orders/{n}: Signature verification failed",
    "login ok for user{n}",
    "could not authenticate caller {n}: connect ECONNREFUSED 10.0.{n}.7:8001",
    "QueuePool limit of size 5 overflow {n} reached, connection timed out, timeout 30.00",
    "SERVICE_{n}_SECRET is not configured",
    "order {n} of customer{n}@shop.example was packed after {n} ms",
    "job nightly-{n} failed: JWT expired at 2026-09-15T00:{n}:00Z",
)


def records() -> Iterator[bytes]:
    """Give entries without end; after some the same shapes come again with other numbers."""
    made: list[dict[str, Any]] = list(islice(log_exports.entries(), _DISTINCT))
    number = 0
    while True:
        for entry in made:
            number += 1
            entry["insertId"] = f"{number:020x}"
            said = dict(entry)
            if number % _EACH == 0:
                sentence = _SENTENCES[number // _EACH % len(_SENTENCES)].format(n=number)
                said = {k: v for k, v in entry.items() if not k.endswith(("Payload", "Request"))}
                said["textPayload"] = sentence
                said["severity"] = "WARNING"
            yield log_exports.line(said)


def write(path: Path, entries: int) -> None:
    """Write a file of so many entries."""
    with path.open("wb") as file:
        file.writelines(islice(records(), entries))


def count(path: str) -> None:
    """Count a log, and print what that took."""
    began, processor = time.perf_counter(), time.process_time()
    reading = Reading(now=int(SystemClock().timestamp() * 1e9) + 10**18)
    tally = tallied([path], reading)
    took = {
        "records": tally.account.records,
        "seconds": round(time.perf_counter() - began, 2),
        "processor": round(time.process_time() - processor, 2),
        "mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "requests": len(tally.requests),
        "kept": tally.kept,
        "signs": {sign.value: number for sign, number in sorted(tally.counts.items())},
    }
    sys.stdout.write(json.dumps(took, indent=1) + "\n")


def main() -> None:
    """Write a log and count it in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--count", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.count:
        count(arguments.count)
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "logs.ndjson"
        write(path, arguments.entries)
        sys.stdout.write(f"{path.stat().st_size / 1e6:.0f} MB\n")
        sys.stdout.flush()
        subprocess.run([sys.executable, __file__, "--count", str(path)], check=True)  # noqa: S603 - ourselves


if __name__ == "__main__":
    main()
