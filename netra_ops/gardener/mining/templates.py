"""A cluster as people see it: its template, its id, the values of its variables.

The id is a hash of a versioned normal form, so it is the same wherever the same template is found.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from netra_ops.gardener.mining.forms.keys import ANY, HEX, UUID, marks_of
from netra_ops.gardener.mining.forms.masks import WORD, Token
from netra_ops.gardener.mining.forms.words import WILD

NORMAL_FORM: Final = "v1"
"""The version of the rules that lead from a line to the words that are hashed."""

_ID_DIGITS: Final = 12
_NAMES: Final = {"0": "<num>", HEX: "<hex>", UUID: "<uuid>", ANY: "<word>"}
_FORMS: Final = {
    "0": "[0-9]+",
    HEX: "[0-9a-fA-FxX]+",
    UUID: "[0-9a-fA-F-]+",
    ANY: r"[^\s=:,;()\[\]{}|\"'<>/]+",
}
_LETTER: Final = re.compile(rf"[^\W0_]|{ANY}")
_MARK: Final = re.compile(f"[0{HEX}{UUID}{ANY}]")


@dataclass(frozen=True, slots=True)
class Values:
    """What a variable stood for: how many values are known, some of them, and if that is all."""

    kind: str
    distinct: int
    examples: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Merge:
    """One of the forms that were taken for one template, its lines, and the rule that did it."""

    form: str
    lines: int
    rule: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """A template with what is known of it."""

    id: str
    aliases: tuple[str, ...]
    template: str
    plain: str
    lines: int
    shapes: tuple[int, ...]
    values: tuple[Values, ...]
    merges: tuple[Merge, ...]
    examples: tuple[str, ...]


def cluster_id(words: Sequence[str]) -> str:
    """Return the id of the template with these words."""
    normal = f"{NORMAL_FORM}\n" + "\0".join(words)
    return f"{NORMAL_FORM}:{hashlib.sha256(normal.encode()).hexdigest()[:_ID_DIGITS]}"


def written(
    tokens: Sequence[Token],
    spans: Sequence[tuple[int, int]],
    words: Sequence[str],
    constants: dict[int, str],
) -> tuple[str, str]:
    """Return a template as text, with the kinds of its variables and with `<*>` for each.

    `constants` has what the tokens, by number, are known to be in every line.
    """
    variable = {
        number
        for (start, end), word in zip(spans, words, strict=True)
        if word == WILD
        for number in range(start, end)
    }
    typed: list[str] = []
    plain: list[str] = []
    before: tuple[str, str] | None = None
    for number, token in enumerate(tokens):
        if number in constants:
            # A number that never varied is shown, but the plain text is the one of any log.
            text = constants[number]
            bare = "<*>" if token.kind != WORD else _MARK.sub("<*>", token.text)
        elif token.kind != WORD:
            text, bare = f"<{token.kind}>", "<*>"
        elif number in variable and _LETTER.search(token.text):
            text, bare = "<word>", "<*>"
        else:
            # The sign of a number within a name is part of the number.
            word = token.text.replace("_-0", "_0")
            text = _MARK.sub(lambda mark: _NAMES[mark.group()], word)
            bare = _MARK.sub("<*>", word)
        if number in variable and (text, token.lead.strip()) == before:
            continue
        before = (text, token.lead.strip())
        typed.append(token.lead + text)
        plain.append(token.lead + bare)
    return "".join(typed), "".join(plain)


class Reader:
    """Reads from the lines of one key what stood in place of each token."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._key = "".join(token.lead + token.text for token in tokens)
        self._ends: list[tuple[int, int]] = []
        at = 0
        for token in tokens[:-1]:
            self._ends.append((at + len(token.lead), at + len(token.lead) + len(token.text)))
            at = self._ends[-1][1]
        self._marks = [mark.start() for mark in _MARK.finditer(self._key)]
        self._only_digits = HEX not in self._key and UUID not in self._key
        # A word that was learned to be variable leaves no trace in the text, so a search finds it.
        self._pattern = re.compile(_searched(tokens)) if ANY in self._key else None

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where in a readable text each token is; empty if the text has another key."""
        if self._pattern is not None:
            match = self._pattern.fullmatch(text)
            return [match.span(group + 1) for group in range(len(self._ends))] if match else []
        key, found = marks_of(text, only_digits=self._only_digits)
        if key != self._key:
            return []
        starts: list[int] = []
        shift = 0
        marks = iter(zip(self._marks, found, strict=True))
        mark = next(marks, None)
        for edge in (edge for ends in self._ends for edge in ends):
            while mark is not None and mark[0] < edge:
                shift = mark[1][1] - (mark[0] + 1)
                mark = next(marks, None)
            starts.append(edge + shift)
        return list(zip(starts[::2], starts[1::2], strict=True))

    def parts(self, text: str) -> tuple[str, ...]:
        """Return what precedes and what stands for each token in turn, and the end of the text.

        Nothing if the readable text has another key.
        """
        parts: list[str] = []
        at = 0
        spans = self.spans(text)
        for start, end in spans:
            parts += (text[at:start], text[start:end])
            at = end
        parts.append(text[at:])
        return tuple(parts) if len(spans) == len(self._ends) else ()


def _searched(tokens: Sequence[Token]) -> str:
    return "".join(
        _form(token.lead) + (f"({_form(token.text)})" if token.text else "") for token in tokens
    )


def _form(text: str) -> str:
    pieces: list[str] = []
    end = 0
    for mark in _MARK.finditer(text):
        pieces += (re.escape(text[end : mark.start()]), _FORMS[mark.group()])
        end = mark.end()
    return "".join((*pieces, re.escape(text[end:])))
