"""Facts about how the failures lie over revisions."""

from collections.abc import Iterator
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.attempt import Attempt
from netra_ops.diagnosis.observing.framing.telling import absent, seen
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.statistics.chances import ORDINARY, RARE, fisher, none_of, wilson
from netra_ops.diagnosis.signs.sign import Sign

_TWO: Final = 2
_HALF: Final = 0.5
_ENOUGH: Final = 5
_ALL_BUT_NONE: Final = 50.0
_OUTSIDE: Final = frozenset(
    sign.value
    for sign in (
        Sign.CONNECTION_REFUSED,
        Sign.HOST_UNKNOWN,
        Sign.TIMED_OUT,
        Sign.DEPENDENCY_FAILED,
        Sign.DATABASE_SILENT,
        Sign.POOL_EXHAUSTED,
        Sign.CERTIFICATE_EXPIRED,
        Sign.BREAKER_OPEN,
    )
)
"""What others do to a service."""


def observed(scene: Scene) -> Iterator[Observation]:
    """Give them."""
    yield from _with_deploy(scene)
    yield from _without_deploy(scene)
    yield from _earlier(scene)
    yield from _rolled_back(scene)


def _with_deploy(scene: Scene) -> Iterator[Observation]:
    if scene.since_deploy is not None and scene.service is not None:
        bad = [one for one in scene.failing if one.place.revision == scene.first_bad]
        good = _on(scene, scene.last_good)
        lines = [line.number for line in scene.start.lines[:2]] if scene.start else bad[:3]
        before = f" on {scene.last_good}" if scene.last_good else " before it"
        well = sum(not one.failed for one in good)
        yield seen(
            Fact.BEGAN_WITH_REVISION,
            f"The failures began with {scene.first_bad}, "
            f"{_after(scene.since_deploy, scene.onset)} its first traffic or line; {well} requests "
            f"of this kind went well{before}, and none or far fewer failed so.",
            [*lines, *[one for one in good if not one.failed][-2:]],
            time=scene.since_deploy,
            subjects=[name for name in (scene.first_bad, scene.last_good) if name],
            service=scene.service,
        )
    elif scene.beside is not None:
        one = scene.beside
        yield seen(
            Fact.BEGAN_WITH_REVISION,
            f"The failures at {scene.service} began with {one.revision} of {one.service}, "
            f"{_after(one.time, scene.onset)} its first traffic or line; of {one.before[1]} "
            "requests of this kind before none or far fewer failed so.",
            [one.where, *scene.failing[:2]],
            time=one.time,
            subjects=[name for name in (one.revision, one.last_good) if name],
            service=one.service,
        )
    elif (later := _served_before(scene)) is not None:
        yield absent(
            Fact.BEGAN_WITH_REVISION,
            f"{len(later)} requests of this kind went well on {scene.first_bad} before the first "
            "failure: at the share that fails since, some would have failed.",
            later[-3:],
            service=scene.service,
        )


def _without_deploy(scene: Scene) -> Iterator[Observation]:
    if scene.since_deploy is not None or scene.beside is not None:
        yield absent(
            Fact.BEGAN_WITHOUT_REVISION,
            "The failures began with the first traffic of a revision.",
            scene.failing[:2],
            service=scene.service,
        )
        return
    served = _served_before(scene)
    if served is not None and scene.rises:
        yield seen(
            Fact.BEGAN_WITHOUT_REVISION,
            f"{scene.first_bad} answered {len(served)} requests of this kind well before the first "
            "failure, and no other revision came at the onset.",
            [*scene.failing[:2], *served[-2:]],
            time=scene.onset,
            subjects=[scene.first_bad] if scene.first_bad else [],
            service=scene.service,
        )


def _served_before(scene: Scene) -> list[Attempt] | None:
    """Give what the failing revision answered well before; None if too little to say so."""
    if scene.first_bad is None or scene.start is not None:
        return None
    own = [one for one in scene.affected if one.place.revision == scene.first_bad]
    bad = sum(one.matters for one in own)
    well = [
        one for one in scene.earlier if one.place.revision == scene.first_bad and not one.failed
    ]
    if not bad or none_of(len(well), wilson(bad, len(own))[0]) >= ORDINARY:
        return None
    return well


def _earlier(scene: Scene) -> Iterator[Observation]:
    """Say whether revisions before the latest failing one fail as well.

    They do if two or more of their requests fail so and their share is not less by more than
    chance; they do not if none fails and at the other's share that would be rarer than RARE.
    """
    if scene.service is None:
        return
    kinds = {
        kind for one in scene.failing if one.place.service == scene.service for kind in one.kinds
    }
    own = [one for one in (*scene.earlier, *scene.affected) if one.place.revision is not None]
    failing = [one for one in own if one.kinds & kinds]
    order = [one.revision for one in scene.revisions.of(scene.service)]
    named = [name for name in order if any(one.place.revision == name for one in failing)]
    if not named:
        return
    latest = named[-1]
    its = [one for one in own if one.place.revision == latest]
    others = [one for one in own if one.place.revision in order[: order.index(latest)]]
    bad, before = (sum(bool(one.kinds & kinds) for one in group) for group in (its, others))
    less = fisher(bad, len(its), before, len(others))
    says = (
        f"{before} of {len(others)} requests of this kind failed so on revisions before {latest}, "
        f"and {bad} of {len(its)} on it."
    )
    if before >= _TWO and less >= RARE:
        on_others = [one for one in failing if one.place.revision != latest]
        yield seen(
            Fact.ON_EARLIER_REVISIONS_TOO,
            says,
            on_others,
            time=on_others[0].ended,
            subjects=named,
            service=scene.service,
        )
    elif not before and less < RARE:
        yield absent(Fact.ON_EARLIER_REVISIONS_TOO, says, others[-3:], service=scene.service)


