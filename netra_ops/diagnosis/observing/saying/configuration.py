"""What programs say of their configuration, as far as it is new with the failures. Pure."""

from collections.abc import Iterator
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.telling import absent
from netra_ops.diagnosis.observing.saying.heard import Heard, heard, lines_of, new_with
from netra_ops.diagnosis.observing.saying.sentences import told
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.signs.sign import Sign

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
    yield from _loaded(scene)
    swallowed = heard(scene, (Sign.CHECK_PASSED_OVER,))
    if swallowed.lines and not swallowed.is_usual:
        yield told(
            Fact.ANONYMOUS_SERVED,
            swallowed,
            "a check is said to be passed over, or nobody taken for somebody",
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
