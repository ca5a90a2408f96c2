"""What an evidence bundle tells beside the log: traffic, configurations, commits. Pure.

How its files are read is known in `netra_ops.evidence.records`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

import msgspec

from netra_ops.evidence.records.commits import Commit, commits_of
from netra_ops.evidence.records.revisions.reading import configured_of
from netra_ops.evidence.records.revisions.revision import Revision, Variable
from netra_ops.evidence.records.taking import Part
from netra_ops.evidence.records.traffic import Traffic, traffic_of
from netra_ops.gardener.facts.deploys.deployments import Deployment
from netra_ops.gardener.facts.deploys.onset import Onset


class ConfigurationChange(msgspec.Struct, frozen=True, kw_only=True):
    """A variable that is not the same on two consecutive revisions; never a value.

    Attributes:
        service: Of which service.
        earlier: The one revision.
        revision: The other one.
        name: The variable.
        what: `lost`, `added`, `changed`, or `kind switched` between plain and secret.
    """

    service: str
    earlier: str
    revision: str
    name: str
    what: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All of it.

    Attributes:
        deployments: Changes of traffic.
        changes: Changes of configurations.
        commits: Commits, in the order of time.
        left_out: How many records had another form.
    """

    deployments: tuple[Deployment, ...] = ()
    changes: tuple[ConfigurationChange, ...] = ()
    commits: tuple[Commit, ...] = ()
    left_out: int = 0


def evidence_of(
    revisions: Iterable[Part], traffic: Iterable[Part], commits: Iterable[Part]
) -> Evidence:
    """Take what can be taken from the three documents; what says no time is of no use here."""
    configured, shares, known = configured_of(revisions), traffic_of(traffic), commits_of(commits)
    every_share = (*configured.traffic, *shares.records)
    timed = [one for one in configured.revisions if one.created is not None]
    shifts = [one for one in every_share if one.time is not None]
    dated = [one for one in known.records if one.time is not None]
    taken = len(configured.revisions) + len(every_share) + len(known.records)
    timeless = taken - len(timed) - len(shifts) - len(dated)
    return Evidence(
        deployments=tuple(_deployments(shifts)),
        changes=tuple(_changes(timed)),
        commits=tuple(dated),
        left_out=configured.left_out + shares.left_out + known.left_out + timeless,
    )


def suspects_of(
    onset: Onset, commits: Sequence[Commit], firsts: Mapping[str, int], files: Iterable[str]
) -> tuple[Commit, ...]:
    """Give the commits that may have brought something: those between two revisions.

    Between the first entry of the last good revision and that of the one with which it began; those
    that touched a file of its stack trace come first. That a commit lies there accuses nobody.

    Args:
        onset: With which revision it began.
        commits: In the order of time.
        firsts: The first entry of each revision, nanoseconds.
        files: The files of its stack trace.
    """
    if onset.revision is None or onset.last_good is None:
        return ()
    since, until = firsts.get(onset.last_good), firsts.get(onset.revision)
    if since is None or until is None:
        return ()
    between = [one for one in commits if one.time is not None and since < one.time <= until]
    named = tuple(files)
    newest_first = sorted(between, key=lambda one: (-(one.time or 0), one.sha))
    return tuple(sorted(newest_first, key=lambda one: not _touches(one, named)))


def _touches(commit: Commit, files: Sequence[str]) -> bool:
    return any(
        ours.endswith(f"/{theirs.lstrip('/')}")
        or theirs.endswith(f"/{ours.lstrip('/')}")
        or ours == theirs
        for ours in commit.files
        for theirs in files
    )


def _changes(configured: Iterable[Revision]) -> Iterator[ConfigurationChange]:
    """Compare consecutive revisions of each service, in the order in which they are given."""
    for service, revisions in groupby(configured, key=lambda one: one.service):
        for earlier, later in pairwise(revisions):
            before, after = _variables(earlier), _variables(later)
            for name in sorted(before.keys() | after.keys()):
                what = _what(before.get(name), after.get(name))
                if what is not None:
                    yield ConfigurationChange(
                        service=service,
                        earlier=earlier.name,
                        revision=later.name,
                        name=name,
                        what=what,
                    )


def _variables(revision: Revision) -> dict[str, Variable]:
    return {one.name: one for one in revision.variables}


def _what(before: Variable | None, after: Variable | None) -> str | None:
    if before is None:
        return "added"
    if after is None:
        return "lost"
    if before.kind is not after.kind:
        return "kind switched"
    return None if _source(before) == _source(after) else "changed"


def _source(variable: Variable) -> tuple[str | None, ...]:
    return variable.value, variable.secret, variable.version, variable.project


def _deployments(shifts: Iterable[Traffic]) -> Iterator[Deployment]:
    ordered = sorted(shifts, key=lambda one: one.time or 0)
    for time, split in groupby(ordered, key=lambda one: one.time or 0):
        of_moment = tuple(split)
        shares = sorted((-one.percent, one.revision) for one in of_moment)
        yield Deployment(
            time=time,
            revision=shares[0][1],
            by="ledger",
            says="traffic: "
            + ", ".join(f"{-percent:g} % {revision}" for percent, revision in shares),
            evidence=of_moment[0].where,
        )
