"""All observers asked, and their answers put in order: one observation of a fact. Pure."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing import (
    audited,
    committed,
    deployed,
    probed,
    said,
    trafficked,
)
from netra_ops.diagnosis.observing.lying import (
    not_incidents,
    over_callers,
    over_instances,
    over_requests,
    over_revisions,
    over_sockets,
    over_time,
    over_tokens,
    surroundings,
)
from netra_ops.diagnosis.observing.scene import Scene

Observer = Callable[[Scene], Iterator[Observation]]

_OBSERVERS: Final[tuple[Observer, ...]] = (
    over_time.observed,
    over_revisions.observed,
    over_instances.observed,
    over_tokens.observed,
    over_callers.observed,
    over_requests.observed,
    over_sockets.observed,
    not_incidents.observed,
    surroundings.observed,
    deployed.observed,
    trafficked.observed,
    committed.observed,
    probed.observed,
    audited.observed,
    said.observed,
)
_MOST: Final = 8


def observations(scene: Scene) -> tuple[Observation, ...]:
    """Give all that is observed in a scene, in the order of the facts."""
    return merged(one for observer in _OBSERVERS for one in observer(scene))


def merged(found: Iterable[Observation]) -> tuple[Observation, ...]:
    """Leave one observation of each fact, in the order of the facts.

    Where two disagree, what was seen wins. The best evidenced speaks; the evidence and the subjects
    of the others are kept after its own, and what those say that disagree.
    """
    by_fact: dict[Fact, list[Observation]] = {}
    for one in found:
        by_fact.setdefault(one.fact, []).append(one)
    return tuple(_one_of(by_fact[fact]) for fact in Fact if fact in by_fact)


def _one_of(several: list[Observation]) -> Observation:
    if len(several) == 1:
        return several[0]
    ranked = sorted(several, key=lambda one: (not one.is_seen, -len(one.evidence)))
    best = ranked[0]
    agreeing = [one for one in ranked if one.is_seen == best.is_seen]
    against = [one for one in ranked if one.is_seen != best.is_seen]
    times = [one.time for one in agreeing if one.time is not None]
    says = " ".join([best.says, *[f"Against it: {one.says}" for one in against]])
    return msgspec.structs.replace(
        best,
        says=says,
        evidence=_distinct(ref for one in (*agreeing, *against) for ref in one.evidence)[:_MOST],
        subjects=_distinct(name for one in agreeing for name in one.subjects),
        time=min(times, default=None),
        service=next((one.service for one in agreeing if one.service is not None), None),
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
