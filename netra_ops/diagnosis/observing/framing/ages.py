"""Sockets that end at one age: a failure that no answer tells of. Pure."""

from collections.abc import Sequence
from typing import Final

import msgspec

from netra_ops.diagnosis.observing.framing.attempt import Attempt

ENDED_AT_ONE_AGE: Final = "ended_at_one_age"
"""A kind of failure."""
NEAR: Final = 0.02
"""Two ages this near to one another are one."""
LONG: Final = 5.0
"""Seconds: what ends earlier was hardly open."""
MOST: Final = 0.6
_ENOUGH: Final = 3


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

    They must be most of the sockets since the first of them. It is asked only where nothing else
    failed: where handshakes are refused, the age of the others is no matter.
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
