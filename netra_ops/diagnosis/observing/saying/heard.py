"""Which of the lines that show a sign matter: of the services and the time of the failures. Pure.

What was said before at the same rate is no part of them; what is new with a revision is.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from netra_ops.diagnosis.observing.configured.roles import is_beside_identity
from netra_ops.diagnosis.observing.framing.attempt import BREAKING
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.statistics.chances import binomial_tail
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Occurrence
from netra_ops.logs.entries import Level

SLACK: Final = 90_000_000_000
"""The onset is found by answered failures; what led to them may be said a little before."""
_BREAK: Final = 300_000_000_000
_FURTHEST: Final = 900_000_000_000
_LEADING: Final = frozenset(sign.value for sign in BREAKING)
_RIGHT_BEFORE: Final = 10_000_000_000
_FAILED: Final = 400
CHANCE: Final = 0.05
_NEAR: Final = 1_000_000_000
_FEWEST_MET: Final = 3
_SHARE_MET: Final = 0.8
_MOST_FOR_EACH: Final = 3
_LONG: Final = 1_800_000_000_000
"""What a revision said of itself longer ago than this it said while it served well."""
_MOST_TESTED: Final = 5_000
_MOST_NAMED: Final = 8
_OF_VARIABLES: Final = frozenset({Sign.NOT_CONFIGURED, Sign.VALUE_EMPTY, Sign.DEFAULT_KEY})
_SERVED: Final = 8
"""So many good answers say that nothing was missing."""

Keep = Callable[[Occurrence], bool]


class Heard(NamedTuple):
    """Lines that matter.

    Attributes:
        lines: In the order of time.
        before: In how many requests the same was said before the onset.
        is_usual: Whether it was said before at no lower rate.
    """

    lines: tuple[Occurrence, ...] = ()
    before: int = 0
    is_usual: bool = False

    @property
    def requests(self) -> int:
        """In how many requests; a line of none counts for itself."""
        return requests_of(self.lines)

    @property
    def subjects(self) -> tuple[str, ...]:
        """What they are about, the most frequent first."""
        counts: dict[str, int] = {}
        for one in self.lines:
            if one.subject is not None:
                counts[one.subject] = counts.get(one.subject, 0) + 1
        return tuple(sorted(counts, key=lambda name: (-counts[name], name))[:_MOST_NAMED])

    @property
    def services(self) -> tuple[str, ...]:
        """By which services."""
        return tuple(sorted({one.place.service for one in self.lines if one.place.service}))


def requests_of(lines: Iterable[Occurrence]) -> int:
    """Count the distinct requests of lines."""
    return len({one.request or f"#{one.number}" for one in lines})


def lines_of(scene: Scene, signs: Iterable[Sign], keep: Keep | None = None) -> list[Occurrence]:
    """Give the lines of a log that show signs, until the window's end, in the order of time."""
    end = scene.bundle.manifest.end
    found = [
        one
        for sign in signs
        for one in scene.tally.occurrences.get(sign, ())
        if (keep is None or keep(one)) and (end is None or one.time is None or one.time <= end)
    ]
    found.sort(key=lambda one: (one.time or 0, one.number))
    return found


def services_of(scene: Scene) -> frozenset[str]:
    """Give the services that have part in the failures; none if all may."""
    if scene.service is None and not scene.failing:
        return frozenset()
    found = {one.place.service for one in scene.failing} | {scene.service}
    if scene.beside is not None:
        found |= {scene.beside.service}
    return frozenset(name for name in found if name is not None)


def heard(scene: Scene, signs: Iterable[Sign], keep: Keep | None = None) -> Heard:
    """Give what was said in the failures, or beside them since they began.

    Args:
        scene: The incident.
        signs: What was said.
        keep: Which lines alone count.
    """
    wanted = tuple(signs)
    services = services_of(scene)
    all_lines = lines_of(scene, wanted, keep)
    lines = [
        one
        for one in all_lines
        if not services or one.place.service is None or one.place.service in services
    ]
    if not lines and services:
        lines = _beside(scene, all_lines)
    if scene.onset is None:
        return Heard(tuple(lines))
    failing = {line.number for one in scene.failing for line in one.shown}
    asked = min((one.time for one in scene.failing if one.time), default=scene.onset)
    begin = _began(scene, min(scene.onset, asked), services)
    # What was said long before is no beginning; what was not may be, a little before the onset.
    is_old = any(one.time is not None and one.time < begin - SLACK for one in lines)
    after = tuple(
        one for one in lines if one.number in failing or _is_of(one, begin, is_old=is_old)
    )
    numbers = {one.number for one in after}
    before = tuple(one for one in lines if one.number not in numbers)
    is_usual = bool(after) and bool(before) and not _has_risen(scene, before, after)
    return Heard(after, requests_of(before), is_usual)


