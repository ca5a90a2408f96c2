"""The worklog of what was gathered, and of a bundle; nothing is filed here."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Final

from netra_ops.evidence.bundle import LOGS
from netra_ops.evidence.records import commits, traffic
from netra_ops.evidence.records.revisions import reading as revisions
from netra_ops.findings import CouldNotTell, UsageRefused, printable
from netra_ops.gardener.beside import evidence_in
from netra_ops.gardener.engine import Engine
from netra_ops.gardener.facts.deploys.deployments import deployments_of, label_changes
from netra_ops.gardener.facts.deploys.evidence import Evidence
from netra_ops.gardener.facts.tests_and_age import age_of
from netra_ops.gardener.gathering import Gathered, Wanted, gathered
from netra_ops.gardener.memory import Memory
from netra_ops.gardener.mining.grouping.columns import Granularity
from netra_ops.gardener.worklog.composing import Given, composed
from netra_ops.gardener.worklog.document import Worklog
from netra_ops.gardener.worklog.sources import sources_read
from netra_ops.logs.reading import Reading
from netra_ops.logs.reading.account import Account

_BESIDE: Final = (revisions.FILE, traffic.FILE, commits.FILE)


def worklog_of(
    bundle: Path, now: float, engine: Engine, progress: Callable[[Account], None] = lambda _: None
) -> Worklog:
    """Give the worklog of a bundle's log, with what lies beside it.

    Args:
        bundle: Its directory.
        now: The present, seconds since the epoch.
        engine: What keeps and counts the entries.
        progress: Is told how far the account is.

    Raises:
        UsageRefused: There is no log in it.
        CouldNotTell: There is nothing in the log.
    """
    log = bundle / LOGS
    if not log.exists():
        raise UsageRefused(f"{printable(str(log))} is not there.")
    wanted = Wanted(inputs=(str(log),), reading=Reading(now=round(now * 1e9)))
    found = gathered(wanted, io.BytesIO(), progress, engine)
    if not found.facts.entries:
        raise CouldNotTell(why_nothing(found))
    has_beside = any((bundle / name).exists() for name in _BESIDE)
    beside = evidence_in(bundle) if has_beside else Evidence()
    known = Memory(Granularity.NORMAL.value)
    return composed(given_of(wanted, found, known, beside, now)).worklog


def given_of(wanted: Wanted, found: Gathered, known: Memory, beside: Evidence, now: float) -> Given:
    """Put together what a worklog is composed of."""
    names = [printable(source.name) for source in found.account.sources]
    facts = found.facts
    return Given(
        facts=facts,
        deployments=deployments_of(facts.revisions, found.collected.deeds, names),
        label_changes=label_changes(facts.revisions, found.collected.labels),
        evidence=beside,
        sources=sources_read(found.account),
        made_of={one.id: one.made_of for one in found.groups.groups},
        earlier=known.seen,
        service=wanted.service,
        since=wanted.since,
        until=wanted.until,
        outside=found.outside,
        age=age_of(facts.span, wanted.since, wanted.until, now),
        now=now,
    )


def why_nothing(found: Gathered) -> str:
    """Say why there is nothing to tell of."""
    if found.outside or found.of_others:
        return (
            f"No entry is of the time and the service asked for: {found.outside:,} are of another "
            f"time, {found.of_others:,} of another service."
        )
    return "There was nothing to read."
