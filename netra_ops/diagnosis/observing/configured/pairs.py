"""Which configurations are compared: of a service before and after, and of services at once. Pure.

What differs between two revisions says something only if the later one is where the failures are
and the earlier one served well; two dates that are near each other say nothing.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.wording import DAY, HOUR, MINUTE
from netra_ops.evidence.records.revisions.revision import Kind, Revision, Variable

ENOUGH_SERVED: Final = 5
"""Requests answered well by a revision before the onset that show that it had served well."""
_SLACK: Final = 5 * MINUTE
_FAULTS_FROM: Final = 400


class Pair(NamedTuple):
    """A service's configuration before and after.

    Attributes:
        before: The last revision that was good.
        after: The first that was bad.
        is_of_failing: Whether the service is the one that fails; else one that it works with.
        is_proven: Whether the log shows that the earlier one served well.
    """

    before: Revision
    after: Revision
    is_of_failing: bool
    is_proven: bool


def pairs_in(scene: Scene) -> Iterator[Pair]:
    """Give the pairs that may say something, that of the failing service first."""
    main = _main(scene)
    if main is not None:
        yield main
    if scene.beside is not None:
        after = revision_named(scene, scene.beside.revision)
        if after is not None and (main is None or after.service != main.after.service):
            before = revision_named(scene, scene.beside.last_good) or _predecessor(scene, after)
            if before is not None and before.service == after.service:
                yield Pair(before, after, is_of_failing=False, is_proven=True)
    elif scene.since_deploy is None:
        for service in services_in(scene):
            is_done = main is not None and service == main.after.service
            if is_done or (service == scene.service and scene.first_bad is not None):
                continue
            beside = _deployed_at_onset(scene, service)
            if beside is not None:
                yield beside


def services_in(scene: Scene) -> tuple[str, ...]:
    """Give the services whose revisions are there."""
    return tuple(dict.fromkeys(one.service for one in scene.bundle.revisions))


def revision_named(scene: Scene, name: str | None) -> Revision | None:
    """Find a revision; of several documents the last."""
    if name is None:
        return None
    return next((one for one in reversed(scene.bundle.revisions) if one.name == name), None)


def present_revision(scene: Scene, service: str) -> Revision | None:
    """Give the revision of a service that is meant where one is: the bad, the serving, the last."""
    ours = [one for one in scene.bundle.revisions if one.service == service]
    if not ours:
        return None
    bad = revision_named(scene, scene.first_bad)
    if bad is not None and bad.service == service:
        return bad
    shares: dict[str, float] = {}
    for share in scene.bundle.traffic:
        late = scene.onset is not None and (share.time or 0) > scene.onset + _SLACK
        if not late:
            shares[share.revision] = share.percent
    serving = [one for one in ours if shares.get(one.name, 0.0) > 0]
    if serving:
        return max(serving, key=lambda one: (shares[one.name], one.created or 0))
    early = [one for one in ours if scene.onset is None or (one.created or 0) <= scene.onset]
    return (early or ours)[-1]


def served_well_before(scene: Scene, revision: str | None, since: int = 0) -> bool:
    """Tell whether a revision had answered requests well before the failures began.

    Args:
        scene: The incident.
        revision: Which one.
        since: From when on, nanoseconds.
    """
    if scene.onset is None or revision is None or scene.since_deploy is not None:
        return False
    good = sum(
        1
        for one in scene.tally.requests
        if one.place.revision == revision
        and one.time is not None
        and since <= one.time < scene.onset
        and one.status is not None
        and one.status < _FAULTS_FROM
    )
    return good * scene.tally.kept >= ENOUGH_SERVED


def started_serving(scene: Scene, revision: Revision) -> int | None:
    """Give when a revision first got traffic, or else when it was made."""
    for share in scene.bundle.traffic:
        if share.revision == revision.name and share.percent > 0 and share.time is not None:
            return share.time
    return revision.created


def is_whole(scene: Scene, revision: Revision) -> bool:
    """Tell whether all of a revision's variables are known."""
    prefix = revision.where if "#" in revision.where else f"{revision.where}#"
    return not any(
        "elsewhere" in problem.what and problem.where.startswith(prefix)
        for problem in scene.bundle.problems
    ) and not any(one.kind is Kind.ELSEWHERE for one in revision.variables)


def variables_by_name(revision: Revision) -> dict[str, Variable]:
    """Give a revision's variables; of one that stands twice the last."""
    return {one.name: one for one in revision.variables}


def _main(scene: Scene) -> Pair | None:
    """Find the pair of the service that fails."""
    after = revision_named(scene, scene.first_bad)
    if after is None or after.name == scene.last_good:
        return None
    before = revision_named(scene, scene.last_good)
    if before is not None and before.service == after.service:
        return Pair(before, after, is_of_failing=True, is_proven=True)
    if scene.since_deploy is None and served_well_before(scene, after.name):
        return None
    return _unproven(_predecessor(scene, after), after, is_of_failing=True)


def _predecessor(scene: Scene, after: Revision) -> Revision | None:
    """Find the revision before another: the last ready one made before it."""
    ours = [one for one in scene.bundle.revisions if one.service == after.service]
    place = next(number for number, one in enumerate(ours) if one is after)
    earlier = [
        one
        for one in ours[:place]
        if one.name != after.name and (one.ready is None or one.ready.status != "False")
    ]
    return earlier[-1] if earlier else None


def _deployed_at_onset(scene: Scene, service: str) -> Pair | None:
    """Find a deployment of a service shortly before the onset, on what must have been its way.

    Of a service that does not fail itself it is a change that can matter only if it began to serve
    within the hour before; of the failing one whose revisions the log does not name, in the day.
    """
    ours = [one for one in scene.bundle.revisions if one.service == service]
    is_of_failing = scene.service in {None, service}
    if scene.onset is None:
        if not is_of_failing or len(ours) < len(("before", "after")):
            return None
        before = _predecessor(scene, ours[-1])
        return _unproven(before, ours[-1], is_of_failing=True)
    reach = DAY if is_of_failing else HOUR
    recent = [
        one
        for one in ours
        if (since := started_serving(scene, one)) is not None
        and scene.onset - reach <= since <= scene.onset + _SLACK
    ]
    if not recent:
        return None
    after = recent[-1]
    if is_of_failing and served_well_before(scene, after.name):
        return None
    return _unproven(_predecessor(scene, after), after, is_of_failing=is_of_failing)


def _unproven(before: Revision | None, after: Revision, *, is_of_failing: bool) -> Pair | None:
    if before is None:
        return None
    return Pair(before, after, is_of_failing=is_of_failing, is_proven=False)
