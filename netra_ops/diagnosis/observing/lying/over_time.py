"""Facts about how the failures lie in time: that there are any, how many of all, how they grow."""

from collections.abc import Iterator
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.attempt import Attempt
from netra_ops.diagnosis.observing.framing.telling import absent, seen
from netra_ops.diagnosis.observing.recorded.reading import is_of_client, is_refused
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.statistics.chances import (
    ORDINARY,
    RARE,
    binomial_tail,
    later,
)
from netra_ops.diagnosis.observing.statistics.changes import TREND, grows, is_mixed
from netra_ops.evidence.records.audit import AuditRecord

_ENOUGH: Final = 20
"""So many requests without any failure show that nothing failed."""
_NEARLY: Final = 0.9
"""From this share on nearly all failed."""
_HALF: Final = 0.5
_FEW: Final = 0.05
_PARTS: Final = 3
_TWICE: Final = 2


def observed(scene: Scene) -> Iterator[Observation]:
    """Give them."""
    yield from _failures(scene)
    yield from _share(scene)
    yield from _growth(scene)


def _failures(scene: Scene) -> Iterator[Observation]:
    probes = [probe for probe in scene.bundle.probes if probe.ok is False]
    start = scene.start
    if start is not None:
        yield seen(
            Fact.FAILURES,
            f"A start of {start.service} failed; {len(start.lines)} lines tell so"
            f"{_and_failing(scene)}.",
            [line.number for line in start.lines],
            time=start.time,
            service=start.service,
        )
    elif scene.failing:
        services = sorted({one.place.service or "?" for one in scene.failing})
        yield seen(
            Fact.FAILURES,
            f"{len(scene.failing)} requests failed, of {len(scene.since)} since the first of them, "
            f"at {', '.join(services)}.",
            scene.failing,
            time=scene.onset,
            service=scene.service,
        )
    elif probes:
        yield seen(
            Fact.FAILURES,
            f"{len(probes)} of {len(scene.bundle.probes)} probes did not get what they expect; no "
            "request in the log failed.",
            [probe.where for probe in probes],
            time=probes[0].time,
        )
    elif len(scene.attempts) >= _ENOUGH:
        yield absent(
            Fact.FAILURES,
            f"None of {len(scene.attempts)} requests failed, and no probe did.",
        )


def _and_failing(scene: Scene) -> str:
    return f", and {len(scene.failing)} requests failed" if scene.failing else ""


def _share(scene: Scene) -> Iterator[Observation]:
    """Say whether all failed or a part.

    All: at least nine in ten, and were half of them good, so few good ones would be rarer than
    RARE. A part: both kinds come again after the other, and with one in twenty of the rarer kind
    so many would be rarer than RARE.
    """
    affected = answered(scene)
    total, bad = len(affected), sum(one.matters for one in affected)
    good = total - bad
    if not bad:
        return
    said = f"{bad} of {total} requests of this kind failed since the onset"
    nearly = bad >= _NEARLY * total and binomial_tail(bad, total, _HALF) < RARE
    flags = [one.matters for one in affected]
    rarer = binomial_tail(min(bad, good), total, _FEW) < RARE
    is_part = is_mixed(flags) and rarer and bad < _NEARLY * total
    let_in = _recorded(scene) if nearly else []
    if len(let_in) > 1:
        yield seen(
            Fact.PART_REFUSED,
            f"{said}, and the log has no others; the audit record has {len(let_in)} let in since.",
            [let_in[0].where, let_in[-1].where, *failures(affected)[:2]],
            service=scene.service,
        )
    elif nearly:
        yield seen(Fact.ALL_REFUSED, f"{said}.", failures(affected), service=scene.service)
        yield absent(Fact.PART_REFUSED, f"{said}.", failures(affected), service=scene.service)
    elif is_part:
        both = [*failures(affected)[:2], *[one for one in affected if not one.matters][:2]]
        yield seen(
            Fact.PART_REFUSED,
            f"{said}, and {good} succeeded among them, mixed in time.",
            both,
            service=scene.service,
        )
        yield absent(Fact.ALL_REFUSED, f"{said}.", both, service=scene.service)


def _recorded(scene: Scene) -> list[AuditRecord]:
    """Give the users that were let in meanwhile, by the record, where the log has failures only."""
    own = [one for one in scene.attempts if one.place.service == scene.service and one.is_request]
    if not scene.failing or any(not one.failed and not one.is_open for one in own):
        return []
    first, last = scene.failing[0].ended, scene.failing[-1].ended
    return [
        one
        for one in scene.bundle.audit
        if one.time is not None
        and first <= one.time <= last
        and not is_of_client(one)
        and not is_refused(one)
    ]


def _growth(scene: Scene) -> Iterator[Observation]:
    """Say whether the share grew steadily from the first failure of the kind to the last."""
    kinds = {kind for one in scene.affected for kind in one.kinds if one.matters}
    tried = [*scene.earlier, *scene.affected]
    flags = [bool(one.kinds & kinds) for one in tried]
    tried = tried[flags.index(True) if True in flags else 0 :]
    flags = flags[-len(tried) :]
    if min(sum(flags), len(flags) - sum(flags)) < TREND:
        return
    third = len(flags) // _PARTS
    first, last = sum(flags[:third]), sum(flags[-third:])
    says = (
        f"Of the first third of the requests since the first failure {first} of {third} failed, "
        f"of the last {last} of {third}."
    )
    bad = [one for one in tried if one.kinds & kinds]
    evidence = [*bad[:2], *bad[-2:]]
    if grows(flags) and last > _TWICE * first:
        yield seen(Fact.GROWS_SLOWLY, says, evidence, time=bad[0].ended, service=scene.service)
    elif later(flags) > ORDINARY:
        yield absent(Fact.GROWS_SLOWLY, says, evidence, service=scene.service)


def answered(scene: Scene) -> list[Attempt]:
    """Give what was tried of the kind that fails since the onset, on the revision that fails.

    Only if the failures began with a revision are others left out: they served beside it.
    """
    if scene.since_deploy is None:
        return list(scene.affected)
    return [one for one in scene.affected if one.place.revision in {scene.first_bad, None}]


def failures(attempts: list[Attempt]) -> list[Attempt]:
    """Give those that are to be explained."""
    return [one for one in attempts if one.matters]
