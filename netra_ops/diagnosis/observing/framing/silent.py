"""Failures that no answer tells of by itself: only beside others are they some. Pure.

Both are asked for only where nothing else failed.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from netra_ops.diagnosis.observing.framing.attempt import Attempt
from netra_ops.diagnosis.observing.statistics.chances import RARE
from netra_ops.diagnosis.observing.statistics.changes import rise_of
from netra_ops.diagnosis.signs.sign import Sign

ENDED_AT_ONE_AGE: Final = "ended_at_one_age"
"""A kind of failure."""
NOT_FOUND: Final = "404"
NEAR: Final = 0.01
"""Two ages this near to one another are one."""
LONG: Final = 5.0
"""Seconds: what ends earlier was hardly open."""
MOST: Final = 0.6
SOME: Final = 0.4
TIMERS: Final = (30.0, 60.0, 90.0, 100.0, 120.0, 180.0, 270.0, 300.0, 350.0, 600.0, 900.0, 3600.0)
"""Seconds: what proxies and platforms wait if nobody tells them otherwise, and full minutes."""
ENOUGH: Final = 5
"""With fewer nothing is said of their ages."""
_PARTS: Final = 4
_NOT_FOUND: Final = 404
_ERROR: Final = 400


def one_value(values: Sequence[float], near: float = NEAR) -> tuple[float, int]:
    """Give the value near which most lie, and how many; 0 and 0 of none."""
    ordered = sorted(values)
    best, most, low = 0.0, 0, 0
    for high, value in enumerate(ordered):
        while ordered[low] < value * (1 - near):
            low += 1
        if high - low + 1 > most:
            best, most = ordered[(low + high) // 2], high - low + 1
    return best, most


class Ended(msgspec.Struct, frozen=True):
    """A socket that ended.

    Attributes:
        age: How old it was, seconds.
        opened: When it was opened, nanoseconds.
        number: The line that tells of it.
        service: Who tells: what passes through several is one socket at each.
    """

    age: float
    opened: int
    number: int
    service: str | None


def of_one_age(
    ended: Sequence[Ended], until: int | None = None
) -> tuple[float, list[Ended], list[Ended]] | None:
    """Give the age at which most sockets of a service ended, these, and all since the first.

    So many must be of one age that they are most since the first of it; where it is the usual time
    of a timer, and no socket ended sooner, fewer do, for those that speak outlive a timer that
    waits for silence. And they must have been opened at two moments or more, for sockets that
    somebody opens and ends all at once have one age too. If they came at moments enough and then
    none any more, until the end of what was looked at, something else ended that. None if there is
    no such age.

    Args:
        ended: The sockets.
        until: The end of what was looked at, nanoseconds.
    """
    best = None
    for service in sorted({one.service or "" for one in ended}):
        own = sorted(
            (one for one in ended if (one.service or "") == service and one.age >= LONG),
            key=lambda one: (one.opened, one.number),
        )
        common, _ = one_value([one.age for one in own])
        for age in (common, *TIMERS):
            alike = [one for one in own if abs(one.age - age) <= NEAR * age]
            if best is not None and len(alike) <= len(best[1]):
                continue
            if not alike or _has_ceased(alike, age, until):
                continue
            if _is_common(alike, since := own[own.index(alike[0]) :], age):
                best = (age, alike, since)
    return best


def _has_ceased(alike: Sequence[Ended], age: float, until: int | None) -> bool:
    """Tell whether so long without another is rarer than RARE, had they gone on as before."""
    span = alike[-1].opened - alike[0].opened
    if until is None or span <= 0:
        return False
    quiet = until - round(age * 1e9) - alike[-1].opened
    return math.exp(-(len(alike) - 1) * quiet / span) < RARE


def _is_common(alike: Sequence[Ended], since: Sequence[Ended], age: float) -> bool:
    is_timer = any(abs(age - timer) <= NEAR * timer for timer in TIMERS)
    is_first = is_timer and min(one.age for one in since) >= age * (1 - NEAR)
    least, most = (ENOUGH - 1, SOME) if is_first else (ENOUGH, MOST)
    rounds = {one.opened // round(max(age, 1.0) * 1e9 / _PARTS) for one in alike}
    return len(alike) >= least and len(alike) >= most * len(since) and len(rounds) > 1


def ended_alike(attempts: Sequence[Attempt], until: int | None) -> tuple[Attempt, ...]:
    """Give the attempts, with sockets that ended at one age as failed.

    Args:
        attempts: All.
        until: The end of what was looked at, nanoseconds.
    """
    found = of_one_age(
        [
            Ended(one.latency, one.time, one.number, one.place.service)
            for one in attempts
            if one.is_socket and one.latency is not None and not one.failed
        ],
        until,
    )
    if found is None:
        return tuple(attempts)
    alike = {one.number for one in found[1]}
    return tuple(
        msgspec.structs.replace(one, kinds=frozenset({ENDED_AT_ONE_AGE}))
        if one.number in alike
        else one
        for one in attempts
    )


def found_no_more(attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    """Give the attempts, with those as failed that found nothing where others were answered well.

    That one path answers both is what ids in it do; so it must rise by more than chance.
    """
    answered = [one for one in attempts if one.is_request and one.status is not None]
    well = {(one.place.service, one.path) for one in answered if not one.failed} & {
        (one.place.service, one.path) for one in answered if (one.status or 0) < _ERROR
    }
    paths = {(one.place.service, one.path) for one in answered if one.status == _NOT_FOUND} & well
    lost = set()
    for place in paths:
        own = [one for one in answered if (one.place.service, one.path) == place]
        rise = rise_of([one.status == _NOT_FOUND for one in own])
        if rise is not None and rise.chance < RARE:
            lost |= {one.number for one in own if one.status == _NOT_FOUND}
    return tuple(
        msgspec.structs.replace(one, kinds=frozenset({NOT_FOUND})) if one.number in lost else one
        for one in attempts
    )


def named_no_more(attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    """Give the attempts, with those as failed that name nobody where somebody had been named.

    Guests come at any time; so nobody must be named more often than chance has it from a moment on,
    on paths on which somebody was named before.
    """
    told = [
        one
        for one in attempts
        if one.is_request
        and not one.is_open
        and not one.is_login
        and (one.principal is not None or Sign.NOBODY_NAMED in one.signs)
    ]
    flags = [one.principal is None or Sign.NOBODY_NAMED in one.signs for one in told]
    rise = rise_of(flags)
    if rise is None or rise.chance >= RARE or rise.before[0]:
        return tuple(attempts)
    known = {(one.place.service, one.path) for one in told[: rise.index]}
    lost = {
        one.number
        for one, is_lost in zip(told, flags, strict=True)
        if is_lost and (one.place.service, one.path) in known
    }
    kinds = frozenset({Sign.CHECK_PASSED_OVER.value})
    return tuple(
        msgspec.structs.replace(one, kinds=kinds) if one.number in lost else one for one in attempts
    )
