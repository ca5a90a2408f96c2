"""How a question is made plain before it is judged: politeness and full stops go. Pure."""

import re
from dataclasses import dataclass, field
from typing import Final

from netra_backend.app.agents.reckoning.summary import STOP_WORDS

MAX_WORDS: Final = 6
MAX_SEARCH: Final = 200

_QUOTES: Final = str.maketrans(
    {
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{DOUBLE LOW-9 QUOTATION MARK}": '"',
        "`": "'",
    }
)
_POLITE: Final = re.compile(
    r"(?:(?:please|pls|hey|hi|hello|ok|okay|so|well|now|and|assistant|netra)[,!.]*|"
    r"(?:can|could|would|will) you(?: please| kindly)?|i(?: would|'d)? (?:want|like)(?: you)? to|"
    r"i need(?: you)? to|(?:i want|i'd like|i would like|i need)|help me(?: to)?|let me|"
    r"(?:tell|show|give|get) me|do you know|i wonder|let us|let's) +",
    re.IGNORECASE,
)
_AFTERWARDS: Final = re.compile(
    r"[\s,]*(?:please|pls|for me|thanks|thank you|(?<=\w)[.!?;,]+|[?!]+)$", re.IGNORECASE
)
_WHERE: Final = re.compile(
    r"\s+(?:in|from|among|through|across)\s+(?:all\s+)?(?:of\s+)?(?:my|our|the|any|every)\s+"
    r"(?:old\s+|past\s+|previous\s+|other\s+)?"
    r"(?:messages?|notes?|history|threads?|chats?|conversations?)$|\s+(?:before|earlier|again)$",
    re.IGNORECASE,
)
_SEARCHED: Final = re.compile(r'"[^"]+"|[^\s"]+')


@dataclass(frozen=True, slots=True)
class Wish:
    """One question on one line.

    Attributes:
        line: As it was typed, but for white space, quotation marks and what ends a sentence.
        plain: The same without words of politeness around it.
    """

    line: str = field(repr=False)
    plain: str = field(repr=False)

    @property
    def spellings(self) -> tuple[str, str]:
        """Both of them: a greeting is all politeness."""
        return self.line, self.plain


def tidied(text: str) -> Wish:
    """Make a question plain."""
    line = " ".join(text.translate(_QUOTES).split())
    line = line if set(line) <= {"?"} else line.rstrip("?!.,; ")
    plain = line
    while (polite := _POLITE.match(plain)) and polite.end() < len(plain):
        plain = plain[polite.end() :]
    while (after := _AFTERWARDS.search(plain)) and after.start() > 0:
        plain = plain[: after.start()]
    return Wish(line, plain.strip())


def searched_for(text: str) -> str:
    """Give the words that tell something, as the search takes them; quoted ones stay together."""
    text = _WHERE.sub("", f" {text}").strip()
    found = [word if word[0] == '"' else word.strip(".,;:!?()") for word in _SEARCHED.findall(text)]
    words = [word for word in found if word.strip("\"'")]
    telling = [word for word in words if word.lower() not in STOP_WORDS] or words
    kept: list[str] = []
    for word in telling[:MAX_WORDS]:
        if len(" ".join([*kept, word])) <= MAX_SEARCH:
            kept.append(word)
    return " ".join(kept)
