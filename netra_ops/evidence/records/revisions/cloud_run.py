"""Reads services and revisions in the newer form, v2 of the platform's interface. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from netra_ops.candidates.forms.platform_words import INGRESS_OF
from netra_ops.evidence.records.revisions.revision import (
    Condition,
    Revision,
    number_in,
    service_in,
)
from netra_ops.evidence.records.revisions.variables import (
    conditions_of,
    notes_of,
    ready_of,
    seconds_of,
    serving_container,
    variables_of,
)
from netra_ops.evidence.records.taking import NotTaken, Part, Remarks
from netra_ops.evidence.records.traffic import Traffic, percent_of

_LATEST: Final = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
_TIMES: Final = ("updateTime", "createTime")


def revision_of(part: Part, remarks: Remarks) -> Revision:
    """Read a revision, or what a service's document would start.

    Raises:
        NotTaken: It has no name, or no container.
    """
    template = part.at("template")
    is_service = isinstance(template.value, dict)
    inner = template if is_service else part
    container = serving_container(inner.at("containers"))
    if container is None:
        raise NotTaken("is no revision: it names no container")
    service, name = _names(part, is_service=is_service)
    if not service:
        raise NotTaken("is no revision: it has no name")
    conditions = _conditions(part)
    ingress = part.text("ingress") or ("all" if is_service else "")
    return Revision(
        where=part.where,
        service=service,
        name=name or service,
        created=_changed(part) if is_service else part.first("createTime", "updateTime").time(),
        generation=_generation(part, name or service, is_service=is_service),
        is_service=is_service,
        image=container.text("image") or "",
        ready=ready_of(conditions),
        conditions=conditions,
        service_account=inner.text("serviceAccount"),
        ingress=INGRESS_OF.get(ingress, ingress) or None,
        audiences=tuple(sorted(part.texts("customAudiences")))
        if is_service or part.at("customAudiences").value is not None
        else None,
        invoker=_invoker(part) if is_service else None,
        timeout_seconds=seconds_of(inner.at("timeout")),
        concurrency=inner.whole("maxInstanceRequestConcurrency"),
        labels=notes_of(part.at("labels")) | notes_of(template.at("labels")),
        annotations=_annotations(part) | notes_of(template.at("annotations")),
        command=container.texts("command"),
        args=container.texts("args"),
        variables=tuple(variables_of(container, remarks, {})),
    )


def service_of(part: Part) -> Revision | None:
    """Read what a service's document says of who may reach it, where it names no container.

    It is no revision of its own: it belongs to the one that it names, or to the newest.
    """
    path = part.text("name") or ""
    service, name = _names(part, is_service=True)
    if "/services/" not in path or "/revisions/" in path or not service:
        return None
    ingress = part.text("ingress") or ""
    return Revision(
        where=part.where,
        service=service,
        name=name or service,
        created=_changed(part),
        is_service=True,
        is_bare=True,
        ingress=INGRESS_OF.get(ingress, ingress) or None,
        audiences=tuple(sorted(part.texts("customAudiences"))),
        invoker=_invoker(part),
    )


def traffic_in(part: Part) -> Iterator[Traffic]:
    """Give the shares that a service's document tells: as they are, or as they are wanted."""
    shares = part.at("trafficStatuses")
    if not isinstance(shares.value, list):
        shares = part.at("traffic")
    service, newest = _names(part, is_service=True)
    for one in shares.each():
        percent = percent_of(one.at("percent"))
        latest = one.text("type") == _LATEST
        revision = _last(one.text("revision")) or (newest if latest else None)
        tag = one.text("tag")
        if percent is None and tag is None:
            continue
        yield Traffic(
            where=one.where,
            time=_changed(part),
            revision=revision or "",
            percent=percent or 0.0,
            service=service,
            latest=latest,
            tag=tag,
        )


def _names(part: Part, *, is_service: bool) -> tuple[str | None, str | None]:
    """Give the names of the service and of the revision, which stand in paths."""
    path = part.text("name") or ""
    if is_service:
        return _last(path), _last(
            part.text("template", "revision")
            or part.text("latestCreatedRevision")
            or part.text("latestReadyRevision")
        )
    name = _last(path)
    in_path = path.partition("/services/")[2].partition("/")[0]
    return _last(part.text("service")) or in_path or (name and service_in(name)), name


def _conditions(part: Part) -> tuple[Condition, ...]:
    """Read the conditions; of a service, the one that sums them up stands apart."""
    found = conditions_of(part.at("conditions"))
    terminal = part.at("terminalCondition")
    if ready_of(found) is not None:
        return found
    summed = conditions_of(Part([terminal.value], terminal.where))
    return (*found, *(replace(one, where=terminal.where) for one in summed))


def _changed(part: Part) -> int | None:
    return part.first(*_TIMES).time()


def _annotations(part: Part) -> dict[str, str]:
    client = part.text("client")
    return notes_of(part.at("annotations")) | ({"client": client} if client else {})


def _generation(part: Part, name: str, *, is_service: bool) -> int | None:
    number = number_in(name)
    return number if number is not None or not is_service else part.whole("generation")


def _invoker(part: Part) -> str:
    return "anyone" if part.at("invokerIamDisabled").value is True else "whoever IAM lets"


def _last(path: str | None) -> str | None:
    return (path or "").rpartition("/")[2] or None
