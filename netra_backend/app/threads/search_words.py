"""What a person types to search, as words that a text must all contain. Pure; no query is here."""

import re
import string
import unicodedata
from typing import Final

from netra.errors import ContentInvalid

MAX_SEARCH: Final = 200
MAX_WORDS: Final = 6
MAX_SPELLINGS: Final = 12
"""Of all words together: each is looked for in every text that is searched."""

_WORD: Final = re.compile(r'"([^"]+)"|([^\s"]+)')
_UNSTORABLE: Final = re.compile(r"[\x00\ud800-\udfff]")
_FORMS: Final = ("NFC", "NFD")
_ASCII_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

Spellings = tuple[str, ...]
"""One word as it may stand in a text; one of them is enough."""


def search_words(text: str) -> tuple[Spellings, ...]:
    """Split what was typed at white space; what stands in double quotes stays together.

    Every database can disregard the case of ASCII letters, but not every one that of others. So a
    word that has others comes in the spellings people use, the likeliest if they would be many.

    Raises:
        ContentInvalid: It is too long, has too many words, or a character no text can hold.
    """
    if len(text) > MAX_SEARCH or _UNSTORABLE.search(text):
        raise ContentInvalid(
            "not a search", detail=f"A search has at most {MAX_SEARCH} characters, and no U+0000."
        )
    words = [" ".join((quoted or bare).split()) for quoted, bare in _WORD.findall(text)]
    wanted = tuple(dict.fromkeys(word for word in words if word))
    if len(wanted) > MAX_WORDS:
        raise ContentInvalid("too many words", detail=f"A search has at most {MAX_WORDS} words.")
    most = MAX_SPELLINGS // max(1, len(wanted))
    return tuple(_spellings(word)[:most] for word in wanted)


def _spellings(word: str) -> Spellings:
    cases = (word, word.lower(), word.title(), word.upper(), word.casefold())
    forms = (unicodedata.normalize(form, case) for form in _FORMS for case in cases)
    return tuple(dict.fromkeys(form.translate(_ASCII_LOWER) for form in forms))
