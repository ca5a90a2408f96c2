"""Facts about how the failures lie over the instances of one revision."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.attempt import Attempt
from netra_ops.diagnosis.observing.framing.telling import absent, seen, several, short
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.statistics.chances import RARE, fisher
from netra_ops.diagnosis.observing.statistics.changes import is_mixed

_ENOUGH: Final = 3
"""With fewer requests an instance says nothing."""
_MIXED: Final = 5
"""With fewer an instance that has both kinds is not called mixed."""
_TWO: Final = 2


class Life(msgspec.Struct, kw_only=True):
    """An instance, or a process of one that started anew, and what was tried there.

    Attributes:
        name: Which.
        start: When it first wrote, nanoseconds.
        tried: What was tried there, in the order of time.
    """

    name: str
    start: int
    tried: list[Attempt]

    @property
    def bad(self) -> int:
        """How many failed."""
        return sum(one.matters for one in self.tried)

    @property
    def good(self) -> int:
        """How many did not."""
        return len(self.tried) - self.bad


def observed(scene: Scene) -> Iterator[Observation]:
    """Give them, for the revision on which most failed."""
    lives = _lives(scene)
    told = [one for one in lives if len(one.tried) >= _ENOUGH]
    failing = [one for one in told if one.bad]
    if not failing:
        return
    last = max(each.ended for one in failing for each in one.tried if each.matters)
    beside = [one for one in (_until(life, last) for life in told) if len(one.tried) >= _ENOUGH]
    yield from _split(scene, beside)
    yield from _one_only(scene, beside)
    yield from _new_only(scene, told)
    yield from _cured(scene, lives)


def _until(life: Life, last: int) -> Life:
    """Give what was tried there while something failed: who came later is no other beside it."""
    return Life(
        name=life.name, start=life.start, tried=[one for one in life.tried if one.ended <= last]
    )


def _split(scene: Scene, told: Sequence[Life]) -> Iterator[Observation]:
    """Tell instances that always fail from those that never do.

    Split: every instance with enough requests does one or the other, and were the failures dealt
    by chance, so many to the first would be rarer than RARE. Mixed: every one has both, turning
    more than once.
    """
    always = [one for one in told if not one.good]
    never = [one for one in told if not one.bad]
    both = [one for one in told if one.good and one.bad]
    says = (
        f"Of {several(len(told), 'instance')} of one revision with {_ENOUGH} requests or more, "
        f"{len(always)} failed always, {len(never)} never and {len(both)} at times."
    )
    bad, good = sum(one.bad for one in always), sum(one.good for one in never)
    evidence = [one.tried[0] for one in (*always[:2], *never[:2], *both[:2])]
    apart = always and never and not both and fisher(bad, bad, 0, good) < RARE
    if apart:
        yield seen(
            Fact.SPLIT_BY_INSTANCE,
            says,
            evidence,
            subjects=[short(one.name) for one in always],
            service=scene.service,
        )
        yield absent(Fact.MIXED_WITHIN_INSTANCES, says, evidence, service=scene.service)
        return
    mixed = [
        one
        for one in both
        if len(one.tried) >= _MIXED and is_mixed([each.matters for each in one.tried])
    ]
    if mixed and not always and not never and len(mixed) == len(both):
        if len(told) >= _TWO:
            yield seen(Fact.MIXED_WITHIN_INSTANCES, says, evidence, service=scene.service)
            yield absent(Fact.SPLIT_BY_INSTANCE, says, evidence, service=scene.service)
    elif len(always) >= _TWO and not never and not both:
        yield absent(Fact.SPLIT_BY_INSTANCE, says, evidence, service=scene.service)
        yield absent(Fact.MIXED_WITHIN_INSTANCES, says, evidence, service=scene.service)


def _one_only(scene: Scene, told: Sequence[Life]) -> Iterator[Observation]:
    failing = [one for one in told if one.bad]
    if len(told) < _TWO or not failing:
        return
    others = [one for one in told if not one.bad]
    says = f"{len(failing)} of {len(told)} instances with {_ENOUGH} requests or more failed."
    if len(failing) > 1:
        evidence = [next(each for each in one.tried if each.matters) for one in failing]
        yield absent(Fact.ONE_INSTANCE_ONLY, says, evidence, service=scene.service)
        return
    (only,) = failing
    good = sum(one.good for one in others)
    if fisher(only.bad, len(only.tried), 0, good) < RARE:
        bad = [one for one in only.tried if one.matters]
        yield seen(
            Fact.ONE_INSTANCE_ONLY,
            f"Only instance {short(only.name)} failed, {only.bad} of {len(only.tried)} requests; "
            f"{several(len(others), 'other instance')} of the revision answered {good} well.",
            [*bad[:3], *[one.tried[0] for one in others[:2]]],
            time=bad[0].ended,
            subjects=[short(only.name)],
            service=scene.service,
        )


def _new_only(scene: Scene, told: Sequence[Life]) -> Iterator[Observation]:
    """Tell whether only instances that started after a moment fail, with older ones beside them."""
    failing = [one for one in told if one.bad]
    begun = min(one.start for one in failing)
    old = [one for one in told if one.start < begun]
    new = [one for one in told if one.start >= begun]
    beside = [each for one in old for each in one.tried if each.ended >= begun and not each.matters]
    bad, total = sum(one.bad for one in new), sum(len(one.tried) for one in new)
    clean = [one for one in new if not one.bad]
    if old and not clean and fisher(bad, total, 0, len(beside)) < RARE:
        yield seen(
            Fact.CONFINED_TO_NEW_INSTANCES,
            f"{several(len(new), 'instance')} that started later failed in {bad} of {total} "
            f"requests; {several(len(old), 'older one')} of the revision answered {len(beside)} "
            "well meanwhile.",
            [*[one for one in new[0].tried if one.matters][:2], *beside[:2]],
            time=begun,
            subjects=[short(one.name) for one in new],
            service=scene.service,
        )
    elif any(one.start < (scene.onset or 0) for one in failing):
        yield absent(
            Fact.CONFINED_TO_NEW_INSTANCES,
            "Instances that had started before the onset failed too.",
            [next(one for one in failing[0].tried if one.matters)],
            service=scene.service,
        )


def _cured(scene: Scene, lives: Sequence[Life]) -> Iterator[Observation]:
    """Tell whether those fail that were there at the onset, and those that came later do not."""
    onset = scene.onset or 0
    old = [one for one in lives if one.start < onset and one.bad]
    new = [one for one in lives if one.start >= onset and len(one.tried) >= _ENOUGH]
    if not old or not new:
        return
    bad = [each for one in old for each in one.tried if each.matters]
    total = sum(len(one.tried) for one in old)
    good = sum(one.good for one in new)
    again = sum(one.bad for one in new)
    if not again and fisher(len(bad), total, 0, good) < RARE:
        yield seen(
            Fact.CURED_BY_RESTART,
            f"{len(bad)} of {total} requests failed on what was running at the onset, none of "
            f"{good} on what started after it.",
            [bad[-1], *[one.tried[0] for one in new[:2]]],
            time=new[0].start,
            subjects=[short(one.name) for one in new],
            service=scene.service,
        )
    elif again:
        yield absent(
            Fact.CURED_BY_RESTART,
            f"{again} of {again + good} requests failed on instances that started after the "
            "onset too.",
            [next(each for each in one.tried if each.matters) for one in new if one.bad],
            service=scene.service,
        )


def _lives(scene: Scene) -> list[Life]:
    """Give the instances of the revision that failed most, each start of one apart.

    What was tried after the last failure counts too: there the cure shows.
    """
    kinds = {one.path for one in scene.affected}
    of_kind = [
        one
        for one in scene.attempts
        if one.place.service == scene.service
        and one.place.instance is not None
        and one.ended >= (scene.onset or 0)
        and not (one.failed and not one.matters)
        and one.path in kinds
        and one.method != "OPTIONS"
    ]
    failed: dict[str | None, int] = defaultdict(int)
    for one in of_kind:
        failed[one.place.revision] += one.matters
    if not failed:
        return []
    revision = max(failed, key=lambda name: failed[name])
    found: dict[tuple[str, int], Life] = {}
    starts = _starts(scene)
    for one in of_kind:
        if one.place.revision != revision or one.place.instance is None:
            continue
        known = starts.get(one.place.instance, [])
        start = max((moment for moment in known if moment <= one.time), default=0)
        key = (one.place.instance, start)
        life = found.setdefault(key, Life(name=one.place.instance, start=start, tried=[]))
        life.tried.append(one)
    return sorted(found.values(), key=lambda one: one.start)


def _starts(scene: Scene) -> dict[str, list[int]]:
    """Give when each instance of the service started, and started anew, by its lines."""
    found: dict[str, list[int]] = defaultdict(list)
    for place, instance in scene.tally.instances.items():
        if place.instance is not None and place.service == scene.service:
            found[place.instance] += instance.starts
            if instance.first is not None:
                found[place.instance].append(instance.first)
    return found
