"""The gardener's worklog of a bundle."""

import sys
from pathlib import Path

from netra_ops.cli.logs.engines.options import EngineName, engine_of
from netra_ops.cli.logs.evidence import evidence_in
from netra_ops.cli.logs.garden import given_of, why_nothing
from netra_ops.cli.logs.inputs import Fineness, existing, reading_progress
from netra_ops.evidence.bundle import LOGS
from netra_ops.evidence.records import commits, traffic
from netra_ops.evidence.records.revisions import reading as revisions
from netra_ops.findings import CouldNotTell
from netra_ops.gardener.facts.deploys.evidence import Evidence
from netra_ops.gardener.gathering import Wanted, gathered
from netra_ops.gardener.memory import Memory
from netra_ops.gardener.worklog.composing import composed
from netra_ops.gardener.worklog.document import Worklog
from netra_ops.logs.reading import Reading

_BESIDE = (revisions.FILE, traffic.FILE, commits.FILE)


def worklog_of(bundle: Path, now: float) -> Worklog:
    """Give the worklog of a bundle's log, with what lies beside it; nothing is filed.

    Args:
        bundle: Its directory.
        now: The present, seconds since the epoch.

    Raises:
        UsageRefused: There is no log in it.
        CouldNotTell: There is nothing in the log.
    """
    wanted = Wanted(inputs=existing([str(bundle / LOGS)]), reading=Reading(now=round(now * 1e9)))
    with engine_of(EngineName.MEMORY, None, None) as engine:
        with reading_progress(wanted.inputs) as progress:
            found = gathered(wanted, sys.stdin.buffer, progress, engine)
        if not found.facts.entries:
            raise CouldNotTell(why_nothing(found))
        has_beside = any((bundle / name).exists() for name in _BESIDE)
        beside = evidence_in(bundle) if has_beside else Evidence()
        known = Memory(Fineness.NORMAL)
        return composed(given_of(wanted, found, known, beside, now)).worklog
