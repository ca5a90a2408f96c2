"""What was before: who serves, what was refused, what has no end, where to go back. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from netra_ops.findings import CouldNotTell
from netra_ops.ledger import queries
from netra_ops.ledger.chain import Entry
from netra_ops.ledger.records import (
    WHOLE,
    Deploy,
    End,
    Ending,
    Judgement,
    Traffic,
)
from netra_ops.platform.port import ServiceState

_LEFT = frozenset({Ending.REFUSED, Ending.ROLLED_BACK})


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A rollout that nobody ended, and how it is ended now.

    Attributes:
        rollout: Its id.
        revision: What it was to bring.
        split: Who is to serve; None where it stays as it is.
        since: When it began, as the record says.
        retires: Whether its revision is to be taken out of service.
        left: Whether that revision has, or may have had, traffic.
    """

    rollout: str
    revision: str
    split: dict[str, int] | None
    since: str
    retires: bool
    left: bool


def stable_of(state: ServiceState) -> str | None:
    """Give the one revision that serves; None where none does.

    Raises:
        CouldNotTell: Several share the traffic, and nobody recorded why.
    """
    if len(state.split) > 1:
        shares = ", ".join(f"{percent} % {name}" for name, percent in state.split.items())
        raise CouldNotTell(
            f"{state.service} is served by {shares}: somebody shared its traffic besides this "
            f"command. Give it to one with `netra rollback {state.service} --to REVISION`."
        )
    return next(iter(state.split), None)


def abandoned(
    entries: Sequence[Entry], state: ServiceState, *, stays: bool = False
) -> tuple[Abandoned, ...]:
    """Say how the rollouts of a service that have no end are ended.

    A deployment goes back to who served before it. After a rollback that was broken off traffic
    stays where it is: it shifts all or nothing.

    Args:
        entries: The records.
        state: The service as it is now.
        stays: Whether traffic stays where it is in any case, since somebody says where it goes.

    Raises:
        CouldNotTell: There is nobody to go back to.
    """
    found = []
    for one in queries.unfinished(entries):
        if one.service != state.service:
            continue
        is_deployment = isinstance(one.begun.record, Deploy)
        split = _back(entries, one, state) if is_deployment and not stays else None
        found.append(
            Abandoned(
                one.rollout,
                one.revision,
                split if split != state.split else None,
                one.begun.time,
                retires=is_deployment and state.revision(one.revision) is not None,
                left=is_deployment and _had_traffic(entries, one, state),
            )
        )
    return tuple(found)


def _back(entries: Sequence[Entry], one: queries.Unfinished, state: ServiceState) -> dict[str, int]:
    before = queries.serving(e for e in entries if e.seq < one.begun.seq).get(one.service, {})
    if all(state.revision(name) for name in before):
        return before
    if one.revision not in state.split:
        return state.split
    proof = proven_besides(entries, state, {one.revision})
    if proof is None:
        raise CouldNotTell(
            f"The rollout of {one.revision} has no end, and neither is there who served before it "
            "nor another revision that is proven. Look at the platform, and give the traffic to "
            f"one with `netra rollback {one.service} --to REVISION`."
        )
    return {proof: WHOLE}


def _had_traffic(entries: Sequence[Entry], one: queries.Unfinished, state: ServiceState) -> bool:
    recorded = any(
        isinstance(entry.record, Traffic)
        and entry.record.service == one.service
        and one.revision in entry.record.split
        for entry in entries
        if entry.seq > one.begun.seq
    )
    return recorded or one.revision in state.split


def proven_besides(
    entries: Sequence[Entry], state: ServiceState, besides: Collection[str]
) -> str | None:
    """Give the revision that was proven last of those that are still there."""
    gone = {
        proof.revision
        for proof in queries.proven(entries, state.service)
        if state.revision(proof.revision) is None
    }
    proof = queries.last_proven(entries, state.service, {*besides, *gone})
    return proof.revision if proof else None


def refused_before(entries: Sequence[Entry], service: str, candidate: str) -> Entry | None:
    """Find the end of the last rollout in which the same code and configuration was refused."""
    rollouts = {
        entry.record.rollout
        for entry in entries
        if isinstance(entry.record, Judgement)
        and entry.record.service == service
        and entry.record.candidate == candidate
    }
    for entry in reversed(entries):
        record = entry.record
        is_of_it = record.service == service and record.rollout in rollouts
        if is_of_it and isinstance(record, End) and record.ending in _LEFT:
            return entry
    return None


def superseded(entries: Sequence[Entry], state: ServiceState) -> tuple[str, ...]:
    """Name the revisions that run without traffic and are known to the ledger: those go.

    What somebody else made and tagged is not ours to take away.
    """
    known: set[str] = set()
    for entry in entries:
        record = entry.record
        if record.service != state.service:
            continue
        if isinstance(record, Deploy):
            known.add(record.revision)
        if isinstance(record, Traffic):
            known |= record.split.keys()
    return tuple(
        one.name
        for one in state.revisions
        if one.name in known and one.percent == 0 and one.is_running
    )


def is_as_recorded(entries: Sequence[Entry], state: ServiceState) -> bool:
    """Tell whether the ledger says of the traffic what the platform does."""
    return queries.serving(entries).get(state.service, {}) == state.split


def newest_made(entries: Sequence[Entry], service: str) -> Deploy | None:
    """Give how the newest revision was made of which a schema is recorded."""
    for entry in reversed(entries):
        record = entry.record
        if isinstance(record, Deploy) and record.service == service and record.schema:
            return record
    return None
