"""Who serves: of a state directory, by its record and its ledger; of a bundle, by what it tells."""

from pathlib import Path
from typing import Any

from netra.clock import Clock, as_iso
from netra_ops.evidence.bundle import read_bundle
from netra_ops.findings import CouldNotTell
from netra_ops.ledger import queries
from netra_ops.ledger.ledger_file import Ledger
from netra_ops.platform.local import processes, record
from netra_ops.platform.local.state_directory import StateDirectory


def serving_of_state(state: StateDirectory, clock: Clock) -> dict[str, Any]:
    """Give each service's revisions that have a share, whether they run, and what is proven.

    Raises:
        Failed: The record or the ledger cannot be read.
        CouldNotTell: The ledger is damaged, or nothing was started here.
    """
    known = record.load(state).services
    reading = Ledger(state.ledger_folder, clock).read()
    if reading.flaw is not None:
        raise CouldNotTell(reading.complaint)
    if not known:
        raise CouldNotTell("Nothing was started in this state directory.")
    proofs = {name: queries.last_proven(reading.entries, name) for name in known}
    return {
        "services": [
            {
                "service": name,
                "revisions": [
                    {
                        "revision": revision,
                        "percent": percent,
                        "runs": processes.is_alive(service.revisions[revision].process),
                    }
                    for revision, percent in service.split.items()
                ],
                "last_proven": proof.revision if (proof := proofs[name]) else None,
            }
            for name, service in sorted(known.items())
        ],
        "unfinished_rollouts": [
            {"service": one.service, "revision": one.revision, "begun": one.begun.time}
            for one in queries.unfinished(reading.entries)
        ],
    }


def serving_of_bundle(bundle: Path) -> dict[str, Any]:
    """Give the last shares that a bundle tells of, by service.

    Raises:
        CouldNotTell: It cannot be read, or tells of none.
    """
    shares = read_bundle(bundle).traffic
    if not shares:
        raise CouldNotTell("The bundle has no traffic.json, so it does not tell who served.")
    last = {one.service: one.time for one in shares}
    return {
        "services": [
            {
                "service": service or "a service that is not named",
                "since": None if time is None else as_iso(time / 1e9),
                "revisions": [
                    {"revision": one.revision, "percent": one.percent}
                    for one in shares
                    if (one.service, one.time) == (service, time) and one.percent
                ],
            }
            for service, time in last.items()
        ],
        "unfinished_rollouts": [],
    }
