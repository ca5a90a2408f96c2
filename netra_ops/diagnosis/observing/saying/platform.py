"""With which status the platform refused callers: it says so by itself. Pure."""

from collections.abc import Iterator
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.telling import several
from netra_ops.diagnosis.observing.saying.heard import lines_of
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.signs.sign import Sign

_STATUSES: Final = ((401, Fact.PLATFORM_SAID_401), (403, Fact.PLATFORM_SAID_403))
_MOST: Final = 4
_FEW: Final = 4
"""Less than one of so many refusals is beside the others."""


def observed(scene: Scene) -> Iterator[Observation]:
    """Tell 401, a token that is not for the service, from 403, a caller who may not invoke it.

    And say whether it refused a deployment over a variable's kind: nothing else need fail then.
    """
    yield from _kinds(scene)
    refused = [
        one
        for one in scene.failing
        if Sign.PLATFORM_REFUSED in one.signs and one.status is not None
    ]
    if not refused:
        return
    for status, fact in _STATUSES:
        alike = [one for one in refused if one.status == status]
        # Somebody without any token is refused beside others on any day.
        is_seen = bool(alike) and _FEW * len(alike) >= len(refused)
        shown = alike or refused
        yield Observation(
            fact=fact,
            is_seen=is_seen,
            says=(
                f"Of {several(len(refused), 'request')} that the platform refused, "
                f"{len(alike)} got {status}."
            ),
            evidence=tuple(f"logs.ndjson:{one.number}" for one in shown[:_MOST]),
            time=min((one.ended for one in alike), default=None) if is_seen else None,
            service=scene.service,
        )


def _kinds(scene: Scene) -> Iterator[Observation]:
    lines = lines_of(scene, (Sign.KIND_CONFLICT,))
    if lines:
        yield Observation(
            fact=Fact.KIND_CONFLICT_SAID,
            says=f"{several(len(lines), 'deployment')} ended with it that a variable is there "
            "with another kind.",
            evidence=tuple(f"logs.ndjson:{one.number}" for one in lines[:_MOST]),
            time=lines[0].time,
            service=scene.service,
        )
