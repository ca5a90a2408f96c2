"""A process that writes to a ledger until it is killed, and says what was acknowledged.

Run as `python ledger_writer.py FOLDER FIRST`: each record's revision is a number from FIRST on, and
each number is printed once its record was acknowledged.
"""

import sys
from pathlib import Path
from typing import Final

from netra.clock import SystemClock
from netra_ops.findings import Finding, Outcome, Verdict
from netra_ops.ledger.ledger_file import Ledger
from netra_ops.ledger.records import Actor, Judgement, Stage

OUTCOMES: Final = 400
"""Enough that a line takes many pages, so that a death within it is not rare."""


def record(number: int) -> Judgement:
    """Give the record with this number."""
    revision = f"r{number}"
    outcomes = tuple(
        Outcome(
            Finding(
                check="golden_path",
                verdict=Verdict.PASS,
                reason=f"{step} {'x' * 900}",
                service="netra-backend",
                revision=revision,
            )
        )
        for step in range(OUTCOMES)
    )
    return Judgement(
        service="netra-backend",
        revision=revision,
        actor=Actor("ana", "a process that will be killed"),
        reason="to be there afterwards",
        stage=Stage.PROBES,
        verdict=Verdict.PASS,
        outcomes=outcomes,
    )


def main(folder: Path, number: int) -> None:
    """Write without end."""
    ledger = Ledger(folder, SystemClock(), lambda said: print(f"said {said}", flush=True))  # noqa: T201 - a program
    while True:
        ledger.append(record(number))
        print(number, flush=True)  # noqa: T201 - a program
        number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