def _began(scene: Scene, onset: int, services: frozenset[str]) -> int:
    """Go back from the onset over what had failed without a break before it.

    A breaker opens, and a pool runs empty, after calls that failed and are told in other words.
    """
    begin = onset
    for one in reversed(scene.attempts):
        if onset - one.ended > _FURTHEST:
            break
        is_kind = not one.kinds.isdisjoint(_LEADING)
        if one.ended >= begin or not is_kind or (services and one.place.service not in services):
            continue
        if begin - one.ended > _BREAK:
            break
        begin = min(begin, one.time or one.ended)
    return begin


def _is_of(line: Occurrence, begin: int, *, is_old: bool) -> bool:
    """Tell whether a line is of the failures that begin then.

    A little earlier only what is called an error, or is of a request that failed, may have led to
    them: programs complain of much while they start.
    """
    if line.time is None or line.time >= begin - (0 if is_old else _RIGHT_BEFORE):
        return True
    if is_old:
        return False
    is_failure = line.level >= Level.ERROR or (line.status or 0) >= _FAILED
    return line.time >= begin - SLACK and is_failure


def _beside(scene: Scene, lines: list[Occurrence]) -> list[Occurrence]:
    """Give another service's lines if they are written whenever a request here fails, and else not.

    Who calls fails because of whom it calls, and the two may share no id.
    """
    times = [one.time for one in lines if one.time is not None]
    if not times:
        return []
    met = 0
    for failed in scene.failing:
        at = bisect_left(times, failed.time - _NEAR)
        if at < len(times) and times[at] <= failed.ended + _NEAR:
            met += 1
    is_met = met >= _FEWEST_MET and met >= _SHARE_MET * len(scene.failing)
    return lines if is_met and len(times) <= _MOST_FOR_EACH * met else []


def new_with(scene: Scene, signs: Iterable[Sign]) -> Heard:
    """Give what programs said of themselves that they did not say while all was well.

    At a start there is no request, and it may be long before the first failure: what counts is
    whether a revision, or the same one before the onset, said the same and served well.
    """
    lines = lines_of(scene, signs)
    if scene.onset is None:
        return Heard(tuple(lines))
    failing = {line.number for one in scene.failing for line in one.shown}
    new: list[Occurrence] = []
    usual = 0
    for one in lines:
        if one.number in failing:
            new.append(one)
        elif one.sign in _OF_VARIABLES and is_beside_identity(one.subject or ""):
            continue
        elif not _was_said_well(scene, one, lines):
            new.append(one)
        else:
            usual += 1
    return Heard(tuple(new), usual)


def _was_said_well(scene: Scene, line: Occurrence, lines: Iterable[Occurrence]) -> bool:
    """Tell whether the same was said by a revision that served well before the onset."""
    if scene.onset is None:
        return False
    if _served_well_after(scene, line):
        return True
    if line.sign is Sign.FALLBACK_FILE and line.place.revision == scene.first_bad:
        # Other instances of the revision may have read what it should.
        return False
    since = scene.since_deploy if scene.since_deploy is not None else scene.onset
    is_new = scene.since_deploy is not None or scene.last_good is not None
    bad = {scene.first_bad} if is_new else set[str | None]()
    if scene.beside is not None:
        bad |= {scene.beside.revision}
    return any(
        one.subject == line.subject
        and one.sign is line.sign
        and one.place.service == line.place.service
        and one.place.revision not in bad
        and one.time is not None
        and one.time < since - (_RIGHT_BEFORE if one.place.revision != scene.first_bad else _LONG)
        for one in lines
    )


def _served_well_after(scene: Scene, line: Occurrence) -> bool:
    """Tell whether what said so served well afterwards, and long enough before the onset.

    What runs on an old configuration serves well until somebody needs what is new.
    """
    if scene.onset is None or line.time is None or line.sign is Sign.FALLBACK_FILE:
        return False
    place, moment = line.place, line.time
    well = sum(
        not one.failed
        and one.time > moment
        and one.place.service == place.service
        and one.place.revision == place.revision
        and place.instance in {None, one.place.instance}
        for one in scene.earlier
    )
    return well >= _SERVED


def _has_risen(scene: Scene, before: tuple[Occurrence, ...], after: tuple[Occurrence, ...]) -> bool:
    """Tell whether something is said more often since the onset than chance would have it."""
    onset, first, last = scene.onset, scene.tally.first, scene.tally.last
    if onset is None or first is None or last is None or scene.rises is False:
        return scene.rises is not False
    until, since = max(onset - first, 1), max(last - onset, 1)
    now, then = requests_of(after), requests_of(before)
    share = since / (until + since)
    if now + then > _MOST_TESTED:
        return now / since > 2 * then / until
    return binomial_tail(now, now + then, share) <= CHANCE
