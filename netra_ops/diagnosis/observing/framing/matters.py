"""Which failures are to be explained, and when they began. Pure.

Failures of each service are parted by kind: what a line says of them, or their status. A kind
matters if its share of the service's attempts rose by more than chance does. What rises with the
first such kind, or comes only since, belongs to it; what was as frequent before is the background
of every day. Of several services the one counts at which it began; the others follow from it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from netra_ops.diagnosis.observing.framing.attempt import EVERYDAY, Attempt
from netra_ops.diagnosis.observing.framing.starts import BadStart
from netra_ops.diagnosis.observing.statistics.chances import ORDINARY, RARE, fisher
from netra_ops.diagnosis.observing.statistics.changes import rise_of, shares
from netra_ops.diagnosis.signs.sign import Sign

_EVERYDAY: Final = frozenset(sign.value for sign in EVERYDAY)
_SLIGHT: Final = frozenset({Sign.OTHER_ERROR.value})
_SMALL: Final = 0.1
"""A kind with less than this share of the most frequent one's failures does not lead."""
_TELLING: Final = 3
"""So many failures at least say something of the rate of what happens every day."""
_MANY: Final = 5
"""And so many of that of others."""
_EARLY: Final = 0.2
"""A first failure so early is what chance does."""
_LITTLE: Final = 0.2
"""What happens every day counts so much less where nothing rose."""
_LESS: Final = 0.5
"""The same of what only a status tells, and of what is as frequent as ever."""
_JITTER: Final = 5_000_000_000
"""Nanoseconds: what begins so little before is not called earlier."""
NO_SERVICE: Final = ""


