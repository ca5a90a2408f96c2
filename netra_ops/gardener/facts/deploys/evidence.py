"""What an evidence bundle tells beside the log: traffic, configurations, commits. Pure.

The forms are those of `revisions.json`, `traffic.json` and `commits.json`. Somebody else wrote
them: what has another form is left out and counted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby, pairwise
from typing import Any, Final, TypeVar

import msgspec

from netra_ops.gardener.facts.deploys.deployments import Deployment
from netra_ops.gardener.facts.deploys.onset import Onset

_SERVICE_LABEL: Final = "serving.knative.dev/service"
_SUBJECT: Final = 120
T = TypeVar("T")


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


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit.

    Attributes:
        sha: Its hash.
        time: When, nanoseconds since the epoch.
        author: Whose.
        subject: Its first line.
        files: What it touched.
    """

    sha: str
    time: int
    author: str = ""
    subject: str = ""
    files: tuple[str, ...] = ()


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


class _Configured(msgspec.Struct, frozen=True):
    service: str
    revision: str
    made: int
    variables: Mapping[str, tuple[str, str]]


def evidence_of(revisions: Any, traffic: Any, commits: Any) -> Evidence:
    """Take what can be taken from the three documents; None stands for one that is not there."""
    configured, bad = _each(revisions, _configured)
    shifts, bad_shifts = _each(traffic, _shift)
    known, bad_commits = _each(commits, _commit)
    return Evidence(
        deployments=tuple(_deployments(shifts)),
        changes=tuple(_changes(configured)),
        commits=tuple(sorted(known, key=lambda one: (one.time, one.sha))),
        left_out=bad + bad_shifts + bad_commits,
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
    between = [one for one in commits if since < one.time <= until]
    named = tuple(files)
    return tuple(sorted(between, key=lambda one: (not _touches(one, named), -one.time, one.sha)))


def _touches(commit: Commit, files: Sequence[str]) -> bool:
    return any(
        ours.endswith(f"/{theirs.lstrip('/')}")
        or theirs.endswith(f"/{ours.lstrip('/')}")
        or ours == theirs
        for ours in commit.files
        for theirs in files
    )


def _changes(configured: Iterable[_Configured]) -> Iterator[ConfigurationChange]:
    ordered = sorted(configured, key=lambda one: (one.service, one.made, one.revision))
    for service, revisions in groupby(ordered, key=lambda one: one.service):
        for earlier, later in pairwise(revisions):
            for name in sorted(earlier.variables.keys() | later.variables.keys()):
                what = _what(earlier.variables.get(name), later.variables.get(name))
                if what is not None:
                    yield ConfigurationChange(
                        service=service,
                        earlier=earlier.revision,
                        revision=later.revision,
                        name=name,
                        what=what,
                    )


def _what(before: tuple[str, str] | None, after: tuple[str, str] | None) -> str | None:
    if before == after:
        return None
    if before is None:
        return "added"
    if after is None:
        return "lost"
    return "changed" if before[0] == after[0] else "kind switched"


def _deployments(shifts: Iterable[tuple[int, str, int]]) -> Iterator[Deployment]:
    for time, split in groupby(sorted(shifts), key=lambda one: one[0]):
        shares = [(percent, revision) for _, revision, percent in split]
        shares.sort(key=lambda one: (-one[0], one[1]))
        yield Deployment(
            time=time,
            revision=shares[0][1],
            by="ledger",
            says="traffic: " + ", ".join(f"{percent} % {revision}" for percent, revision in shares),
            evidence="traffic.json",
        )


def _each(document: Any, read: Callable[[Any], T]) -> tuple[list[T], int]:
    if not isinstance(document, list):
        return [], 0 if document is None else 1
    found, bad = [], 0
    for one in document:
        try:
            found.append(read(one))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
            bad += 1
    return found, bad


def _shift(one: Any) -> tuple[int, str, int]:
    return _time(one["time"]), str(one["revision"]), int(one["percent"])


def _commit(one: Any) -> Commit:
    files = one.get("files") or ()
    return Commit(
        sha=str(one["sha"]),
        time=_time(one["time"]),
        author=str(one.get("author", "")),
        subject=str(one.get("subject", ""))[:_SUBJECT],
        files=tuple(str(file) for file in files),
    )


def _configured(one: Any) -> _Configured:
    """Read a revision or a service of the platform, in its older (Knative) or its newer form."""
    if "metadata" not in one:
        name = str(one["name"])
        template = one.get("template", one)
        return _Configured(
            str(one.get("service", name)).rpartition("/")[2],
            str(template.get("revision") or name).rpartition("/")[2],
            _time(one["createTime"]),
            _variables(template["containers"]),
        )
    metadata, spec = one["metadata"], one["spec"]
    inner = spec.get("template", one)
    service = (metadata.get("labels") or {}).get(_SERVICE_LABEL, metadata["name"])
    return _Configured(
        str(service),
        str((inner.get("metadata") or metadata).get("name", metadata["name"])),
        _time(metadata["creationTimestamp"]),
        _variables(inner["spec"]["containers"]),
    )


def _variables(containers: Any) -> dict[str, tuple[str, str]]:
    return {str(one["name"]): _value(one) for one in containers[0].get("env") or ()}


def _value(variable: Any) -> tuple[str, str]:
    source = variable.get("valueFrom") or variable.get("valueSource")
    if source:
        reference = source["secretKeyRef"]
        names = (reference.get("name"), reference.get("secret"))
        versions = (reference.get("key"), reference.get("version"))
        return "secret", f"{names} {versions}"
    return "plain", str(variable.get("value", ""))


def _time(text: str) -> int:
    moment = datetime.fromisoformat(text)
    whole = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(whole.timestamp() * 1e9)