def _rolled_back(scene: Scene) -> Iterator[Observation]:
    """Say whether what traffic went back to failed too: most of its requests, or its start.

    What a dependency does to one revision as to the other is nothing of the revision's.
    """
    if scene.service is None or scene.onset is None:
        return
    back = _way_back(scene) or _start_of_old(scene)
    if back is None:
        return
    target, time, where = back
    paths = {one.path for one in scene.affected}
    after = [
        one
        for one in scene.attempts
        if one.place.service == scene.service
        and one.place.revision == target
        and one.time >= time
        and one.path in paths
    ]
    starts = scene.start is not None and scene.start.revision == target
    bad = [one for one in after if one.matters]
    left = {kind for one in scene.failing if one.place.revision != target for kind in one.kinds}
    if bad and not starts and all(one.kinds <= _OUTSIDE and one.kinds <= left for one in bad):
        return
    if (len(bad) >= _TWO and len(bad) > _HALF * len(after)) or starts:
        yield seen(
            Fact.FAILS_ON_ROLLBACK_TARGET,
            f"Traffic went back to {target}, and {len(bad)} of {len(after)} requests failed there "
            f"afterwards{', and its start' if starts else ''}.",
            [where, *bad],
            time=bad[0].ended if bad else time,
            subjects=[target],
            service=scene.service,
        )
    elif not bad and len(after) >= _ENOUGH:
        yield absent(
            Fact.FAILS_ON_ROLLBACK_TARGET,
            f"Traffic went back to {target}, and none of {len(after)} requests failed so there.",
            [where, *after[:2]],
            service=scene.service,
        )


def _way_back(scene: Scene) -> tuple[str, int, str] | None:
    """Give the older revision that most traffic went back to, when, and what tells so.

    By what is said of traffic; else by who answers: an older one after a newer one's last answer.
    """
    service = scene.service or ""
    order = [one.revision for one in scene.revisions.of(service)]
    last = max((one.ended for one in scene.failing), default=scene.onset or 0)
    newest = -1
    for share in scene.revisions.traffic(service):
        if share.percent < _ALL_BUT_NONE or share.time is None or share.revision not in order:
            continue
        place = order.index(share.revision)
        begun = scene.tally.first is not None and share.time >= scene.tally.first
        if place < newest and begun and share.time <= last:
            return share.revision, share.time, share.where
        newest = max(newest, place)
    return _answering_again(scene, order)


def _answering_again(scene: Scene, order: list[str]) -> tuple[str, int, str] | None:
    answers = [
        one
        for one in scene.attempts
        if one.place.service == scene.service and one.is_request and one.place.revision in order
    ]
    for name in reversed(order):
        own = [one for one in answers if one.place.revision == name]
        if len(own) < _ENOUGH:
            continue
        older = set(order[: order.index(name)])
        after = [one for one in answers if one.place.revision in older and one.time > own[-1].ended]
        if len(after) >= _TWO and after[-1] is answers[-1]:
            return after[0].place.revision or "", after[0].time, f"logs.ndjson:{after[0].number}"
    return None


def _start_of_old(scene: Scene) -> tuple[str, int, str] | None:
    """Give the revision whose start failed, if a newer one served before: it was gone back to."""
    start = scene.start
    if start is None or start.revision is None:
        return None
    order = [one.revision for one in scene.revisions.of(start.service)]
    newer = set(order[order.index(start.revision) + 1 :]) if start.revision in order else set()
    served = [
        one
        for one in scene.attempts
        if one.place.service == start.service
        and one.place.revision in newer
        and one.is_request
        and one.ended <= start.time
    ]
    if len(served) < _TWO:
        return None
    return start.revision, start.time, f"logs.ndjson:{start.lines[0].number}"


def _on(scene: Scene, revision: str | None) -> list[Attempt]:
    """Give what was tried of this kind on a revision, or on all but the failing one."""
    both = (*scene.earlier, *scene.affected)
    if scene.start is not None:
        both = tuple(one for one in scene.attempts if one.place.service == scene.service)
    if revision is None:
        return [one for one in both if one.place.revision != scene.first_bad]
    return [one for one in both if one.place.revision == revision]


def _after(start: int, onset: int | None) -> str:
    """Say how long after."""
    seconds = ((onset or start) - start) / 1e9
    if seconds < 1:
        return "with"
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.0f} s after"
    return f"{seconds / 60:.0f} min after"
