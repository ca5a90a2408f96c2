"""Facts about sockets and browsers: what only they suffer, and when sockets end."""

from collections.abc import Iterator
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.silent import (
    LONG,
    MOST,
    Ended,
    of_one_age,
    one_value,
)
from netra_ops.diagnosis.observing.framing.telling import absent, seen
from netra_ops.diagnosis.observing.scene import Scene, last_of
from netra_ops.diagnosis.observing.statistics.chances import ORDINARY, fisher
from netra_ops.diagnosis.signs.sign import Sign

_TWO: Final = 2
_ENOUGH: Final = 5
_REFUSALS: Final = frozenset({401, 403})
_UPGRADE_REQUIRED: Final = 426
"""RFC 9110, 15.5.22."""
_NOT_OPENED: Final = range(400, 600)
_GIVEN_UP: Final = frozenset({408, 499, 504})
"""What those write of a socket that they ended who have one status for all that took too long."""


def observed(scene: Scene) -> Iterator[Observation]:
    """Give them."""
    yield from _sockets_only(scene)
    yield from _plain(scene)
    yield from _one_age(scene)
    yield from _preflight(scene)


def _sockets_only(scene: Scene) -> Iterator[Observation]:
    """Say whether of sockets and plain requests only the first fail, by more than chance."""
    bad = [one for one in scene.failing if one.is_request or one.path is not None]
    sockets = [one for one in bad if one.is_socket]
    plain = [one for one in bad if not one.is_socket]
    since = [one for one in scene.since if one.is_request]
    good = [one for one in since if not one.is_socket and not one.failed]
    says = (
        f"{len(sockets)} sockets or handshakes failed since the onset, and {len(plain)} plain "
        f"requests beside {len(good)} that went well."
    )
    # What a proxy answers with an error may be well behind it: there it is another handshake.
    where = {one.place.service for one in sockets}
    tried = sum(one.is_socket and one.place.service in where for one in since)
    chance = fisher(len(sockets), max(tried, len(sockets)), 0, len(good))
    if len(sockets) >= _TWO and not plain and chance < ORDINARY:
        yield seen(Fact.SOCKETS_ONLY, says, [*sockets[:3], *good[:2]], service=scene.service)
    elif len(plain) >= _TWO:
        yield absent(Fact.SOCKETS_ONLY, says, plain, service=scene.service)


def _plain(scene: Scene) -> Iterator[Observation]:
    """Say whether handshakes were taken for plain requests, which get `426 Upgrade Required`."""
    asked = [one for one in scene.failing if one.is_request]
    plain = [one for one in asked if one.status == _UPGRADE_REQUIRED]
    if len(plain) >= _TWO and len(plain) >= MOST * len(asked):
        yield seen(
            Fact.UPGRADE_MISSING,
            f"{len(plain)} of {len(asked)} failing requests were answered with 426, as requests "
            "are that ask for no upgrade.",
            plain,
            time=plain[0].time,
            service=scene.service,
        )


def _one_age(scene: Scene) -> Iterator[Observation]:
    """Say whether most sockets ended at one age, since the first that did."""
    ended = [
        Ended(one.latency, one.time, one.number, one.place.service)
        for one in scene.attempts
        if one.is_socket
        and one.latency is not None
        and one.latency >= LONG
        and ((one.status or 0) not in _NOT_OPENED or one.status in _GIVEN_UP)
    ]
    opened = {
        line.request: line.time
        for line in scene.tally.occurrences.get(Sign.SOCKET_OPENED, ())
        if line.request is not None and line.time is not None
    }
    told = {one.request for one in scene.attempts if one.is_socket and one.latency is not None}
    for line in scene.tally.occurrences.get(Sign.SOCKET_CLOSED, ()):
        name = line.request
        began = None if name is None or name in told else opened.get(name)
        if began is not None and line.time is not None:
            age = (line.time - began) / 1e9
            ended.append(Ended(age, began, line.number, line.place.service))
    found = of_one_age(ended, last_of(scene.bundle, scene.tally))
    if found is not None:
        age, alike, since = found
        if _are_others_than(scene, {one.number for one in alike}):
            return
        yield seen(
            Fact.SOCKETS_END_AT_ONE_AGE,
            f"{len(alike)} of {len(since)} sockets ended at {age:.1f} s, within 1 %.",
            [one.number for one in alike],
            time=alike[0].opened,
            subjects=[f"{age:.0f} s"],
            service=alike[0].service,
        )
        return
    age, number = one_value([one.age for one in ended])
    if len(ended) >= _ENOUGH and number <= (1 - MOST) * len(ended):
        yield absent(
            Fact.SOCKETS_END_AT_ONE_AGE,
            f"Of {len(ended)} sockets no more than {number} ended at one age, {age:.1f} s.",
            [one.number for one in ended],
            service=scene.service,
        )


def _are_others_than(scene: Scene, alike: set[int]) -> bool:
    """Tell whether the sockets that fail are handshakes refused, and none that ended so."""
    sockets = [one for one in scene.failing if one.is_socket]
    refused = [one for one in sockets if (one.status or 0) in _NOT_OPENED]
    return (
        bool(refused)
        and len(refused) == len(sockets)
        and alike.isdisjoint(one.number for one in sockets)
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
        yield from _bare(scene)
    elif len(asked) >= _TWO:
        yield absent(Fact.PREFLIGHT_REFUSED, says, asked, service=scene.service)


def _bare(scene: Scene) -> Iterator[Observation]:
    """Say whether refused preflights came back without a header for browsers, by the log."""
    onset = scene.onset or 0
    lines = scene.tally.occurrences.get(Sign.PREFLIGHT_BARE, ())
    bare = [one for one in lines if (one.time or 0) >= onset]
    if bare:
        yield seen(
            Fact.PREFLIGHT_WITHOUT_CORS,
            f"{len(bare)} refused preflights came back with headers of which none tells a browser "
            "what it may.",
            [one.number for one in bare],
            time=bare[0].time,
            service=bare[0].place.service,
        )
