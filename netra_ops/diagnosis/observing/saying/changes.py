"""What the platform's audit entries, and programs, say was changed before the failures. Pure."""

from collections.abc import Iterator
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.telling import absent
from netra_ops.diagnosis.observing.saying.heard import SLACK, Heard, lines_of
from netra_ops.diagnosis.observing.saying.sentences import told
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.signs.sign import Sign

_MINUTE: Final = 60_000_000_000
_HOUR: Final = 60 * _MINUTE
_CHANGES: Final = (
    (Fact.INVOKER_CHANGED, Sign.INVOKER_CHANGED, 24, "it was changed who may invoke a service"),
    (
        Fact.SECRET_CHANGED_AT_ONSET,
        Sign.SECRET_CHANGED,
        6,
        "a secret got a new version, or lost one",
    ),
    (
        Fact.WORKLOAD_KEY_DELETED,
        Sign.WORKLOAD_KEY_DELETED,
        72,
        "a workload's key or account was deleted or disabled",
    ),
    (Fact.VARIABLE_LOST, Sign.VARIABLE_UNSET, 6, "a variable was taken away"),
    (Fact.AUDIT_KEY_ROTATED, Sign.KEY_ROTATED, 72, "a signing key was rotated"),
)
"""Each with how many hours before the onset it may lie."""
_OF_AUDIT: Final = frozenset(
    {Sign.INVOKER_CHANGED, Sign.SECRET_CHANGED, Sign.WORKLOAD_KEY_DELETED, Sign.DEPLOYED}
)


def observed(scene: Scene) -> Iterator[Observation]:
    """Give what was changed before the onset; that nothing was, where such changes are told of."""
    has_audit = any(one.subject for one in lines_of(scene, _OF_AUDIT))
    for fact, sign, hours, says in _CHANGES:
        lines = lines_of(scene, (sign,))
        if scene.onset is None:
            near = tuple(lines)
        else:
            begin, end = scene.onset - hours * _HOUR, scene.onset + SLACK
            near = tuple(one for one in lines if one.time is not None and begin <= one.time <= end)
        if near:
            yield told(fact, Heard(near), f"{says}{_how_long(scene, near[-1].time)}", of="entry")
        elif has_audit and sign in _OF_AUDIT and scene.onset is not None:
            later = f"; {len(lines)} at other times" if lines else ""
            yield absent(
                fact,
                f"The log has audit entries, and none of the {hours} hours before the onset says "
                f"that {says}{later}.",
                [one.number for one in lines],
            )


def _how_long(scene: Scene, time: int | None) -> str:
    if scene.onset is None or time is None:
        return ""
    minutes = (scene.onset - time) / _MINUTE
    if minutes < 0:
        return ", right after the onset"
    return f", {minutes:.0f} minutes before the onset"
