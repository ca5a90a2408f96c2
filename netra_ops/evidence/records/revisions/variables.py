"""Variables, and what else both forms of the platform's documents have alike. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from netra_ops.evidence.records.revisions.revision import Condition, Kind, Variable
from netra_ops.evidence.records.taking import Part, Remarks

_COPIES: Final = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})
"""Annotations that hold the whole document again, with all values in it."""
_STATUSES: Final = {
    "CONDITION_SUCCEEDED": "True",
    "CONDITION_FAILED": "False",
    "CONDITION_PENDING": "Unknown",
    "CONDITION_RECONCILING": "Unknown",
    "STATE_UNSPECIFIED": "Unknown",
}
"""The words of the older form for those of the newer one."""
_REASONS: Final = ("reason", "revisionReason", "executionReason")


def serving_container(containers: Part) -> Part | None:
    """Find the container that takes requests: the first that has a port, or the first."""
    found = [one for one in containers.each() if isinstance(one.value, Mapping)]
    with_port = [one for one in found if any(True for _ in one.at("ports").each())]
    return next(iter([*with_port, *found]), None)


def variables_of(
    container: Part, remarks: Remarks, aliases: Mapping[str, str]
) -> Iterator[Variable]:
    """Read a container's variables; entries of another form are told.

    Args:
        container: The container.
        remarks: Is told what is not as it should be.
        aliases: What secrets are called in the document, and what they are.
    """
    if container.at("envFrom").value:
        remarks.add(
            container.at("envFrom").where, "takes variables from elsewhere, which are not seen"
        )
    listed = container.at("env")
    if listed.value is not None and not isinstance(listed.value, list):
        remarks.add(listed.where, "is no list of variables")
    seen: set[str] = set()
    for one in listed.each():
        name = one.text("name") if isinstance(one.value, Mapping) else None
        if not name:
            remarks.add(one.where, "is no variable: it has no name")
            continue
        if name in seen:
            remarks.add(one.where, "sets a variable a second time")
        seen.add(name)
        yield _variable(name, one, aliases)


def conditions_of(listed: Part) -> tuple[Condition, ...]:
    """Read what the platform says of a state; what has no type is left out."""
    return tuple(
        Condition(
            where=one.where,
            type=one.text("type") or "",
            status=_status(one.first("status", "state").text() or ""),
            reason=one.first(*_REASONS).text() or "",
            message=one.text("message") or "",
            time=one.time("lastTransitionTime"),
        )
        for one in listed.each()
        if one.text("type")
    )


def ready_of(conditions: tuple[Condition, ...]) -> Condition | None:
    """Find the condition that sums up the others."""
    return next((one for one in conditions if one.type == "Ready"), None)


def notes_of(part: Part) -> dict[str, str]:
    """Read labels or annotations."""
    return {name: text for name, text in part.mapping().items() if name not in _COPIES}


def seconds_of(part: Part) -> int | None:
    """Read a span of whole seconds: a number, or `300s`."""
    text = part.value.removesuffix("s") if isinstance(part.value, str) else part.value
    return Part(text, part.where).whole()


def _variable(name: str, one: Part, aliases: Mapping[str, str]) -> Variable:
    source = one.first("valueFrom", "valueSource", "value_source")
    if source.value is None:
        value = one.at("value")
        text = value.value if isinstance(value.value, str) else value.written()
        return Variable(where=one.where, name=name, kind=Kind.PLAIN, value=text)
    reference = source.first("secretKeyRef", "secret_key_ref")
    written = reference.first("secret", "name").text()
    if not written:
        return Variable(where=one.where, name=name, kind=Kind.ELSEWHERE)
    parts = aliases.get(written, written).split("/")
    # A path of the newer form may end in the version: projects/P/secrets/S/versions/V.
    version = reference.first("version", "key").text()
    if len(parts) > 1 and parts[-2] == "versions":
        version, parts = version or parts[-1], parts[:-2]
    return Variable(
        where=one.where,
        name=name,
        kind=Kind.SECRET,
        secret=parts[-1],
        version=version,
        project=parts[1] if parts[0] == "projects" and len(parts) > 1 else None,
    )


def _status(text: str) -> str:
    return _STATUSES.get(text, text.capitalize() if text else "Unknown")
