"""A summary made of sentences that were said, and of nothing else. Pure and deterministic.

It weighs sentences by how often their words come up; it understands none of them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

MAX_CHARACTERS: Final = 24_000
"""What is weighed at most, of the latest texts: it bounds the time it takes."""
MAX_QUOTE: Final = 280

_LONGEST_SENTENCE: Final = 1_000
_FEWEST_WORDS: Final = 4
_ENOUGH_WORDS: Final = 12
_FIRST_BONUS: Final = 1.15
_OWN_BONUS: Final = 1.25
_REPEATED: Final = 0.35
"""What a word still weighs once a chosen sentence has it: so the next one says something else."""

_FENCED: Final = re.compile(r"^\s*(?:```|~~~)")
_NO_PROSE: Final = re.compile(r"^\s*(?:[-*+>|#]|[0-9]{1,3}[.)]\s)")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?\N{HORIZONTAL ELLIPSIS}])[\"')\]]?\s+|\n+")
_WORD: Final = re.compile(r"[^\W_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}][^\W_]+)?")
_STOP_TEXT: Final = """
a about after again all also am an and any are as at be because been before being but by can
could did do does doing done down each few for from further get give go got had has have
having he her here hers him his how i if in into is it its just let like me more most my no
nor not now of off ok on once one only or other our out over own please really same say see
she should so some such tell than thank thanks that the their them then there these they
this those through to too under until up us very want was we well were what when where which
while who whom why will with would yes you your
"""
STOP_WORDS: Final = frozenset(_STOP_TEXT.split())
"""Words that tell nothing of what is spoken of."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text to weigh; `own` if it is the reader's."""

    text: str = field(repr=False)
    own: bool = True


@dataclass(frozen=True, slots=True)
class Quote:
    """A piece of a text, as it stands there.

    Attributes:
        place: Which of the texts it is from.
        words: The piece, letter by letter.
        cut: Whether the sentence goes on in the text.
    """

    place: int
    words: str = field(repr=False)
    cut: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """The sentences that were chosen, in the order in which they were said.

    Attributes:
        quotes: The sentences.
        sentences: From how many they were chosen.
        left_out: How many texts, the oldest ones, were not looked at because it was too much.
    """

    quotes: tuple[Quote, ...]
    sentences: int
    left_out: int


@dataclass(frozen=True, slots=True)
class _Sentence:
    place: int
    words: str
    terms: tuple[str, ...]
    weight: float


def summarised(texts: Sequence[Text], sentences: int) -> Summary:
    """Choose the sentences that hold most of what was spoken of.

    Args:
        texts: What was said, in order.
        sentences: How many to choose at most.
    """
    first = _first_within(texts)
    found = _without_repetition(
        sentence
        for place in range(first, len(texts))
        for sentence in _sentences(place, texts[place])
    )
    counts = Counter(term for sentence in found for term in set(sentence.terms))
    weights = {term: float(count) for term, count in counts.items()}
    left = list(found)
    chosen: list[_Sentence] = []
    while left and len(chosen) < sentences:
        best = max(left, key=lambda sentence: _score(sentence, weights))
        left.remove(best)
        chosen.append(best)
        for term in set(best.terms):
            weights[term] *= _REPEATED
    order = {id(sentence): place for place, sentence in enumerate(found)}
    chosen.sort(key=lambda sentence: order[id(sentence)])
    return Summary(tuple(_quoted(sentence) for sentence in chosen), len(found), first)


def _score(sentence: _Sentence, weights: dict[str, float]) -> float:
    total = sum(weights[term] for term in set(sentence.terms))
    # By the square root of its length, so that neither the longest nor the shortest one wins.
    return float(sentence.weight * total / max(len(sentence.terms), _ENOUGH_WORDS) ** 0.5)


def _first_within(texts: Sequence[Text]) -> int:
    total = 0
    for place in range(len(texts) - 1, -1, -1):
        total += len(texts[place].text)
        if total > MAX_CHARACTERS:
            return min(place + 1, len(texts) - 1)
    return 0


def _sentences(place: int, text: Text) -> Iterator[_Sentence]:
    is_first = True
    for words in _prose(text.text[:MAX_CHARACTERS]):
        terms = tuple(word.lower() for word in _WORD.findall(words))
        if len(terms) < _FEWEST_WORDS:
            continue
        telling = tuple(term for term in terms if term not in STOP_WORDS and len(term) > 1)
        if telling:
            weight = (_OWN_BONUS if text.own else 1.0) * (_FIRST_BONUS if is_first else 1.0)
            yield _Sentence(place, words, telling, weight)
            is_first = False


def _prose(text: str) -> Iterator[str]:
    """Give the sentences of a text, without its code, lists, tables, headings and quotations."""
    is_code = False
    lines: list[str] = []
    for line in text.splitlines():
        if _FENCED.match(line):
            is_code = not is_code
        elif not is_code and not _NO_PROSE.match(line):
            lines.append(line)
    for line in lines:
        for sentence in _SENTENCE_END.split(line):
            if stripped := sentence.strip()[:_LONGEST_SENTENCE].strip():
                yield stripped


def _without_repetition(sentences: Iterable[_Sentence]) -> list[_Sentence]:
    """Keep the first of the sentences that say the same."""
    kept: dict[tuple[str, ...], _Sentence] = {}
    for sentence in sentences:
        kept.setdefault(sentence.terms, sentence)
    return list(kept.values())


def _quoted(sentence: _Sentence) -> Quote:
    if len(sentence.words) <= MAX_QUOTE:
        return Quote(sentence.place, sentence.words, cut=False)
    at_word = sentence.words.rfind(" ", MAX_QUOTE // 2, MAX_QUOTE)
    return Quote(sentence.place, sentence.words[: at_word if at_word > 0 else MAX_QUOTE], cut=True)
