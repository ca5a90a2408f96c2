"""An incident as far as it is framed: which failures matter, since when, where. Pure.

It says nothing of why. Observers look at it, each for facts of its own.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from netra_ops.diagnosis.observing.framing.attempt import Attempt
from netra_ops.diagnosis.observing.framing.attempts import attempts_of
from netra_ops.diagnosis.observing.framing.matters import NO_SERVICE, Matter, matter_of
from netra_ops.diagnosis.observing.framing.own_probes import was_let_in, without_own_probes
from netra_ops.diagnosis.observing.framing.revisions import Revisions
from netra_ops.diagnosis.observing.framing.silent import ended_alike, found_no_more, named_no_more
from netra_ops.diagnosis.observing.framing.starts import BadStart, bad_starts
from netra_ops.diagnosis.observing.framing.with_deploys import (
    Deployed,
    Tried,
    beside_of,
    counts_of,
    deployed_of,
    first_failing,
    kept_well,
)
from netra_ops.diagnosis.signs.tally import Tally
from netra_ops.evidence.bundle import Bundle

PREFLIGHT: Final = "OPTIONS"
NO_KINDS: Final[frozenset[str]] = frozenset()


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What observers look at.

    Attributes:
        bundle: The evidence.
        tally: Its log, counted.
        onset: When the failures that matter began, nanoseconds since the epoch.
        service: The service whose requests fail, or whose start does; the first of several.
        first_bad: The revision on which the failures are, the first that was seen failing.
        last_good: The revision before it that served well, with enough traffic to say so.
        since_deploy: When `first_bad` began to get traffic or to write lines, if the failures
            began with it: absent before, where there was enough to have shown them.
        beside: Another service's revision whose first traffic the failures began with, of which
            the same holds.
        rises: Whether there is more of these failures than usual; None where it cannot be said.
        start: The start that failed, if it is one.
        is_older: Whether all failures are older than the window that was asked for.
        attempts: All that was tried, in the order of the answers, until the window's end.
        failing: Those of it that are to be explained, of all services.
        affected: What was tried of the same kind as what fails, at `service`, from the onset to
            the last failure: the same paths, or all if no path is known.
        earlier: The same from before the onset.
    """

    bundle: Bundle
    tally: Tally
    onset: int | None = None
    service: str | None = None
    first_bad: str | None = None
    last_good: str | None = None
    since_deploy: int | None = None
    beside: Deployed | None = None
    rises: bool | None = None
    start: BadStart | None = None
    is_older: bool = False
    attempts: tuple[Attempt, ...] = ()
    failing: tuple[Attempt, ...] = ()
    affected: tuple[Attempt, ...] = ()
    earlier: tuple[Attempt, ...] = ()

    @property
    def revisions(self) -> Revisions:
        """The revisions of all services."""
        return Revisions(self.bundle, self.tally)

    @property
    def since(self) -> tuple[Attempt, ...]:
        """All that was tried at any service, from the onset to the last failure."""
        if self.onset is None:
            return self.attempts
        last = max((one.ended for one in self.failing), default=self.onset)
        return tuple(one for one in self.attempts if self.onset <= one.ended <= last)


def framed(bundle: Bundle, tally: Tally) -> Scene:
    """Frame an incident, without what our own probes were refused if more than that is wrong.

    More is wrong if others fail, or if a probe was let in that should not have been.

    Args:
        bundle: The evidence.
        tally: Its log, counted.
    """
    others = without_own_probes(bundle, tally)
    if others is not None:
        scene = _framed(*others)
        if scene.failing or scene.start is not None or was_let_in(bundle):
            return scene
    return _framed(bundle, tally)


