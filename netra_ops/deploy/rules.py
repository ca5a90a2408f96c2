"""Holds a configuration against its contract, its peers and what serves, for the checks. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from netra.contract import Contract, Source
from netra_ops.candidates import judging
from netra_ops.candidates.candidate import Candidate, shown_name
from netra_ops.candidates.comparing import Comparison, compare
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.candidates.fingerprints.record import recorded
from netra_ops.deploy.checks.configuration import (
    CHECKS,
    COMPARING,
    Configurations,
    unknown_problems,
)
from netra_ops.deploy.checks.said import findings_of
from netra_ops.deploy.checks.schema import CHECKS as SCHEMA_CHECKS
from netra_ops.deploy.checks.schema import Schemas
from netra_ops.findings import CouldNotTell, UsageRefused
from netra_ops.gate.decision import Judged, Kind
from netra_ops.platform.port import Change


@dataclass(frozen=True, slots=True)
class Proposal:
    """A configuration that is to serve.

    Attributes:
        service: Of which service.
        revision: Of which revision.
        after: The configuration.
        before: What serves now, if it is to be compared with that.
        peers: The configurations of the other services.
        change: What was asked for.
    """

    service: str
    revision: str
    after: Candidate
    before: Candidate | None = None
    peers: tuple[Candidate, ...] = ()
    change: Change = field(default_factory=Change)


def judged_rules(
    proposal: Proposal,
    schemas: Schemas,
    contracts: Sequence[Contract],
    fingerprints: Fingerprints,
    *,
    compares: bool = True,
) -> tuple[Judged, Comparison | None]:
    """Run every check of a configuration.

    Returns:
        What they say, and what differs from what serves now.

    Raises:
        CouldNotTell: There is no contract for it, or for a peer.
    """
    seen = _seen(proposal, contracts, fingerprints)
    if unknown := unknown_problems(seen.problems):
        raise CouldNotTell(f"No check is for what was found: {', '.join(sorted(unknown))}.")
    checks = CHECKS if compares else {n: c for n, c in CHECKS.items() if n not in COMPARING}
    found = (*findings_of(checks, seen), *findings_of(SCHEMA_CHECKS, schemas))
    ids = frozenset({*checks, *SCHEMA_CHECKS})
    return Judged(Kind.RULES, seen.looked_at, found, ids), seen.comparison


def _seen(
    proposal: Proposal, contracts: Sequence[Contract], fingerprints: Fingerprints
) -> Configurations:
    own = _contract(proposal.after, contracts, proposal.service)
    peers = [(peer, _contract(peer, contracts, peer.name)) for peer in proposal.peers]
    # The candidate comes last, so that it is told apart from the others and not they from it.
    judgement = judging.judge([*peers, (proposal.after, own)], fingerprints)
    # What is wrong with what serves already is no fault of the candidate.
    known = set(judging.judge(peers, fingerprints).findings)
    change, before = proposal.change, proposal.before
    comparison = None
    if before is not None:
        comparison = compare(recorded(before, fingerprints), recorded(proposal.after, fingerprints))
    return Configurations(
        proposal.service,
        proposal.revision,
        tuple(one for one in judgement.findings if one not in known),
        len(own.variables) + judgement.comparisons,
        comparison,
        frozenset(map(shown_name, (*change.values, *change.references))),
        frozenset(map(shown_name, change.removed)),
        change.file is not None,
        frozenset(
            name
            for variable in own.variables
            if variable.given_by is Source.PLATFORM
            for name in variable.names
        ),
    )


def _contract(candidate: Candidate, contracts: Sequence[Contract], name: str | None) -> Contract:
    try:
        return judging.contract_for(candidate, contracts, name)
    except UsageRefused as error:
        raise CouldNotTell(f"{error} Without a contract nothing can be judged.") from error
