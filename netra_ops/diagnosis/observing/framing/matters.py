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
from netra_ops.diagnosis.observing.framing.chances import ORDINARY, RARE, fisher
from netra_ops.diagnosis.observing.framing.changes import rise_of, shares
from netra_ops.diagnosis.observing.framing.starts import BadStart
from netra_ops.diagnosis.signs.sign import Sign

_EVERYDAY: Final = frozenset(sign.value for sign in EVERYDAY)
_SLIGHT: Final = frozenset({Sign.OTHER_ERROR.value})
_SMALL: Final = 0.1
"""A kind with less than this share of the most frequent one's failures does not lead."""
_TELLING: Final = 3
"""So many failures at least say something of a rate."""
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
        rises: Whether it rose by more than chance; None where too little is known to say.
    """

    service: str
    kind: str
    count: int
    onset: int
    chance: float
    before: tuple[int, int]
    rises: bool | None


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


def matter_of(attempts: Sequence[Attempt], starts: Iterable[BadStart]) -> Matter | None:
    """Say what is to be explained; None if nothing failed.

    Args:
        attempts: All there were until the end of the window, in the order of time.
        starts: The starts that failed in it.
    """
    rising = _risings(attempts)
    start = next(iter(starts), None)
    leading = _leading(rising)
    if start is not None and (leading is None or _explains(start, leading)):
        kinds = _with(rising, start.time, leading)
        return Matter(service=start.service, onset=start.time, kinds=kinds, rises=True, start=start)
    if leading is None:
        return None
    return Matter(
        service=leading.service or None,
        onset=leading.onset or None,
        kinds=_with(rising, leading.onset, leading),
        rises=leading.rises,
    )


def _explains(start: BadStart, leading: Rising) -> bool:
    """Tell whether a start that failed comes first, or the rest is not more than usual."""
    return start.time <= leading.onset or not leading.rises


def _risings(attempts: Sequence[Attempt]) -> list[Rising]:
    by_service: dict[str, list[Attempt]] = defaultdict(list)
    for one in attempts:
        by_service[one.place.service or NO_SERVICE].append(one)
    found = []
    for service, own in by_service.items():
        kinds = sorted({kind for one in own for kind in one.kinds})
        for kind in kinds:
            # Where a path is refused is seen among all requests, also those of other paths: what
            # share of the service's work it is.
            flags = [kind in one.kinds for one in own]
            found.append(_rising(service, kind, own, flags))
    return found


def _rising(service: str, kind: str, own: Sequence[Attempt], flags: Sequence[bool]) -> Rising:
    first, count = flags.index(True), sum(flags)
    rise = rise_of(flags)
    shown = rise is not None and rise.chance < RARE
    return Rising(
        service=service,
        kind=kind,
        count=count,
        onset=own[rise.index if rise is not None and shown else first].ended,
        chance=1.0 if rise is None else rise.chance,
        before=(0, first) if rise is None or not shown else rise.before,
        rises=True if shown else _is_usual(flags),
    )


def _is_usual(flags: Sequence[bool]) -> bool | None:
    """Give False if both halves have as much of it, as far as chance goes; None if unknown."""
    (first, half), (second, rest) = shares(flags)
    if first + second < _TELLING or not first or first == half:
        return None
    return None if fisher(second, rest, first, half) < ORDINARY else False


def _leading(rising: Sequence[Rising]) -> Rising | None:
    """Give the kind that it begins with: the first that rose, but for what hardly happened."""
    rose = [one for one in rising if one.rises and one.kind not in _SLIGHT]
    if not rose:
        rose = [one for one in rising if one.rises]
    if rose:
        most = max(one.count for one in rose)
        return min(
            (one for one in rose if one.count >= _SMALL * most),
            key=lambda one: (one.onset, -one.count, one.service, one.kind),
        )
    for group in (
        [one for one in rising if one.rises is None and one.kind not in _EVERYDAY | _SLIGHT],
        [one for one in rising if one.kind not in _EVERYDAY | _SLIGHT],
        [one for one in rising if one.kind in _EVERYDAY],
        list(rising),
    ):
        if group:
            return max(group, key=lambda one: (one.count, -one.onset, one.service, one.kind))
    return None


def _with(
    rising: Sequence[Rising], onset: int, leading: Rising | None
) -> dict[str, frozenset[str]]:
    """Give the kinds that belong to it, by service."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in rising:
        only_since = one.onset >= onset and not one.before[0]
        everyday = one.kind in _EVERYDAY
        is_it = leading is not None and (one.service, one.kind) == (leading.service, leading.kind)
        rose_with_it = one.rises is True and one.onset >= onset
        if is_it or rose_with_it or (only_since and not everyday and one.rises is not False):
            found[one.service].add(one.kind)
    return {service: frozenset(kinds) for service, kinds in found.items()}
