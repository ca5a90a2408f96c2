"""Finds what looks like a secret in a document, by the rules by which logs hide it.

Two things only look like one: hashes, which are what stands for a value in a bundle, and the names
of secrets in what refers to them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from netra.telemetry.redaction import Redactor
from netra_ops.evidence.records.taking import Part

_DIGEST: Final = re.compile(r"(?:(?:hmac-)?sha256:)?[0-9a-f]{32,128}", re.IGNORECASE)
_SMALL: Final = re.compile(r"-?\d{1,6}|true|false", re.IGNORECASE)
_REFERENCES: Final = frozenset({"secretKeyRef", "secret_key_ref"})
_DEEPEST: Final = 50
_MOST: Final = 100


class Looking(NamedTuple):
    """How a document is looked at.

    Attributes:
        is_reference: Whether it refers to secrets by their names.
        is_fingerprints: Whether all it may hold is fingerprints.
    """

    is_reference: bool = False
    is_fingerprints: bool = False


def secret_places(part: Part, redactor: Redactor, looking: Looking) -> list[str]:
    """Give the places of what looks like a secret, the first hundred of them."""
    if looking.is_fingerprints:
        found = _no_fingerprints(part, 0)
    else:
        clean = redactor.value(part.value)
        if clean == part.value:
            return []
        found = _differences(part, clean, looking, 0)
    return [place for place, _ in zip(found, range(_MOST), strict=False)]


def _differences(part: Part, clean: Any, looking: Looking, depth: int) -> Iterator[str]:
    """Give where a document is another than the same without secrets."""
    value = part.value
    if isinstance(value, Mapping) and isinstance(clean, Mapping) and depth < _DEEPEST:
        if value.keys() != clean.keys():
            yield part.where
            return
        for name, one in part.members():
            if not (looking.is_reference and name in _REFERENCES):
                yield from _differences(one, clean[name], looking, depth + 1)
        return
    if isinstance(value, list) and isinstance(clean, list) and depth < _DEEPEST:
        for one, beside in zip(part.each(), clean, strict=True):
            yield from _differences(one, beside, looking, depth + 1)
        return
    if value != clean and not (isinstance(value, str) and _DIGEST.fullmatch(value)):
        yield part.where


def _no_fingerprints(part: Part, depth: int) -> Iterator[str]:
    """Give where something else stands than fingerprints, numbers and truth values."""
    if isinstance(part.value, Mapping) and depth < _DEEPEST:
        for _, one in part.members():
            yield from _no_fingerprints(one, depth + 1)
    elif isinstance(part.value, list) and depth < _DEEPEST:
        for one in part.each():
            yield from _no_fingerprints(one, depth + 1)
    elif part.value is not None:
        text = part.text() or ""
        if not (_DIGEST.fullmatch(text) or _SMALL.fullmatch(text)):
            yield part.where
