"""Facts about sockets and browsers: what only they suffer, and when sockets end."""

from collections.abc import Iterator
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.silent import LONG, MOST, NEAR, one_value
from netra_ops.diagnosis.observing.framing.telling import absent, seen
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.signs.sign import Sign

_TWO: Final = 2
_ENOUGH: Final = 5
_ALIKE: Final = 3
_REFUSALS: Final = frozenset({401, 403})


def observed(scene: Scene) -> Iterator[Observation]:
    """Give them."""
    yield from _sockets_only(scene)
    yield from _one_age(scene)
    yield from _preflight(scene)


def _sockets_only(scene: Scene) -> Iterator[Observation]:
    """Say whether of sockets and plain requests only the first fail."""
    bad = [one for one in scene.failing if one.is_request or one.path is not None]
    sockets = [one for one in bad if one.is_socket]
    plain = [one for one in bad if not one.is_socket]
    good = [
        one
        for one in scene.since
        if not one.is_socket and not one.is_open and not one.failed and one.is_request
    ]
    says = (
        f"{len(sockets)} sockets or handshakes failed since the onset, and {len(plain)} plain "
        f"requests beside {len(good)} that went well."
    )
    if len(sockets) >= _TWO and not plain and len(good) >= _ENOUGH:
        yield seen(Fact.SOCKETS_ONLY, says, [*sockets[:3], *good[:2]], service=scene.service)
    elif len(plain) >= _TWO:
        yield absent(Fact.SOCKETS_ONLY, says, plain, service=scene.service)


def _one_age(scene: Scene) -> Iterator[Observation]:
    """Say whether most sockets ended at one age, within 2 %, since the first that did."""
    ages: list[tuple[float, int]] = [
        (one.latency, one.number)
        for one in scene.attempts
        if one.is_socket and one.latency is not None and one.latency >= LONG
    ]
    opened = {
        line.request: line.time
        for line in scene.tally.occurrences.get(Sign.SOCKET_OPENED, ())
        if line.request is not None and line.time is not None
    }
    for line in scene.tally.occurrences.get(Sign.SOCKET_CLOSED, ()):
        began = opened.get(line.request) if line.request is not None else None
        if began is not None and line.time is not None and line.time - began >= LONG * 1e9:
            ages.append(((line.time - began) / 1e9, line.number))
    if len(ages) < _ALIKE:
        return
    ages.sort(key=lambda one: one[1])
    value, _ = one_value([age for age, _ in ages])
    first = next(place for place, (age, _) in enumerate(ages) if abs(age - value) <= NEAR * value)
    ages = ages[first:]
    value, number = one_value([age for age, _ in ages])
    near = [line for age, line in ages if abs(age - value) <= NEAR * value]
    says = f"{number} of {len(ages)} sockets ended at {value:.1f} s, within 2 %."
    if number >= max(_ALIKE, MOST * len(ages)):
        yield seen(
            Fact.SOCKETS_END_AT_ONE_AGE,
            says,
            near,
            subjects=[f"{value:.0f} s"],
            service=scene.service,
        )
    elif len(ages) >= _ENOUGH and number <= (1 - MOST) * len(ages):
        yield absent(
            Fact.SOCKETS_END_AT_ONE_AGE, says, [line for _, line in ages], service=scene.service
        )


def _preflight(scene: Scene) -> Iterator[Observation]:
    asked = [one for one in scene.since if one.method == "OPTIONS"]
    refused = [one for one in asked if one.status in _REFUSALS]
    says = f"{len(refused)} of {len(asked)} OPTIONS requests got 401 or 403 since the onset."
    if refused:
        yield seen(
            Fact.PREFLIGHT_REFUSED,
            says,
            refused,
            time=refused[0].ended,
            subjects=sorted({one.path for one in refused if one.path})[:5],
            service=refused[0].place.service,
        )
    elif len(asked) >= _TWO:
        yield absent(Fact.PREFLIGHT_REFUSED, says, asked, service=scene.service)
