"""What programs say of their configuration, as far as it is new with the failures. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.telling import absent, seen
from netra_ops.diagnosis.observing.saying.heard import Heard, heard, lines_of, new_with
from netra_ops.diagnosis.observing.saying.sentences import told
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Occurrence, Place

_NEW: Final = (
    (Fact.NOT_CONFIGURED_SAID, Sign.NOT_CONFIGURED, "a variable or secret is said not to be set"),
    (Fact.EMPTY_SAID, Sign.VALUE_EMPTY, "a variable is said to be empty"),
    (Fact.DEFAULT_KEY_SAID, Sign.DEFAULT_KEY, "a default or placeholder key is said to be used"),
    (
        Fact.VALUE_CARRIES_BLANKS,
        Sign.VALUE_WITH_BLANKS,
        "a value is said to have blanks or line breaks around it",
    ),
    (Fact.VALUE_SHORTENED, Sign.VALUE_SHORT, "a value is said to be shorter than it must be"),
    (
        Fact.VALUE_CARRIES_QUOTES,
        Sign.VALUE_IN_QUOTES,
        "a value is said to stand in quotation marks",
    ),
    (
        Fact.REFERENCE_TEXT_SAID,
        Sign.REFERENCE_TEXT,
        "a reference is said to stand where a value should",
    ),
    (
        Fact.FALLBACK_FILE_SAID,
        Sign.FALLBACK_FILE,
        "a cached or fallback configuration is said to be used",
    ),
)
_AT_ONCE: Final = 60_000_000_000
"""Nanoseconds: processes of one instance start so near to one another."""
_SEVERAL: Final = 2
_MANY: Final = 3


def observed(scene: Scene) -> Iterator[Observation]:
    """Give what was said of configuration; what programs said all along is no part of it."""
    for fact, sign, says in _NEW:
        found = new_with(scene, (sign,))
        if found.lines:
            yield told(fact, found, says, of="line")
    generated = Heard(tuple(lines_of(scene, (Sign.KEY_GENERATED,))))
    if generated.lines:
        yield told(
            Fact.KEY_GENERATED_SAID, generated, "a key is said to be made at start", of="line"
        )
    else:
        yield from _keys_of_processes(scene)
    yield from _loaded(scene)
    yield from _outdated(scene)
    yield from _passed_over(scene)


def _passed_over(scene: Scene) -> Iterator[Observation]:
    """Say that nobody was taken for somebody; not that it comes of a variable that is not set."""
    swallowed = heard(scene, (Sign.CHECK_PASSED_OVER,))
    missing = {one.number for one in lines_of(scene, (Sign.NOT_CONFIGURED,))}
    if swallowed.lines and all(one.number in missing for one in swallowed.lines):
        return
    if swallowed.lines and not swallowed.is_usual:
        yield told(
            Fact.ANONYMOUS_SERVED,
            swallowed,
            "a check is said to be passed over, or nobody taken for somebody",
        )


def _keys_of_processes(scene: Scene) -> Iterator[Observation]:
    """Say that processes of one revision sign with keys of their own, as each of them tells.

    Those of one instance, started at once, have one configuration; of instances that have two keys
    some may have read a newer secret, so there all must differ.
    """
    of_instance: dict[Place, list[Occurrence]] = {}
    for one in lines_of(scene, (Sign.KEY_TOLD,)):
        if one.subject and one.place.service in {scene.service, None}:
            of_instance.setdefault(one.place, []).append(one)
    for lines in of_instance.values():
        first = lines[0].time or 0
        at_once = [one for one in lines if (one.time or 0) - first <= _AT_ONCE]
        if len({one.subject for one in at_once}) == len(at_once) >= _SEVERAL:
            yield _own_keys(at_once, "processes of one instance")
            return
    of_revision: dict[str | None, list[Occurrence]] = {}
    for place, lines in of_instance.items():
        of_revision.setdefault(place.revision, []).append(lines[-1])
    for lines in of_revision.values():
        if len({one.subject for one in lines}) == len(lines) >= _MANY:
            yield _own_keys(lines, "instances of one revision")
            return


def _own_keys(lines: Sequence[Occurrence], whose: str) -> Observation:
    return seen(
        Fact.KEY_GENERATED_SAID,
        f"{len(lines)} {whose} say that they sign with {len(lines)} different keys.",
        [one.number for one in lines],
        time=lines[0].time,
        service=lines[0].place.service,
    )


def _outdated(scene: Scene) -> Iterator[Observation]:
    """Say that the failing service itself tells that it holds an older secret than is stored."""
    own = tuple(
        one
        for one in lines_of(scene, (Sign.SECRET_OUTDATED,))
        if one.place.service in {scene.service, None}
    )
    if own and scene.failing:
        yield told(
            Fact.SECRET_NEWER_THAN_INSTANCES,
            Heard(own),
            "an older secret is said to be held than is stored",
            of="line",
        )


def _loaded(scene: Scene) -> Iterator[Observation]:
    """Say that nothing is missing where the failing revision says what it loaded."""
    lines = [
        one
        for one in lines_of(scene, (Sign.CONFIGURED,))
        if one.place.service == scene.service
        and (scene.first_bad is None or one.place.revision == scene.first_bad)
    ]
    missing = [
        one
        for one in lines_of(scene, (Sign.NOT_CONFIGURED,))
        if one.place.service == scene.service or one.place.service is None
    ]
    if lines and not missing and scene.service is not None:
        names = sorted({one.subject for one in lines if one.subject})
        about = f" ({', '.join(names[:4])})" if names else ""
        yield absent(
            Fact.NOT_CONFIGURED_SAID,
            f"{scene.service} says what it loaded{about}, and of nothing that it is not set.",
            [one.number for one in lines],
            service=scene.service,
        )
