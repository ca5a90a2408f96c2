"""What a text says, by the lexicon; texts of one form are looked at once. Pure."""

import re
from typing import Final, NamedTuple, TypeVar

from netra_ops.diagnosis.signs.lexicon.every import PHRASES, SILENCED_BY
from netra_ops.diagnosis.signs.phrase import Phrase, is_advice
from netra_ops.diagnosis.signs.sign import Sign

_URL: Final = re.compile(
    r"(\b(?:https?|wss?)://(?:[^\s/?#\"'`<>@]*@)?[^\s/?#\"'`<>()]*)[^\s\"'`<>)]*"
)
_PATH: Final = re.compile(r"(?<![\w.:/*<])/[\w.%~@:+*=-]+(?:/[\w.%~@:+*=-]*)*/?(?:\?[^\s\"'`]*)?")
_KEPT: Final = re.compile(
    r"\b(?!(?:[01]|30[1278]|4(?:0[0-9]|2[0-9])|50[0-9]|10\d\d|4[4]\d\d|28P01|28000)\b)"
    r"\w*\d\w*",
    re.IGNORECASE,
)
_DIGITS: Final = bytes.maketrans(b"23456789", b"77777777")
_CODES: Final = re.compile(
    r"\b(?:[01]|30[1278]|4(?:0[0-9]|2[0-9])|50[0-9]|10\d\d|44\d\d|28P01|28000)\b", re.IGNORECASE
)
"""Numbers that mean something; all others do not."""
_K = TypeVar("_K")
_LONGEST: Final = 3_000
_REMEMBERED: Final = 60_000


class Meaning(NamedTuple):
    """What a text says, and about what; None is what it does not say."""

    sign: Sign
    subject: str | None = None


class Lexicon:
    """Looks texts up, and remembers those forms that it has seen."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Phrase, ...]] = {}
        self._quick: dict[tuple[bytes | str, ...], tuple[Phrase, ...]] = {}

    def meanings(self, text: str) -> list[Meaning]:
        """Give what a text says, each sign once; nothing for what is harmless."""
        if not text:
            return []
        plain = without_paths(text[:_LONGEST])
        # Most texts differ in digits alone, which is quickly seen; the codes decide.
        digits = plain.encode("utf-8", "replace").translate(_DIGITS)
        quick = (digits, *_CODES.findall(plain))
        phrases = self._quick.get(quick)
        if phrases is None:
            phrases = self._of_form(plain)
            _put(self._quick, quick, phrases)
        if not phrases:
            return []
        return [Meaning(one.sign, _subject(one, plain)) for one in phrases]

    def _of_form(self, plain: str) -> tuple[Phrase, ...]:
        form = _KEPT.sub("7", plain)
        phrases = self._known.get(form)
        if phrases is None:
            phrases = _looked_up(plain)
            _put(self._known, form, phrases)
        return phrases


def _put(known: dict[_K, tuple[Phrase, ...]], key: _K, phrases: tuple[Phrase, ...]) -> None:
    if len(known) >= _REMEMBERED:
        known.clear()
    known[key] = phrases


def without_paths(text: str) -> str:
    """Take paths and queries out of a text: what a path is called is no statement."""
    if "/" not in text:
        return text
    return _PATH.sub("/", _URL.sub(r"\1", text))


def _looked_up(text: str) -> tuple[Phrase, ...]:
    if is_advice(text):
        return ()
    lower = text.lower()
    found: dict[Sign, Phrase] = {}
    for one in PHRASES:
        if one.sign in found:
            continue
        for needed in one.needs:
            if needed in lower:
                if one.found_in(text) is not None:
                    found[one.sign] = one
                break
    silenced = [
        sign for sign in found if (by := SILENCED_BY.get(sign)) and not by.isdisjoint(found)
    ]
    for sign in silenced:
        del found[sign]
    return tuple(found.values())


def _subject(phrase: Phrase, text: str) -> str | None:
    if not phrase.has_subject:
        return None
    found = phrase.found_in(text)
    if found is None:
        return None
    return next((value for value in found.groupdict().values() if value), None)
