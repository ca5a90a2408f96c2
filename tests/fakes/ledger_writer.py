"""A process that writes to a ledger until it is killed, and says what was acknowledged.

Run as `python ledger_writer.py FOLDER FIRST [BYTES]`: each record's revision is a number from FIRST
on, and each number is printed once its record was acknowledged. With BYTES the system kills it in
the write by which a file would become longer than that, after what still fits.
"""

import resource
import signal
import sys
from pathlib import Path
from typing import Final

from netra.clock import SystemClock
from netra_ops.findings import Finding, Outcome, Verdict
from netra_ops.ledger.ledger_file import Ledger
from netra_ops.ledger.records import Actor, Judgement, Stage

REASON: Final = "x " * 150_000
"""Long enough that a line takes many pages, so that a death within it is not rare."""


def record(number: int) -> Judgement:
    """Give the record with this number."""
    revision = f"r{number}"
    finding = Finding(
        check="golden_path",
        verdict=Verdict.PASS,
        reason=REASON,
        service="netra-backend",
        revision=revision,
    )
    return Judgement(
        service="netra-backend",
        revision=revision,
        actor=Actor("ana", "a process that will be killed"),
        reason="to be there afterwards",
        stage=Stage.PROBES,
        verdict=Verdict.PASS,
        outcomes=(Outcome(finding),),
    )


def main(folder: Path, number: int) -> None:
    """Write without end."""
    ledger = Ledger(folder, SystemClock(), lambda said: print(f"said {said}", flush=True))  # noqa: T201 - a program
    while True:
        ledger.append(record(number))
        print(number, flush=True)  # noqa: T201 - a program
        number += 1


def die_beyond(longest: int) -> None:
    """Let the system kill this process when a file becomes too long, as it does by default."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (longest, longest))


if __name__ == "__main__":
    for given in sys.argv[3:]:
        die_beyond(int(given))
    main(Path(sys.argv[1]), int(sys.argv[2]))
