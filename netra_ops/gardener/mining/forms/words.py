"""The words of a line as they are compared: variables of every kind are alike, punctuation is none.

A line's signature is a pure function of its key.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from netra_ops.gardener.mining.forms.keys import ANY, HEX, UUID
from netra_ops.gardener.mining.forms.masks import WORD, Token

WILD: Final = "*"
"""What is written in a signature for a variable."""

_PUNCTUATION: Final = ".-*#@!?&~`^%$+/\\"
_LETTER: Final = re.compile(rf"[^\W0_]|[{HEX}{UUID}{ANY}]")
_DIGIT: Final = re.compile(f"[0{HEX}{UUID}{ANY}]")
_JOINED: Final = re.compile(r"\w[./\\@#~:]\w")
_COMPOUND: Final = re.compile(r"[a-z][A-Z]|[_-]")
_LONGEST_UNIT: Final = 4
"""Words of the longest list element that is still seen to repeat."""

# What these words say is that a name comes next, so fewer values show that it is a variable.
_NAMING: Final = frozenset(
    re.findall(
        "[a-z]+",
        "user users username account role owner tenant principal subject host hostname node"
        " server client service services app application module package library class function"
        " method container pod namespace image volume cluster region zone bucket table column"
        " relation database schema index constraint key field property attribute name id queue"
        " topic group job task worker event type process command file directory path folder"
        " resource object variable flag parameter argument option setting config template plugin"
        " driver device interface port domain partition channel session by from for",
    )
)


class Place(Enum):
    """Where in a line a word stands, as far as that tells variables from constants."""

    SENTENCE = "in the sentence"
    QUOTED = "in quotes"
    VALUE = "after an equals sign"
    NAME = "after a word that announces a name"


class Look(Enum):
    """What a word looks like, from what is never constant to what is mostly."""

    DIGITS = "has digits"
    JOINED = "is a dotted name or a path"
    COMPOUND = "is a compound name"
    CAPITALS = "is in capitals"
    PLAIN = "is a plain word"


@dataclass(frozen=True, slots=True)
class Signature:
    """The words of a line that are compared, and where each stands; `spans` are their tokens."""

    words: tuple[str, ...]
    places: tuple[Place, ...]
    spans: tuple[tuple[int, int], ...]


def look_of(word: str) -> Look:
    """Return what a word looks like."""
    if word == WILD or _DIGIT.search(word):
        return Look.DIGITS
    if _JOINED.search(word):
        return Look.JOINED
    if word.isupper() and len(word) > 1:
        return Look.CAPITALS
    if _COMPOUND.search(word):
        return Look.COMPOUND
    return Look.PLAIN


def signature_of(tokens: Sequence[Token]) -> Signature:
    """Return the signature of a line's tokens, in which lists count as their first element."""
    words: list[str] = []
    places: list[Place] = []
    spans: list[tuple[int, int]] = []
    for number, token in enumerate(tokens[:-1]):
        word = _compared(token)
        if not word:
            continue
        if word == WILD and words and words[-1] == WILD:
            spans[-1] = (spans[-1][0], number + 1)
            continue
        places.append(_place(words[-1] if words else "", token.lead))
        words.append(word)
        spans.append((number, number + 1))
    _fold_lists(words, places, spans)
    return Signature(tuple(words), tuple(places), tuple(spans))


def _compared(token: Token) -> str:
    if token.kind != WORD:
        return WILD
    word = token.text.strip(_PUNCTUATION)
    if not _LETTER.search(word):
        return WILD if "0" in word else ""
    # The sign of a number within a name says no more than its digits.
    return word.replace("-0", "0") if "0" in word else word


def _place(before: str, lead: str) -> Place:
    if lead.endswith(("'", '"')):
        return Place.QUOTED
    if lead.rstrip().endswith("="):
        return Place.VALUE
    if before.lower() in _NAMING and not lead.strip(" :"):
        return Place.NAME
    return Place.SENTENCE


def _fold_lists(words: list[str], places: list[Place], spans: list[tuple[int, int]]) -> None:
    for length in range(1, _LONGEST_UNIT + 1):
        start = 0
        while start + 2 * length <= len(words):
            again = start + length
            unit = words[start:again]
            if unit == words[again : again + length] and any(map(_DIGIT.search, unit)) | (
                length > 1
            ):
                spans[again - 1] = (spans[again - 1][0], spans[again + length - 1][1])
                del words[again : again + length]
                del places[again : again + length]
                del spans[again : again + length]
            else:
                start += 1
