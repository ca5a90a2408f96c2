"""The facts of who was given which traffic: pinned, taken back. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.wording import DAY, MINUTE, clock, observation
from netra_ops.evidence.records.revisions.revision import Revision, number_in, service_in
from netra_ops.evidence.records.traffic import Traffic

_MOST: Final = 50.0
_TIME_TO_SHIFT: Final = 10 * MINUTE
"""A revision that is younger may still be waiting for its traffic."""


_SERVED: Final = 5
"""So many good answers say that a service served well."""


class Shares(NamedTuple):
    """What a service's revisions were given from a moment on."""

    time: int | None
    percent: dict[str, float]
    where: dict[str, str]

    @property
    def leading(self) -> str | None:
        """Who was given most, if more than half."""
        best = max(self.percent, key=lambda name: self.percent[name], default=None)
        return best if best is not None and self.percent[best] > _MOST else None


def observed(scene: Scene) -> Iterator[Observation]:
    """Give the observations of `traffic.json`, and of what documents of services say of it."""
    for service in _services(scene):
        history = history_of(scene, service)
        if history:
            yield from _pinned(scene, service, history)
            yield from _rolled_back(scene, service, history)


def history_of(scene: Scene, service: str) -> tuple[Shares, ...]:
    """Give what a service's revisions were given, moment by moment.

    A statement speaks for those that it names; what it leaves over is what they had, unless it
    gives away all of it.
    """
    moments: dict[int | None, list[Traffic]] = {}
    for share in scene.bundle.traffic:
        if share.revision and _service(scene, share) == service:
            moments.setdefault(share.time, []).append(share)
    found: list[Shares] = []
    shares: dict[str, float] = {}
    places: dict[str, str] = {}
    for time, said in moments.items():
        percent = {one.revision: one.percent for one in said if one.tag is None or one.percent}
        if not percent:
            continue
        whole = sum(percent.values()) >= 2 * _MOST
        shares = percent if whole else shares | percent
        places = places | {one.revision: one.where for one in said}
        found.append(Shares(time, dict(shares), dict(places)))
    return tuple(found)


def _services(scene: Scene) -> Sequence[str]:
    if scene.service is not None:
        return (scene.service,)
    named = (_service(scene, one) for one in scene.bundle.traffic)
    return tuple(dict.fromkeys(one for one in named if one is not None))


def _service(scene: Scene, share: Traffic) -> str | None:
    if share.service is not None:
        return share.service
    owners = {one.service for one in scene.bundle.revisions if one.name == share.revision}
    owners |= {
        place.service
        for place in scene.tally.instances
        if place.revision == share.revision and place.service is not None
    }
    if len(owners) == 1:
        return owners.pop()
    if owners or (number_in(share.revision) is not None and not _may_own(scene, share.revision)):
        return None
    return scene.service


def _may_own(scene: Scene, revision: str) -> bool:
    """Tell whether a numbered revision that no document knows is named like the scene's service.

    One that is named after neither the service nor its known revisions is of another.
    """
    named = service_in(revision)
    own = {scene.service} | {
        service_in(place.revision)
        for place in scene.tally.instances
        if place.service == scene.service and place.revision is not None
    }
    return named in own


def _pinned(scene: Scene, service: str, history: Sequence[Shares]) -> Iterator[Observation]:
    """Observe whether the newest ready revision is given traffic, at the end of what is known."""
    until = scene.bundle.manifest.end or scene.tally.last
    given_none = {name for shares in history for name, part in shares.percent.items() if not part}
    ready = [
        one
        for one in scene.bundle.revisions
        if one.service == service
        and not (one.ready is not None and one.ready.status != "True")
        and (
            until is None
            or one.created is None
            or one.created <= until - _TIME_TO_SHIFT
            or (one.created <= until and one.name in given_none)
        )
    ]
    if not ready or len({one.name for one in ready}) < len(("newest", "older")):
        return
    newest, last = ready[-1], history[-1]
    if _served_well_since(scene, newest):
        return
    ever = any(shares.percent.get(newest.name, 0.0) > 0 for shares in history)
    older = [
        name
        for name, percent in last.percent.items()
        if percent > 0 and name != newest.name and _is_older(scene, name, newest)
    ]
    is_pinned = not ever and bool(older)
    if is_pinned:
        says = (
            f"{newest.name} is ready since {clock(newest.created)} and was never given traffic; "
            f"{older[0]} is named instead."
        )
    elif ever and not last.percent.get(newest.name, 0.0):
        says = f"{newest.name}, the newest, was given traffic, and it was taken away again."
    else:
        says = f"{newest.name}, the newest, is given {last.percent.get(newest.name, 0.0):g} %."
    yield observation(
        Fact.NEWEST_WITHOUT_TRAFFIC,
        says,
        [*last.where.values(), newest.where],
        is_seen=is_pinned,
        time=newest.created if is_pinned else None,
        subjects=[newest.name, older[0]] if is_pinned else (),
        service=service,
    )


def _served_well_since(scene: Scene, newest: Revision) -> bool:
    """Tell whether the service served well while the newest waited: then it is no cure that waits.

    Whoever is ready before something fails was not made to mend it.
    """
    if scene.onset is None or newest.created is None or newest.created >= scene.onset:
        return False
    well = sum(not one.failed and one.time > (newest.created or 0) for one in scene.earlier)
    return well >= _SERVED


def _rolled_back(scene: Scene, service: str, history: Sequence[Shares]) -> Iterator[Observation]:
    """Observe whether traffic went from a newer revision back to an older one."""
    start = scene.bundle.manifest.start or scene.tally.first
    led: list[str] = []
    before: str | None = None
    for shares in history:
        leading = shares.leading
        if leading is None or leading == before:
            continue
        age = None if before is None else _is_older(scene, leading, before)
        is_back = age if age is not None else leading in led
        is_near = shares.time is None or start is None or shares.time >= start - DAY
        if is_back and is_near:
            yield observation(
                Fact.ROLLED_BACK,
                f"At {clock(shares.time)} traffic went from {before} back to {leading}.",
                [shares.where[leading], shares.where.get(before or "", shares.where[leading])],
                time=shares.time,
                subjects=[leading, before or ""],
                service=service,
            )
            return
        led.append(leading)
        before = leading
    yield observation(
        Fact.ROLLED_BACK,
        f"Traffic of {service} went to newer revisions only.",
        history[-1].where.values(),
        is_seen=False,
        service=service,
    )


def _is_older(scene: Scene, name: str, than: Revision | str) -> bool | None:
    """Tell whether a revision is older than another, by its number or by when it was made.

    None where neither is known.
    """
    other = than if isinstance(than, str) else than.name
    numbers = number_in(name), number_in(other)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] < numbers[1]
    made = {one.name: one.created for one in scene.bundle.revisions}
    first, second = made.get(name), made.get(other)
    return None if first is None or second is None else first < second
