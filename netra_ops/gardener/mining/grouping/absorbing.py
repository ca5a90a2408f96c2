"""Templates that are special cases of a more general and more frequent one.

One odd line among thousands, such as a name where the others have an address, is of their template.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from heapq import nsmallest
from typing import Final

from netra_ops.gardener.mining.forms.words import WILD, Look, Signature, look_of
from netra_ops.gardener.mining.grouping.columns import Granularity, Group

_LONGEST_SPAN: Final = 6
"""Words that one variable may stand for; what is longer is a sentence of its own."""
_FEWEST_CONSTANTS: Final = 2
_LEAST_CONSTANT: Final = 0.25
"""Share of a template's words that must be constant: what says less explains anything."""
_TOO_MANY: Final = 2
"""Plain words that are no values any more."""
_MOST_WORDS: Final = 64
"""Longer templates absorb nothing: matching them costs the square of their length."""
_MOST_TRIED: Final = 16
"""General templates that are tried on one that has all their words, the most frequent first."""
_MOST_ABSORBERS: Final = 64
"""General templates that a word leads to; a word in more of them tells nothing."""


def absorb(
    groups: Sequence[Group], weights: Mapping[Signature, int], granularity: Granularity
) -> list[Group]:
    """Return the groups, those that another explains merged into it."""
    if granularity is Granularity.FINE:
        return list(groups)
    lines = [sum(weights[member] for member in one.members) for one in groups]
    ranks = sorted(range(len(groups)), key=lambda number: (-lines[number], groups[number].words))
    rank = {number: position for position, number in enumerate(ranks)}
    index: dict[str, list[int]] = defaultdict(list)
    needed = [frozenset(one.words) - {WILD} for one in groups]
    for number in ranks:
        if _general(groups[number].words):
            first = next(word for word in groups[number].words if word != WILD)
            if len(index[first]) < _MOST_ABSORBERS:
                index[first].append(number)
    into: dict[int, int] = {}
    for number in ranks:
        words = groups[number].words
        have = set(words)
        near = {
            other
            for word in have
            for other in index.get(word, ())
            if needed[other] <= have and len(groups[other].words) <= len(words)
        }
        for other in nsmallest(_MOST_TRIED, near, key=rank.__getitem__):
            if rank[other] >= rank[number]:
                break
            if explains(groups[other].words, words):
                into[number] = into.get(other, other)
                break
    merged = list(groups)
    for number, target in sorted(into.items(), key=lambda pair: rank[pair[0]]):
        general, special = merged[target], groups[number]
        merged[target] = replace(
            general,
            members=general.members + special.members,
            absorbed=general.absorbed + special.members,
        )
    return [one for number, one in enumerate(merged) if number not in into]


def _general(words: Sequence[str]) -> bool:
    constants = sum(word != WILD for word in words)
    return _FEWEST_CONSTANTS <= constants < len(
        words
    ) <= _MOST_WORDS and constants >= _LEAST_CONSTANT * len(words)


def explains(general: Sequence[str], words: Sequence[str]) -> bool:
    """Return whether the general template's variables may stand for what the words have there.

    At most one plain word is taken for a value, and only where it stands alone.
    """
    ends = ((general[0], words[0]), (general[-1], words[-1]))
    if len(words) > _MOST_WORDS or any(ours not in {WILD, theirs} for ours, theirs in ends):
        return False

    @cache
    def plain_words(left: int, right: int) -> int:
        """Return how many plain words the rest of the variables stand for; more than one is no."""
        if left == len(general):
            return 0 if right == len(words) else _TOO_MANY
        if general[left] != WILD:
            if right < len(words) and general[left] == words[right]:
                return plain_words(left + 1, right + 1)
            return _TOO_MANY
        least = _TOO_MANY
        swallowed = 0
        for end in range(right + 1, min(right + _LONGEST_SPAN, len(words)) + 1):
            look = look_of(words[end - 1])
            swallowed += look in {Look.PLAIN, Look.CAPITALS, Look.COMPOUND}
            if swallowed and end > right + 1:
                break
            least = min(least, swallowed + plain_words(left + 1, end))
        return least

    return plain_words(0, 0) < _TOO_MANY
