"""Takes revisions and services of either form, and the traffic that services tell. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from netra_ops.evidence.records.revisions import cloud_run, knative
from netra_ops.evidence.records.revisions.revision import Revision
from netra_ops.evidence.records.taking import (
    NotTaken,
    Part,
    Problem,
    Remarks,
    must_be_object,
    taken,
)
from netra_ops.evidence.records.traffic import Traffic

FILE: Final = "revisions.json"


class Configured:
    """What `revisions.json` tells.

    Attributes:
        revisions: By service, in the order in which they came.
        traffic: The shares that documents of services tell.
        problems: What is not as it should be.
        left_out: How many documents are no revisions.
    """

    def __init__(
        self, found: Iterable[Revision | Traffic], problems: Sequence[Problem], left_out: int
    ) -> None:
        everything = tuple(found)
        self.revisions = _ordered(_joined([one for one in everything if isinstance(one, Revision)]))
        self.traffic = tuple(one for one in everything if isinstance(one, Traffic))
        self.problems = tuple(problems)
        self.left_out = left_out


def configured_of(parts: Iterable[Part]) -> Configured:
    """Take what `revisions.json` tells."""
    found = taken(FILE, parts, _read)
    return Configured(found.records, found.problems, found.left_out)


def _read(part: Part, remarks: Remarks) -> Iterator[Revision | Traffic]:
    must_be_object(part, "revision")
    form = knative if knative.is_knative(part) else cloud_run
    shares = list(form.traffic_in(part))
    try:
        revision = form.revision_of(part, remarks)
    except NotTaken as error:
        described = form.service_of(part)
        if described is not None:
            yield described
        elif not shares:
            raise
        else:
            remarks.add(part.where, str(error))
    else:
        yield revision
    yield from shares


def _joined(revisions: Sequence[Revision]) -> list[Revision]:
    """Join a service's document with that of the revision it would start, where both are there.

    The revision's own document says more of it; who may reach it is said by the service's alone.
    """
    services = {(one.service, one.name): one for one in revisions if one.is_service}
    for service, newest in _newest(revisions).items():
        # A service's document that names no revision describes the newest.
        described = services.get((service, service))
        if described is not None:
            services.setdefault((service, newest.name), described)
    own = {(one.service, one.name) for one in revisions if not one.is_service}
    joined: list[Revision] = []
    for one in revisions:
        ours = one.service, one.name
        if one.is_bare or (one.is_service and ours in own):
            continue
        beside = services.get(ours)
        if one.is_service or beside is None:
            joined.append(one)
            continue
        joined.append(
            replace(
                one,
                ingress=one.ingress or beside.ingress,
                audiences=beside.audiences if one.audiences is None else one.audiences,
                invoker=one.invoker or beside.invoker,
                reached=beside.where,
            )
        )
    return joined


def _newest(revisions: Iterable[Revision]) -> dict[str, Revision]:
    """Give each service's newest revision of which there is a document."""
    ordered = _ordered(one for one in revisions if not one.is_service)
    return {one.service: one for one in ordered}


def _ordered(revisions: Iterable[Revision]) -> tuple[Revision, ...]:
    """Order the revisions of each service: by their numbers if all have one, else by time."""
    services: dict[str, list[Revision]] = {}
    for one in revisions:
        services.setdefault(one.service, []).append(one)
    ordered: list[Revision] = []
    for _, ours in sorted(services.items()):
        numbered = all(one.generation is not None for one in ours)
        ordered += sorted(ours, key=_by_number if numbered else _by_time)
    return tuple(ordered)


def _by_number(one: Revision) -> tuple[int, int]:
    return one.generation or 0, one.created or 0


def _by_time(one: Revision) -> tuple[int, int]:
    return one.created or 0, 0
