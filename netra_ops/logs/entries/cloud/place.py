"""Where a record was written: its resource and its labels, which many records share."""

from typing import Any, Final

import msgspec

from netra_ops.logs.entries import whom
from netra_ops.logs.entries.whom import Names

SERVICES: Final = Names(
    "service_name",
    "job_name",
    "function_name",
    "module_id",
    "container_name",
    "service",
    "app",
)
REVISIONS: Final = Names(
    "revision_name", "version_id", "revision", "run.googleapis.com/execution_name"
)
INSTANCES: Final = Names("instanceId", "instance_id", "pod_name", "node_name", "host")
_REMEMBERED: Final = 4_096


class Place(msgspec.Struct, frozen=True, gc=False):
    """What resource and labels say together; the labels are shared and must not be changed."""

    service: str | None = None
    revision: str | None = None
    instance: str | None = None
    principal: str | None = None
    request_id: str | None = None
    labels: dict[str, str] | None = None


_places: dict[bytes, Place] = {}
"""The places of records seen lately, by resource and labels as they were written."""


def place_written(resource: msgspec.Raw, labels: msgspec.Raw) -> Place:
    """Give the place that is written so."""
    first, second = bytes(resource), bytes(labels)
    key = b"%b\n%b" % (first, second)
    place = _places.get(key)
    if place is None:
        place = place_of(_object(first), _object(second))
        if len(_places) >= _REMEMBERED:
            _places.clear()
        _places[key] = place
    return place


def place_of(resource: Any, labels: Any) -> Place:
    """Give the place of a resource and labels, whatever they are; what is no text says nothing."""
    given = _texts(resource.get("labels")) if isinstance(resource, dict) else {}
    own = _texts(labels)
    return Place(
        service=whom.first_of(given, SERVICES) or whom.first_of(own, SERVICES),
        revision=whom.first_of(given, REVISIONS) or whom.first_of(own, REVISIONS),
        instance=own.get("instanceId")
        or whom.first_of(given, INSTANCES)
        or whom.first_of(own, INSTANCES),
        principal=whom.first_of(own, whom.PRINCIPALS),
        request_id=whom.first_of(own, whom.REQUESTS),
        labels=own or None,
    )


def _object(written: bytes) -> Any:
    if not written:
        return None
    try:
        return msgspec.json.decode(written)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _texts(labels: Any) -> dict[str, str]:
    if not isinstance(labels, dict):
        return {}
    return {name: str(value) for name, value in labels.items() if isinstance(value, str | int)}
