"""What a text says, by the lexicon; texts of one form are looked at once. Pure."""

import re
from typing import Final, NamedTuple

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

    def meanings(self, text: str) -> list[Meaning]:
        """Give what a text says, each sign once; nothing for what is harmless."""
        if not text:
            return []
        plain = without_paths(text[:_LONGEST])
        form = _KEPT.sub("7", plain)
        phrases = self._known.get(form)
        if phrases is None:
            phrases = _looked_up(plain)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[form] = phrases
        if not phrases:
            return []
        return [Meaning(one.sign, _subject(one, plain)) for one in phrases]


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
