"""What the platform and programs say of starts: missing modules, failing checks, restarts. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.telling import absent, seen, several
from netra_ops.diagnosis.observing.saying.heard import SLACK, Heard, lines_of, new_with, services_of
from netra_ops.diagnosis.observing.saying.sentences import told
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Occurrence

_SAID: Final = (
    (Fact.MODULE_MISSING, (Sign.MODULE_MISSING,), "a module or file was not there"),
    (Fact.START_FAILED, (Sign.START_FAILED,), "a start failed"),
    (
        Fact.SECRET_PERMISSION_SAID,
        (Sign.SECRET_PERMISSION,),
        "the platform might not read a secret",
    ),
    (Fact.SECRET_VERSION_SAID, (Sign.SECRET_VERSION,), "a secret's version could not be had"),
    (Fact.REVISION_NOT_READY, (Sign.NOT_READY,), "a revision did not become ready"),
)
_OFTEN: Final = 2
_APART: Final = 1_000_000_000
_MOST_APART: Final = 1_800_000_000_000


def observed(scene: Scene) -> Iterator[Observation]:
    """Give what was said of starts; that they went well, where a start is there to see."""
    services = services_of(scene)
    good = _good_starts(scene)
    for fact, signs, says in _SAID:
        found = new_with(scene, signs)
        lines = tuple(
            one
            for one in found.lines
            if not services or one.place.service is None or one.place.service in services
        )
        if lines:
            yield told(fact, Heard(lines, found.before), says, of="line")
        elif good:
            yield absent(
                fact,
                f"{several(len(good), 'start')} of {scene.first_bad or scene.service} went well, "
                f"and nothing says that {says}.",
                [one.number for one in good],
                service=scene.service,
            )
    yield from _restarts(scene, good)


def _good_starts(scene: Scene) -> list[Occurrence]:
    """Find starts that went well, of the revision on which the failures are."""
    if scene.start is not None or scene.service is None:
        return []
    return [
        one
        for one in lines_of(scene, (Sign.STARTED,))
        if one.place.service == scene.service
        and (scene.first_bad is None or one.place.revision == scene.first_bad)
    ]


def _restarts(scene: Scene, good: list[Occurrence]) -> Iterator[Observation]:
    """See whether a revision exited and was started again, and again."""
    services = services_of(scene)
    exits: dict[tuple[str | None, str | None], list[Occurrence]] = defaultdict(list)
    for one in lines_of(scene, (Sign.EXITED,)):
        is_bad = one.status is None or one.status > 0
        is_late = scene.onset is None or one.time is None or one.time >= scene.onset - 10 * SLACK
        if is_bad and is_late and (not services or one.place.service in services):
            exits[one.place.service, one.place.revision].append(one)
    for (service, revision), lines in exits.items():
        apart = _apart(lines)
        if len(apart) >= _OFTEN:
            yield seen(
                Fact.RESTART_LOOP,
                f"{revision or service} exited {several(len(apart), 'time')}, started anew each "
                "time.",
                [one.number for one in apart],
                time=apart[0].time,
                subjects=(revision,) if revision else (),
                service=service,
            )
            return
    if good and not exits:
        yield absent(
            Fact.RESTART_LOOP,
            f"{scene.first_bad or scene.service} started, and no line says that it exited.",
            [one.number for one in good],
            service=scene.service,
        )


def _apart(lines: list[Occurrence]) -> list[Occurrence]:
    """Leave one line of each exit: server and platform both tell of it."""
    found: list[Occurrence] = []
    for one in lines:
        last = found[-1].time if found else None
        if last is None or one.time is None or one.time - last > 5 * _APART:
            found.append(one)
    times = [one.time for one in found if one.time is not None]
    if times and times[-1] - times[0] > _MOST_APART * len(times):
        return found[:1]
    return found