def _framed(bundle: Bundle, tally: Tally) -> Scene:
    """Frame an incident.

    What came after the window is left out; what came before it is history, and what fails only
    there is older than was asked for.

    Args:
        bundle: The evidence.
        tally: Its log, counted.
    """
    revisions = Revisions(bundle, tally)
    attempts = attempts_of(tally, revisions.revised)
    starts = bad_starts(tally, attempts)
    if not starts and not any(one.failed for one in attempts):
        attempts = found_no_more(ended_alike(attempts, last_of(bundle, tally)))
        attempts = attempts if any(one.failed for one in attempts) else named_no_more(attempts)
    start, end = bundle.manifest.start, bundle.manifest.end
    if end is not None:
        until = tuple(one for one in attempts if one.ended <= end)
        early = tuple(one for one in starts if one.time <= end)
        if until or early:
            attempts, starts = until, early
    matter = matter_of(attempts, starts, start)
    if matter is None:
        return Scene(bundle=bundle, tally=tally, attempts=attempts)
    return _scene(bundle, tally, attempts, matter, revisions)


def last_of(bundle: Bundle, tally: Tally) -> int | None:
    """Give the end of what was looked at: of the window, or of the log where that has none."""
    return bundle.manifest.end or tally.last


def _scene(
    bundle: Bundle,
    tally: Tally,
    attempts: Sequence[Attempt],
    matter: Matter,
    revisions: Revisions,
) -> Scene:
    marked = tuple(_marked(one, matter) for one in attempts)
    failing = tuple(one for one in marked if one.matters)
    tried = _tried(marked, matter)
    deployed = deployed_of(matter, tried, revisions)
    first_bad = deployed.revision if deployed is not None else _on(matter, tried, revisions)
    good = deployed.last_good if deployed is not None else None
    if good is None and first_bad is not None and matter.service is not None:
        good = kept_well(matter, first_bad, tried, revisions)
    return Scene(
        bundle=bundle,
        tally=tally,
        onset=matter.onset,
        service=matter.service,
        first_bad=first_bad,
        last_good=good,
        since_deploy=None if deployed is None else deployed.time,
        beside=beside_of(matter, tried, revisions),
        rises=matter.rises,
        start=matter.start,
        is_older=_is_older(bundle.manifest.start, failing, matter.start),
        attempts=marked,
        failing=failing,
        affected=tried.affected,
        earlier=tried.earlier,
    )


def _is_older(start: int | None, failing: Sequence[Attempt], bad_start: BadStart | None) -> bool:
    """Tell whether all failures are from before the window; what has no time is not."""
    if start is None:
        return False
    times = [one.ended if one.time else start for one in failing]
    times += [line.time or start for line in bad_start.lines] if bad_start else []
    return bool(times) and max(times) < start


def _marked(attempt: Attempt, matter: Matter) -> Attempt:
    kinds = matter.kinds.get(attempt.place.service or NO_SERVICE, NO_KINDS)
    if attempt.kinds & kinds and (matter.onset is None or attempt.ended >= matter.onset):
        return msgspec.structs.replace(attempt, matters=True)
    return attempt


def _tried(attempts: Sequence[Attempt], matter: Matter) -> Tried:
    """Give what was tried of the kind that fails, since the onset and before it."""
    own = [one for one in attempts if one.place.service == matter.service]
    bad = [one for one in own if one.matters]
    paths = {one.path for one in bad} - {None}
    asks_first = bool(bad) and all(one.method == PREFLIGHT for one in bad)
    requests = sum(one.is_request for one in bad) > 1
    guarded = tuple(
        one
        for one in own
        if one.matters or (not one.is_open and (one.method == PREFLIGHT) == asks_first)
    )
    if matter.onset is None:
        return Tried(guarded, (), guarded)
    last = max((one.ended for one in bad), default=matter.onset)
    alike = [
        one
        for one in guarded
        if not paths or one.path in paths or (one.matters and one.is_request >= requests)
    ]
    return Tried(
        tuple(one for one in alike if matter.onset <= one.ended <= last),
        tuple(one for one in alike if one.ended < matter.onset),
        tuple(one for one in guarded if one.ended <= last),
    )


def _on(matter: Matter, tried: Tried, revisions: Revisions) -> str | None:
    """Give the first revision on which the failures are."""
    if matter.start is not None:
        return matter.start.revision
    counts = counts_of(matter, tried.affected)
    return first_failing(matter, counts, revisions)
