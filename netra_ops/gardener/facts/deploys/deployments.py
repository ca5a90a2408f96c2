"""What was deployed while a log was written, from every trace that a deployment leaves. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from netra_ops.gardener.facts.collected import Deed, Labels
from netra_ops.gardener.facts.columns import plain_name
from netra_ops.gardener.facts.deploys.revisions import Seen

_DEPLOYING: Final = re.compile(
    r"(?:^|\.)(?:(?:Replace|Create|Update)Service|UpdateTraffic|CreateRevision|DeleteRevision"
    r"|SetIamPolicy|(?:Add|Disable|Destroy|Enable)SecretVersion|UpdateJob|RunJob)$"
)
_OWN: Final = re.compile(
    r"^(?:instanceid|instance_?id|container_?name|revision(?:_?name)?|.*(?:trace|span|request|time).*"
    r"|compute\.googleapis\.com/.*|scaling_reason)$",
    re.IGNORECASE,
)
"""Labels that differ from entry to entry by their nature."""
_NEARLY_ALL: Final = 0.95


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """Something that changed what runs.

    Attributes:
        time: When, nanoseconds.
        service: Of which service, if it is known.
        revision: Which revision it brought, if it is known.
        by: How it is known: `first entry`, `audit log`, `ledger`.
        says: What it was, in words.
        who: By whom, where that is said.
        evidence: Where it stands.
    """

    time: int
    by: str
    says: str
    service: str | None = None
    revision: str | None = None
    who: str | None = None
    evidence: str | None = None


class LabelChange(msgspec.Struct, frozen=True):
    """A label that nearly all entries of two revisions carry, with another value on each."""

    service: str
    name: str
    before: str | None
    after: str | None
    revision: str
    earlier: str


def deployments_of(
    revisions: Mapping[str, Sequence[Seen]], deeds: Iterable[Deed], sources: Sequence[str]
) -> tuple[Deployment, ...]:
    """Give what is known of deployments, in the order of time.

    Args:
        revisions: Those of each service that the log shows.
        deeds: What audit entries tell.
        sources: The names of the sources, for references.
    """
    found = [
        Deployment(
            time=seen.first,
            service=service,
            revision=seen.revision,
            by="first entry",
            says=f"first entry of {seen.revision}",
        )
        for service, all_of in revisions.items()
        for seen in all_of
    ]
    found += [
        Deployment(
            time=deed.time,
            service=_service(deed),
            by="audit log",
            says=(deed.audit.method or "").rpartition(".")[2] + _with(deed),
            who=deed.audit.principal,
            evidence=f"{sources[deed.source]}:{deed.number}",
        )
        for deed in deeds
        if deed.time is not None and _DEPLOYING.search(deed.audit.method or "")
    ]
    return tuple(sorted(found, key=lambda one: (one.time, one.by, one.says)))


def label_changes(
    revisions: Mapping[str, Sequence[Seen]], labels: Mapping[tuple[str, str], Labels]
) -> tuple[LabelChange, ...]:
    """Say what differs between the labels of consecutive revisions: configuration, for nothing."""
    found = []
    for service, all_of in revisions.items():
        for earlier, later in pairwise(all_of):
            old, new = (_of_all(labels.get((service, one.revision))) for one in (earlier, later))
            found += [
                LabelChange(
                    service, name, old.get(name), new.get(name), later.revision, earlier.revision
                )
                for name in sorted(old.keys() | new.keys())
                if old.get(name) != new.get(name)
            ]
    return tuple(found)


def _of_all(labels: Labels | None) -> dict[str, str]:
    """Give the labels that nearly all entries of a revision carry with one value."""
    if labels is None:
        return {}
    return {
        name: value
        for (name, value), count in labels.values.items()
        if count >= _NEARLY_ALL * labels.entries and not _OWN.match(name)
    }


def _service(deed: Deed) -> str | None:
    resource = deed.audit.resource or ""
    return plain_name(resource.rpartition("/")[2]) or None if "/services/" in resource else None


def _with(deed: Deed) -> str:
    agent = deed.audit.agent or ""
    command = re.search(r"command/([\w.-]+)|(gcloud\.[\w.-]+)", agent)
    return f" ({command[1] or command[2]})" if command else ""
