"""How fast lines are mined, as a ratio to Drain3 in the same run, in one process.

Run with `PYTHONPATH=benchmarks .venv/bin/python benchmarks/mining_speed.py [DIRECTORY]`: a million
lines of all logs of the directory (see `grouping.py`) with fresh numbers, a million with user names
that never repeat, a million with hexadecimal ids. Without the directory the first is made of the
made-up logs of `incident_logs.py`. Drain3 is in the extra `bench` and gets the first lines only,
which favours it: it slows down with its clusters. `--lines N` makes the logs shorter.
"""

import logging
import random
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from grouping import drain3, rows
from incident_logs import SEEDS, STYLES, incident_log

from netra_ops.gardener.mining.miner import Miner

BATCH: Final = 10_000
DRAIN_LINES: Final = 50_000

USERS: Final = (
    "Failed password for invalid user {name} from {ip} port {port} ssh2",
    "Invalid user {name} from {ip}",
    "input_userauth_request: invalid user {name} [preauth]",
    "Accepted password for {name} from {ip} port {port} ssh2",
    "pam_unix(sshd:session): session opened for user {name} by (uid=0)",
    "Received disconnect from {ip}: 11: Bye Bye [preauth]",
)
IDS: Final = (
    '{ip} "GET /v2/{hex}/servers/detail HTTP/1.1" status: 200 len: {port} time: 0.2',
    "[instance: {uuid}] VM Started (Lifecycle Event)",
    "[req-{uuid} {hex} - - -] Claim successful",
    "object {hex} of {uuid} released",
)


def mixed(directory: Path | None, rng: random.Random) -> Iterator[str]:
    if directory is None:
        lines = [
            line for style in STYLES for seed in SEEDS for line in incident_log(style, seed).lines
        ]
    else:
        tables = sorted(directory.glob("*/*_structured.csv"))
        lines = [row["Content"] for table in tables for row in rows(table)]
    digits = "0123456789"
    parts = [re.split(r"(\d{2,})", line) for line in lines]
    while True:
        line = list(rng.choice(parts))
        for place in range(1, len(line), 2):
            line[place] = "".join(rng.choices(digits, k=len(line[place])))
        yield "".join(line)


def filled(templates: Sequence[str], rng: random.Random) -> Iterator[str]:
    def hexed(length: int) -> str:
        return f"{rng.getrandbits(4 * length):0{length}x}"

    while True:
        yield rng.choice(templates).format(
            name="".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randrange(4, 11))),
            ip=".".join(str(rng.randrange(1, 255)) for _ in range(4)),
            port=rng.randrange(1024, 65535),
            hex=hexed(32),
            uuid="-".join(hexed(length) for length in (8, 4, 4, 4, 12)),
        )


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(name: str, lines: Sequence[str]) -> None:
    miner = Miner()

    def mine() -> None:
        for start in range(0, len(lines), BATCH):
            miner.add(lines[start : start + BATCH])
        miner.clusters()

    speeds = {}
    for masked in (True, False):
        try:
            parse = drain3(masked=masked)
        except ImportError:
            print("drain3 is not installed: pip install -e '.[bench]'")
            break
        first = lines[:DRAIN_LINES]
        used = seconds(lambda parse=parse, first=first: parse(first))  # type: ignore[misc]
        speeds["masked" if masked else "unmasked"] = len(first) / used
    own = len(lines) / seconds(mine)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    told = ", ".join(f"{own / speed:.1f} x drain3 {how}" for how, speed in speeds.items())
    print(f"{name:12} {own:9,.0f} lines/s; {told}; {memory} MB with the lines; {miner.account()}")


def main(arguments: Sequence[str]) -> None:
    logging.disable(logging.CRITICAL)
    rng = random.Random(1)  # noqa: S311 -- Made-up logs are no secret.
    amount = 1_000_000
    if "--lines" in arguments:
        amount = int(arguments[arguments.index("--lines") + 1])
    directory = Path(arguments[0]) if arguments and Path(arguments[0]).is_dir() else None
    if directory is None:
        print("No directory of logs: the mixed log is made of made-up ones.")
    for name, made in (
        ("mixed", mixed(directory, rng)),
        ("user names", filled(USERS, rng)),
        ("ids", filled(IDS, rng)),
    ):
        measure(name, [next(made) for _ in range(amount)])


if __name__ == "__main__":
    main(sys.argv[1:])
