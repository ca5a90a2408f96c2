"""Whether the failures began with a revision: not by its date, by what was served before. Pure.

That they were absent before is Fisher's test of the revision against all before it, among attempts
of the same kind; that they began with it and not later, how likely so many as went well on it first
would have, at the share that fails since.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from netra_ops.diagnosis.observing.framing.attempt import Attempt
from netra_ops.diagnosis.observing.framing.matters import NO_SERVICE, Matter
from netra_ops.diagnosis.observing.framing.revisions import Revisions
from netra_ops.diagnosis.observing.statistics.chances import ORDINARY, RARE, fisher, none_of

TELLING: Final = 0.1
"""Rarer than this by chance is telling, where something else tells the same."""
_SERVED: Final = 3
"""So many good answers say that a revision started at all."""
_SERVER_ERROR: Final = 500


class Deployed(msgspec.Struct, frozen=True, kw_only=True):
    """A revision with which the failures began.

    Attributes:
        service: Whose it is.
        revision: Its name.
        last_good: The one before that served well; None if no single one served enough to say so.
        time: When it first got traffic or wrote, nanoseconds.
        where: What tells of that.
        before: How many attempts failed of how many before it.
        since: How many of how many on it.
    """

    service: str
    revision: str
    last_good: str | None
    time: int
    where: str
    before: tuple[int, int]
    since: tuple[int, int]


class Tried(NamedTuple):
    """What was tried at the failing service.

    Attributes:
        affected: On the failing paths, from the onset to the last failure.
        earlier: On these, before the onset.
        all_of_it: On all paths that need an identity.
    """

    affected: tuple[Attempt, ...]
    earlier: tuple[Attempt, ...]
    all_of_it: tuple[Attempt, ...]


class Count(msgspec.Struct):
    """How many attempts on a revision failed of how many; and how many went well at first."""

    bad: int = 0
    total: int = 0
    well_first: int = 0

    def note(self, *, is_bad: bool) -> None:
        """Count one more."""
        self.total += 1
        self.bad += is_bad
        if not self.bad:
            self.well_first += 1


def counts_of(matter: Matter, attempts: Iterable[Attempt]) -> dict[str, Count]:
    """Count the failures of the kinds that matter by revision, whenever they were."""
    kinds = matter.kinds.get(matter.service or NO_SERVICE, frozenset())
    found: dict[str, Count] = {}
    for one in sorted(attempts, key=lambda one: (one.ended, one.number)):
        if one.place.revision is not None:
            found.setdefault(one.place.revision, Count()).note(is_bad=bool(one.kinds & kinds))
    return found


def deployed_of(matter: Matter, tried: Tried, revisions: Revisions) -> Deployed | None:
    """Give the revision with which the failures began; None if that is not shown.

    Among what was tried on the same paths it must be rarer than ORDINARY that they were absent
    before; or rarer than TELLING, and than ORDINARY among all that was tried.
    """
    if matter.service is None:
        return None
    if matter.start is not None:
        return _started(matter, tried.all_of_it, revisions)
    counts = counts_of(matter, (*tried.earlier, *tried.affected))
    bad = first_failing(matter, counts, revisions)
    if bad is None or not quiet(counts[bad]):
        return None
    older = _before(matter, bad, tried, revisions)
    chance, before = _absent(counts, bad, older)
    broad, _ = _absent(counts_of(matter, tried.all_of_it), bad, older)
    if chance >= ORDINARY and (chance >= TELLING or broad >= ORDINARY):
        return None
    onset = matter.onset or 0
    time = revisions.begun(matter.service, bad, onset)
    if time is None or time > onset:
        return None
    return Deployed(
        service=matter.service,
        revision=bad,
        last_good=next(_good(older, bad, counts), None),
        time=time,
        where=revisions.where(matter.service, bad) or "logs.ndjson",
        before=(before.bad, before.total),
        since=(counts[bad].bad, counts[bad].total),
    )


def _absent(counts: dict[str, Count], bad: str, older: Iterable[str]) -> tuple[float, Count]:
    """Give the chance that so many fail on a revision if it is like older ones; and those."""
    own, before = counts[bad], Count()
    for name in older:
        count = counts.get(name, Count())
        before.bad += count.bad
        before.total += count.total
    return fisher(own.bad, own.total, before.bad, before.total), before


def quiet(own: Count) -> bool:
    """Tell whether so few went well before the first failure that it can have begun with them.

    The share is of those after, one failure and one success being added (Laplace), so that few say
    little.
    """
    rest = own.total - own.well_first
    return none_of(own.well_first, (own.bad + 1) / (rest + 2)) >= ORDINARY


def first_failing(matter: Matter, counts: dict[str, Count], revisions: Revisions) -> str | None:
    """Give the first revision that fails as much as any; what fails far less is none of it."""
    failing = {name: count for name, count in counts.items() if count.bad}
    if not failing or matter.service is None:
        return None
    worst = max(failing.values(), key=lambda one: (one.bad / one.total, one.bad))
    most = max(failing.values(), key=lambda one: one.bad)
    for name in [one.revision for one in revisions.of(matter.service)]:
        count = failing.get(name)
        if count is not None and not any(
            fisher(one.bad, one.total, count.bad, count.total) < RARE for one in (worst, most)
        ):
            return name
    return None


def kept_well(matter: Matter, bad: str, tried: Tried, revisions: Revisions) -> str | None:
    """Give the last revision before one that served well, with enough to say so; None if none."""
    counts = counts_of(matter, (*tried.earlier, *tried.affected))
    return next(_good(_before(matter, bad, tried, revisions), bad, counts), None)


def _before(matter: Matter, bad: str, tried: Tried, revisions: Revisions) -> list[str]:
    """Give the revisions that came before one, the latest first.

    What answered before its first answer came before it, however the two are numbered: traffic may
    go back.
    """
    answered = [one for one in tried.all_of_it if one.place.revision is not None]
    first = next((one.time for one in answered if one.place.revision == bad), None)
    earlier = [
        one.place.revision or "" for one in answered if first is not None and one.time < first
    ]
    order = [*reversed(earlier), *revisions.before(matter.service or NO_SERVICE, bad)]
    return [name for name in dict.fromkeys(order) if name != bad]


def _good(older: Iterable[str], bad: str, counts: dict[str, Count]) -> Iterator[str]:
    own = counts.get(bad, Count())
    for name in older:
        count = counts.get(name)
        if count is not None and _served_well(count, own):
            yield name


def _served_well(count: Count, bad: Count) -> bool:
    if not bad.total:
        return count.total - count.bad >= _SERVED and not count.bad
    return fisher(bad.bad, bad.total, count.bad, count.total) < TELLING


def _started(matter: Matter, attempts: Sequence[Attempt], revisions: Revisions) -> Deployed | None:
    """Give the revision whose first start failed, where one before it had started and served."""
    start = matter.start
    if start is None or start.revision is None or start.served:
        return None
    served: dict[str, int] = {}
    for one in attempts:
        well = one.is_request and one.status is not None and one.status < _SERVER_ERROR
        if well and one.place.revision is not None and one.time < start.time:
            served[one.place.revision] = served.get(one.place.revision, 0) + 1
    before = revisions.before(start.service, start.revision)
    good = next((name for name in before if served.get(name, 0) >= _SERVED), None)
    if good is None:
        return None
    time = revisions.first(start.service, start.revision)
    return Deployed(
        service=start.service,
        revision=start.revision,
        last_good=good,
        time=start.time if time is None else min(time, start.time),
        where=f"logs.ndjson:{start.lines[0].number}",
        before=(0, served[good]),
        since=(len(start.lines), len(start.lines)),
    )


def beside_of(matter: Matter, tried: Tried, revisions: Revisions) -> Deployed | None:
    """Give another service's revision with whose first traffic the failures began.

    It counts only if the failures rose by more than chance, another revision of that service was
    there before, and of what was tried between its first traffic and the onset too little went well
    to say that they began later.
    """
    onset, affected, earlier = matter.onset, tried.affected, tried.earlier
    if onset is None or matter.rises is not True or not affected:
        return None
    bad = sum(one.matters for one in affected)
    found = []
    for service in revisions.services():
        if service == matter.service:
            continue
        known = [one for one in revisions.of(service) if one.first is not None]
        for place, one in enumerate(known):
            if not place or one.first is None or one.first > onset:
                continue
            well = sum(one.first <= other.ended < onset for other in earlier)
            if quiet(Count(bad=bad, total=len(affected) + well, well_first=well)):
                found.append(
                    Deployed(
                        service=service,
                        revision=one.revision,
                        last_good=known[place - 1].revision,
                        time=one.first,
                        where=one.where,
                        before=(0, len(earlier)),
                        since=(bad, len(affected)),
                    )
                )
    return max(found, key=lambda one: one.time, default=None)
