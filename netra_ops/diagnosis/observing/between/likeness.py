"""In which form two values are equal, by their fingerprints alone. Pure."""

from base64 import b64decode
from enum import IntEnum
from hashlib import sha256
from typing import Final, NamedTuple

from netra_ops.evidence.records.fingerprints import Prints


class Form(IntEnum):
    """What has to be done to two values until they are equal, the least first."""

    AS_IT_IS = 0
    STRIPPED = 1
    UNQUOTED = 2
    UNESCAPED = 3
    DECODED = 4


class Likeness(NamedTuple):
    """How two values are alike.

    Attributes:
        form: In which form they are equal; None where they are equal in none.
        blemished: Which of the two is not as the form would have it, by its place: 0, 1 or both.
    """

    form: Form | None
    blemished: tuple[int, ...] = ()


_NAMES: Final = {
    Form.STRIPPED: ("without_line_break", "stripped"),
    Form.UNQUOTED: ("unquoted",),
    Form.UNESCAPED: ("unescaped", "unescaped_stripped"),
    Form.DECODED: ("decoded", "decoded_stripped", "b64decoded_stripped", "base64decoded"),
}
"""Other fingerprints than the four that every bundle names alike."""


def likeness(one: Prints | None, other: Prints | None) -> Likeness | None:
    """Compare two values; None where too little of them is known to say that they differ.

    Equal in a form is only what is equal in it and differs in every lesser one.
    """
    ours, theirs = forms_of(one), forms_of(other)
    if not ours or not theirs:
        return None
    for form in Form:
        mine = {print_ for step, print_ in ours if step <= form}
        yours = {print_ for step, print_ in theirs if step <= form}
        if mine & yours:
            if form is Form.AS_IT_IS:
                return Likeness(form)
            return Likeness(form, _blemished(form, ours, theirs))
    known = {form for form, _ in ours} & {form for form, _ in theirs}
    return Likeness(None) if {Form.AS_IT_IS, Form.STRIPPED} <= known else None


def prints_of(value: str) -> Prints:
    """Give the fingerprints of a value that is shown, to be compared with another such only.

    A bundle's own have its salt in them, and are equal to none of these.
    """
    bare = value.strip()
    is_quoted = len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'"
    return Prints(
        where="",
        service="",
        variable="",
        raw=_digest(value.encode("utf-8", "replace")),
        stripped=_digest(bare.encode("utf-8", "replace")),
        unquoted=_digest((bare[1:-1] if is_quoted else bare).encode("utf-8", "replace")),
        b64decoded=_decoded(bare),
    )


def _decoded(bare: str) -> str | None:
    try:
        return _digest(b64decode(bare, validate=True))
    except ValueError:
        return None


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def forms_of(prints: Prints | None) -> list[tuple[Form, str]]:
    """Give the fingerprints of a value by what was done to it."""
    found: list[tuple[Form, str]] = []
    if prints is None:
        return found
    for form, print_ in (
        (Form.AS_IT_IS, prints.raw),
        (Form.STRIPPED, prints.stripped),
        (Form.UNQUOTED, prints.unquoted),
        (Form.DECODED, prints.b64decoded),
    ):
        if print_:
            found.append((form, print_))
    for form, names in _NAMES.items():
        found += [(form, print_) for name in names if (print_ := prints.others.get(name))]
    return found


def carries(prints: Prints, form: Form) -> bool | None:
    """Tell whether a value has what a form takes away; None where that cannot be seen."""
    taken = prints.stripped if form is Form.STRIPPED else prints.unquoted
    if prints.raw is None or taken is None:
        return None
    if form is Form.UNQUOTED and taken == prints.stripped:
        return False
    return taken != prints.raw


def _blemished(
    form: Form, ours: list[tuple[Form, str]], theirs: list[tuple[Form, str]]
) -> tuple[int, ...]:
    """Say whose value has to be changed for the two to be equal."""
    raws = [dict(reversed(forms)).get(Form.AS_IT_IS) for forms in (ours, theirs)]
    sets = [{print_ for step, print_ in forms if step <= form} for forms in (ours, theirs)]
    meeting = sets[0] & sets[1]
    return tuple(number for number, raw in enumerate(raws) if raw not in meeting)