class Rising(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of failure at one service.

    Attributes:
        service: Where; empty if lines name none.
        kind: A sign's name, or a status.
        count: How many attempts.
        onset: When it began, or rose, nanoseconds.
        chance: How likely chance alone would make it rise so; 1 where there is nothing before.
        before: How many of how many before.
        rises: Whether it rose by more than chance; False if it is as frequent as ever, None where
            too little is known to say.
        paths: On which paths.
        last: When it was last.
    """

    service: str
    kind: str
    count: int
    onset: int
    chance: float
    before: tuple[int, int]
    rises: bool | None
    paths: frozenset[str]
    last: int


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be explained.

    Attributes:
        service: Where it began; None if lines name no service.
        onset: When, nanoseconds; None if no line has a time.
        kinds: Which kinds of failure, by service.
        rises: Whether there is more of it than usual; None where that cannot be said.
        start: The start that failed, if it is one.
    """

    service: str | None
    onset: int | None
    kinds: dict[str, frozenset[str]]
    rises: bool | None
    start: BadStart | None = None


def matter_of(
    attempts: Sequence[Attempt], starts: Sequence[BadStart], since: int | None = None
) -> Matter | None:
    """Say what is to be explained; None if nothing failed.

    Args:
        attempts: All there were until the end of the window, in the order of time.
        starts: The starts that failed until then.
        since: When the window begins: what fails since then comes before what only failed earlier,
            but for what fails every day.
    """
    rising = _risings(attempts)
    if since is not None:
        starts = [one for one in starts if (one.lines[-1].time or 0) >= since] or starts
        inside = [one for one in rising if one.last >= since]
        if any(one.kind not in _EVERYDAY for one in inside):
            rising = inside
    start = next(iter(starts), None)
    leading = _leading(rising)
    if start is not None and (leading is None or _explains(start, leading)):
        kinds = _kinds(one for one in rising if _follows(one, start.time))
        return Matter(service=start.service, onset=start.time, kinds=kinds, rises=True, start=start)
    if leading is None:
        return None
    joined = [one for one in rising if one is leading or _belongs(one, leading)]
    own = [one for one in joined if one.service == leading.service]
    return Matter(
        service=leading.service or None,
        onset=min(one.onset for one in own) or None,
        kinds=_kinds(joined),
        rises=leading.rises,
    )


def _explains(start: BadStart, leading: Rising) -> bool:
    """Tell whether a start that failed comes first, or the rest is not more than usual."""
    return start.time <= leading.onset or not leading.rises


def _follows(one: Rising, onset: int) -> bool:
    """Tell whether a kind came only since a moment, or rose since."""
    since = one.onset >= onset - _JITTER
    if one.kind in _EVERYDAY:
        return since and one.rises is True
    return since and one.rises is not False


def _belongs(one: Rising, leading: Rising) -> bool:
    """Tell whether a kind is of the same matter: it follows, or goes on on the same paths.

    What is as frequent as ever is not, and if that leads, nothing else is of it.
    """
    if leading.rises is False or one.rises is False:
        return False
    if _follows(one, leading.onset):
        return True
    is_beside = one.service == leading.service and one.paths & leading.paths
    goes_on = one.last >= leading.onset
    return bool(is_beside) and goes_on and one.kind not in _EVERYDAY


def _kinds(rising: Iterable[Rising]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for one in rising:
        found[one.service].add(one.kind)
    return {service: frozenset(kinds) for service, kinds in found.items()}


def _risings(attempts: Sequence[Attempt]) -> list[Rising]:
    """Give all kinds, each among what was tried at its service that needs somebody to be known."""
    by_service: dict[str, list[Attempt]] = defaultdict(list)
    for one in attempts:
        if one.failed or not one.is_open:
            by_service[one.place.service or NO_SERVICE].append(one)
    return [
        _rising(service, kind, own)
        for service, own in by_service.items()
        for kind in sorted({kind for one in own for kind in one.kinds})
    ]


def _rising(service: str, kind: str, own: Sequence[Attempt]) -> Rising:
    """Say how one kind rises.

    That it is absent at first is tested by where the first one is: so late or later it would be by
    chance as often as all fall to the rest. That it rises from something, by the best moment.
    """
    flags = [kind in one.kinds for one in own]
    first, count = flags.index(True), sum(flags)
    quiet = fisher(count, len(flags) - first, 0, first)
    rise = rise_of(flags)
    at, before, chance = first, (0, first), quiet
    if rise is not None and rise.chance < min(RARE, quiet if not rise.before[0] else RARE):
        at, before, chance = rise.index, rise.before, rise.chance
    return Rising(
        service=service,
        kind=kind,
        count=count,
        onset=own[at].ended,
        chance=chance,
        before=before,
        rises=True if chance < ORDINARY else _is_usual(kind, flags, quiet),
        paths=frozenset(one.path for one in own if kind in one.kinds and one.path is not None),
        last=max(one.ended for one in own if kind in one.kinds),
    )


def _is_usual(kind: str, flags: Sequence[bool], quiet: float) -> bool | None:
    """Give False if it is there from the first and both halves have as much; None if unknown."""
    (first, half), (second, rest) = shares(flags)
    count = first + second
    if (
        count < (_TELLING if kind in _EVERYDAY else _MANY)
        or 2 * count > len(flags)
        or quiet < _EARLY
    ):
        return None
    alike = min(fisher(second, rest, first, half), fisher(first, half, second, rest))
    return False if alike >= ORDINARY else None


def _leading(rising: Sequence[Rising]) -> Rising | None:
    """Give the kind that it begins with: the first that rose, but for what hardly happened.

    Where none rose it is the most frequent; what happens every day, what happened once, and what
    says nothing, come last.
    """
    rose = [one for one in rising if one.rises and one.kind not in _SLIGHT]
    rose = rose or [one for one in rising if one.rises]
    if rose:
        most = max(one.count for one in rose)
        return min(
            (one for one in rose if one.count >= _SMALL * most),
            key=lambda one: (one.onset, -one.count, one.service, one.kind),
        )
    return max(
        rising,
        key=lambda one: (
            one.count
            * (_LITTLE if one.kind in _EVERYDAY | _SLIGHT else 1.0)
            * (_LESS if one.kind[0].isdigit() else 1.0)
            * (_LESS if one.rises is False else 1.0)
            * (_LITTLE if one.count == 1 else 1.0),
            -one.onset,
        ),
        default=None,
    )
