"""What a framed incident tells beside its facts: who was hit, and how it went over time. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from netra.clock import as_iso
from netra_ops.diagnosis.answering.answer import Affected, Before, Course, Said, Suspect
from netra_ops.diagnosis.answering.concluding import Circumstances
from netra_ops.diagnosis.changes import suspects
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.attempt import Attempt
from netra_ops.diagnosis.observing.scene import Scene

_NANOSECONDS: Final = 1e9
_SPANS: Final = 80
_MOST_EVIDENCE: Final = 5
_MOST_REMARKS: Final = 10
_MOST_SUSPECTS: Final = 5
_JUDGED: Final[dict[bool | None, str]] = {
    True: "was as expected",
    False: "was not as expected",
}
_HARDLY: Final = 0.1
"""What is less suspect than this is not named."""


def circumstances_of(
    scene: Scene, observed: Sequence[Observation], cause: str | None
) -> Circumstances:
    """Say what is known of an incident beside what was observed.

    Args:
        scene: The incident.
        observed: What was observed in it.
        cause: The cause that is named, for which suspects are sought; None if none is.
    """
    return Circumstances(
        suspects=_suspects(scene, observed, cause),
        before_traffic=tuple(_before_traffic(scene)),
        onset=written(scene.onset),
        first_bad=scene.first_bad,
        last_good=scene.last_good,
        affected=_affected(scene),
        before=_before(scene),
        course=_course(scene),
        remarks=tuple(_remarks(scene))[:_MOST_REMARKS],
    )


def written(time: int | None) -> str | None:
    """Write a time in nanoseconds as ISO 8601 in UTC."""
    return None if time is None else as_iso(time / _NANOSECONDS)


def _suspects(
    scene: Scene, observed: Sequence[Observation], cause: str | None
) -> tuple[Suspect, ...]:
    return tuple(
        Suspect(what=one.says, reason=" ".join(one.reasons), evidence=one.evidence)
        for one in suspects(scene, observed, cause)
        if one.score > _HARDLY
    )[:_MOST_SUSPECTS]


def _before_traffic(scene: Scene) -> Iterator[Said]:
    """Tell of probes of the bad revision that were taken before it got its traffic."""
    bad, since = scene.first_bad, scene.since_deploy
    if bad is None or since is None:
        return
    for probe in scene.bundle.probes:
        if probe.time is None or probe.time >= since or bad not in probe.target:
            continue
        how = _JUDGED.get(probe.ok)
        if how is not None:
            says = f"The probe '{probe.name}' of {bad}, before it got traffic, {how}."
            yield Said((probe.where,), says)


def _affected(scene: Scene) -> Affected:
    own = [one for one in scene.failing if one.place.service == scene.service]
    if not own:
        return Affected(service=scene.service)
    times = [one.ended for one in own if one.time]
    return Affected(
        service=scene.service,
        revisions=_distinct(one.place.revision for one in own),
        requests_failed=len(own),
        requests=max(len(own), len(scene.affected)),
        callers=_callers(own),
        since=written(min(times, default=None)),
        until=written(max(times, default=None)),
        evidence=_places(own),
    )


def _callers(failing: Sequence[Attempt]) -> dict[str, int]:
    """Count distinct callers of each kind; one that nothing tells from others counts once."""
    found: dict[str, set[str]] = {}
    for one in failing:
        found.setdefault(one.caller.value, set()).add(one.principal or one.client or "")
    return {kind: len(callers) for kind, callers in sorted(found.items())}


def _before(scene: Scene) -> Before:
    return Before(
        requests_failed=sum(one.failed for one in scene.earlier),
        requests=len(scene.earlier),
        evidence=_places(scene.earlier),
    )


def _course(scene: Scene) -> Course | None:
    timed = [
        one for one in scene.attempts if one.time and one.place.service in {scene.service, None}
    ]
    if not timed:
        return None
    first, last = min(one.ended for one in timed), max(one.ended for one in timed)
    length = max(1, last - first)
    requests, failed = [0] * _SPANS, [0] * _SPANS
    for one in timed:
        place = min(_SPANS - 1, _SPANS * (one.ended - first) // length)
        requests[place] += 1
        failed[place] += one.matters
    return Course(
        first=first / _NANOSECONDS,
        last=last / _NANOSECONDS,
        requests=tuple(requests),
        failed=tuple(failed),
    )


def _remarks(scene: Scene) -> Iterator[str]:
    """Say what was wrong with the evidence itself."""
    for problem in scene.bundle.problems:
        yield f"{problem.where}: {problem.what}."
    for source in scene.tally.account.sources:
        if source.damaged:
            yield f"logs.ndjson: {source.damaged:,} damaged lines are kept by their text."
        if source.truncated:
            yield f"logs.ndjson: it breaks off: {source.truncated}."
        if source.failure:
            yield f"logs.ndjson: not read to its end: {source.failure}."
    if scene.tally.kept > 1:
        yield f"logs.ndjson: of its requests one of {scene.tally.kept} is looked at."


def _places(attempts: Iterable[Attempt]) -> tuple[str, ...]:
    return tuple(f"logs.ndjson:{one.number}" for one in attempts)[:_MOST_EVIDENCE]


def _distinct(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
