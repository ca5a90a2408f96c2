"""Reads services and revisions in the older form, v1 of the platform's interface. Pure."""

from collections.abc import Iterator
from typing import Final

from netra_ops.candidates.forms.platform_words import (
    ALIASES,
    AUDIENCES,
    INGRESS,
    INVOKER_OFF,
    aliases_in,
    audiences_in,
)
from netra_ops.evidence.records.revisions.revision import Revision, number_in, service_in
from netra_ops.evidence.records.revisions.variables import (
    conditions_of,
    notes_of,
    ready_of,
    serving_container,
    variables_of,
)
from netra_ops.evidence.records.taking import NotTaken, Part, Remarks
from netra_ops.evidence.records.traffic import Traffic, percent_of

_SERVICE: Final = "serving.knative.dev/service"
_NUMBER: Final = "serving.knative.dev/configurationGeneration"


def is_knative(part: Part) -> bool:
    """Tell whether a document has this form."""
    return isinstance(part.at("metadata").value, dict)


def revision_of(part: Part, remarks: Remarks) -> Revision:
    """Read a revision, or what a service's document would start.

    Raises:
        NotTaken: It has no name, or no container.
    """
    template = part.at("spec", "template")
    is_service = isinstance(template.value, dict)
    inner = template if is_service else part
    container = serving_container(inner.at("spec", "containers"))
    if container is None:
        raise NotTaken("is no revision: it names no container")
    named = part.at("metadata")
    labels = notes_of(named.at("labels")) | notes_of(inner.at("metadata", "labels"))
    own = part.text("metadata", "name")
    service = own if is_service else labels.get(_SERVICE) or (own and service_in(own))
    if not service:
        raise NotTaken("is no revision: it has no name")
    annotations = notes_of(named.at("annotations")) | notes_of(inner.at("metadata", "annotations"))
    conditions = conditions_of(part.at("status", "conditions"))
    name = (newest(part) if is_service else own) or service
    aliases = aliases_in(annotations.get(ALIASES))
    spec = inner.at("spec")
    return Revision(
        where=part.where,
        service=service,
        name=name,
        created=changed(part) if is_service else part.time("metadata", "creationTimestamp"),
        generation=_generation(part, name, is_service=is_service),
        is_service=is_service,
        image=container.text("image") or "",
        ready=ready_of(conditions),
        conditions=conditions,
        service_account=spec.first("serviceAccountName", "serviceAccount").text(),
        ingress=annotations.get(INGRESS, "all" if is_service else None),
        audiences=audiences_in(annotations.get(AUDIENCES)) if is_service else None,
        invoker=_invoker(annotations) if is_service else None,
        timeout_seconds=spec.whole("timeoutSeconds"),
        concurrency=spec.whole("containerConcurrency"),
        labels=labels,
        annotations=annotations,
        command=container.texts("command"),
        args=container.texts("args"),
        variables=tuple(variables_of(container, remarks, aliases)),
    )


def service_of(part: Part) -> Revision | None:
    """Read what a service's document says of who may reach it, where it names no container.

    It is no revision of its own: it belongs to the one that it names, or to the newest.
    """
    service, name = part.text("metadata", "name"), newest(part)
    if part.text("kind") != "Service" or not service:
        return None
    annotations = notes_of(part.at("metadata", "annotations"))
    return Revision(
        where=part.where,
        service=service,
        name=name or service,
        created=changed(part),
        is_service=True,
        is_bare=True,
        ingress=annotations.get(INGRESS),
        audiences=audiences_in(annotations.get(AUDIENCES)),
        invoker=_invoker(annotations),
    )


def traffic_in(part: Part) -> Iterator[Traffic]:
    """Give the shares that a service's document tells: as they are, or as they are wanted."""
    shares = part.at("status", "traffic")
    if not isinstance(shares.value, list):
        shares = part.at("spec", "traffic")
    for one in shares.each():
        percent, tag = percent_of(one.at("percent")), one.text("tag")
        latest, revision = one.at("latestRevision").value, one.text("revisionName")
        if percent is None and tag is None:
            continue
        yield Traffic(
            where=one.where,
            time=changed(part),
            revision=revision or (newest(part) if latest is not False else None) or "",
            percent=percent or 0.0,
            service=part.text("metadata", "name"),
            latest=latest if isinstance(latest, bool) else revision is None,
            tag=tag,
        )


def newest(part: Part) -> str | None:
    """Give the name of the revision that a service's document describes."""
    return (
        part.text("spec", "template", "metadata", "name")
        or part.text("status", "latestCreatedRevisionName")
        or part.text("status", "latestReadyRevisionName")
    )


def changed(part: Part) -> int | None:
    """Give when a service last changed: when its configuration did, or when it was made."""
    times = [one.time for one in conditions_of(part.at("status", "conditions")) if one.time]
    return max(times, default=None) or part.time("metadata", "creationTimestamp")


def _generation(part: Part, name: str, *, is_service: bool) -> int | None:
    number = number_in(name)
    if number is not None:
        return number
    if is_service:
        return part.whole("metadata", "generation")
    return part.whole("metadata", "labels", _NUMBER)


def _invoker(annotations: dict[str, str]) -> str:
    off = annotations.get(INVOKER_OFF, "").lower() == "true"
    return "anyone" if off else "whoever IAM lets"
