"""Failures that no answer tells of by itself: only beside others are they some. Pure.

Both are asked for only where nothing else failed.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from netra_ops.diagnosis.observing.framing.attempt import Attempt
from netra_ops.diagnosis.observing.framing.chances import RARE
from netra_ops.diagnosis.observing.framing.changes import rise_of

ENDED_AT_ONE_AGE: Final = "ended_at_one_age"
"""A kind of failure."""
NOT_FOUND: Final = "404"
NEAR: Final = 0.02
"""Two ages this near to one another are one."""
LONG: Final = 5.0
"""Seconds: what ends earlier was hardly open."""
MOST: Final = 0.6
_ENOUGH: Final = 3
_NOT_FOUND: Final = 404
_ERROR: Final = 400


def one_value(values: Sequence[float]) -> tuple[float, int]:
    """Give the value near which most lie, and how many; 0 and 0 of none."""
    ordered = sorted(values)
    best, most, low = 0.0, 0, 0
    for high, value in enumerate(ordered):
        while ordered[low] < value * (1 - NEAR):
            low += 1
        if high - low + 1 > most:
            best, most = ordered[(low + high) // 2], high - low + 1
    return best, most


def ended_alike(attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    """Give the attempts, with sockets that ended at one age as failed.

    They must be most of the sockets since the first of them.
    """
    open_long = [
        one for one in attempts if one.is_socket and one.latency is not None and not one.failed
    ]
    age, number = one_value([one.latency or 0.0 for one in open_long])
    if number < _ENOUGH or age < LONG:
        return tuple(attempts)
    alike = {one.number for one in open_long if abs((one.latency or 0.0) - age) <= NEAR * age}
    first = min(one.time for one in open_long if one.number in alike)
    since = [one for one in open_long if one.time >= first]
    if len(alike) < MOST * len(since):
        return tuple(attempts)
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
