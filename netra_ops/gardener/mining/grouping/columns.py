"""Groups of signatures: which are one template, and which of its places are variables.

Signatures of one length share a template when they share their longest pattern of words that are
as frequent as each other; a place of the group is a variable once its values are evidence enough.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from netra_ops.gardener.mining.forms.words import WILD, Look, Place, Signature, look_of

_FREQUENT: Final = 0.5
"""A pattern is made of words at least this often as frequent as the line's most frequent one."""
_ENOUGH: Final = 0.5
"""Share of a line's words that a pattern must have to say which template the line is of."""
_FEWEST_AGAIN: Final = 4
"""Signatures from which on a pattern is looked for again."""
_SEEN_ONCE: Final = 2
"""Lines per value up to which a place's values hardly repeat: constants would."""
_FEWEST_SEEN_ONCE: Final = 3
"""Values below which nothing follows from that they hardly repeat."""
_SEEN_ONCE_WEIGHT: Final = 1.5
_NAMED_WEIGHT: Final = 2.0
_WHOLE: Final = 0.999

# How many distinct values of a look it takes for a place to be a variable. Digits and dots inside
# a word mark names and ids, hardly ever the meaning; words in capitals are mostly states, of which
# there are few.
_LIMITS: Final[dict[Look, int]] = {
    Look.DIGITS: 2,
    Look.JOINED: 2,
    Look.COMPOUND: 4,
    Look.PLAIN: 6,
    Look.CAPITALS: 12,
}
_MARKED_LIMIT: Final = 3
"""The same of what stands in quotes or after an equals sign."""
_FIRST_LIMIT: Final = 12
"""The same of a line's first word, by which templates begin and so differ most often."""


class Granularity(Enum):
    """How readily values are taken for variables."""

    COARSE = "coarse"
    NORMAL = "normal"
    FINE = "fine"


_WEIGHTS: Final = {Granularity.COARSE: 2.0, Granularity.NORMAL: 1.0, Granularity.FINE: 0.5}


@dataclass(frozen=True, slots=True)
class Group:
    """A template's words, the signatures it stands for, and why.

    `reasons` are by places; `absorbed` are the members that another rule made cases of it.
    """

    words: tuple[str, ...]
    members: tuple[Signature, ...]
    reasons: tuple[tuple[int, str], ...]
    absorbed: tuple[Signature, ...] = ()


def group(weights: Mapping[Signature, int], granularity: Granularity) -> list[Group]:
    """Return the groups of signatures, each with the number of its lines; none is in two groups."""
    by_length: dict[int, list[Signature]] = defaultdict(list)
    for signature in sorted(weights, key=lambda each: each.words):
        by_length[len(signature.words)].append(signature)
    found: dict[tuple[str, ...], Group] = {}
    for signatures in by_length.values():
        for members, fixed in _patterns(signatures):
            for one in _columns(members, fixed, weights, granularity):
                known = found.get(one.words)
                if known is not None:
                    reasons = tuple(sorted({*known.reasons, *one.reasons}))
                    found[one.words] = Group(one.words, known.members + one.members, reasons)
                else:
                    found[one.words] = one
    return list(found.values())


def _patterns(
    signatures: Sequence[Signature], fixed: frozenset[int] = frozenset()
) -> Iterable[tuple[Sequence[Signature], frozenset[int]]]:
    """Return the signatures by their longest pattern, with the places that it fixes.

    A pattern of few of the words, such as what a header has, says nothing of the rest, in which
    the pattern is looked for again.
    """
    frequency: Counter[tuple[int, str]] = Counter()
    for signature in signatures:
        frequency.update(_open(signature, fixed))
    groups: dict[tuple[tuple[int, str], ...], list[Signature]] = defaultdict(list)
    for signature in signatures:
        alike: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for pair in _open(signature, fixed):
            alike[frequency[pair]].append(pair)
        if alike:
            least = max(alike) * _FREQUENT
            _, chosen = max((len(pairs), often) for often, pairs in alike.items() if often >= least)
            groups[tuple(alike[chosen])].append(signature)
        else:
            groups[()].append(signature)
    for pattern, members in groups.items():
        places = fixed | {place for place, _ in pattern}
        words = sum(word != WILD for word in members[0].words)
        if pattern and len(members) >= _FEWEST_AGAIN and len(places) < words * _ENOUGH:
            yield from _patterns(members, places)
        else:
            yield members, places


def _open(signature: Signature, fixed: frozenset[int]) -> list[tuple[int, str]]:
    return [pair for pair in enumerate(signature.words) if pair[1] != WILD and pair[0] not in fixed]


def _columns(
    members: Sequence[Signature],
    fixed: frozenset[int],
    weights: Mapping[Signature, int],
    granularity: Granularity,
) -> Iterable[Group]:
    lines = sum(weights[member] for member in members)
    variable: dict[int, str] = {}
    telling: list[int] = []
    for place in range(len(members[0].words)):
        values = {member.words[place] for member in members}
        if place in fixed or len(values) == 1:
            continue
        where = {member.places[place] for member in members}
        evidence = _evidence(values, where.pop() if len(where) == 1 else Place.SENTENCE, place)
        if len(values) >= _FEWEST_SEEN_ONCE and lines <= _SEEN_ONCE * len(values):
            evidence *= _SEEN_ONCE_WEIGHT
        if evidence * _WEIGHTS[granularity] >= _WHOLE:
            variable[place] = f"{len(values)} values in place {place + 1}"
        else:
            telling.append(place)
    parts: dict[tuple[str, ...], list[Signature]] = defaultdict(list)
    for member in members:
        parts[tuple(member.words[place] for place in telling)].append(member)
    for part in parts.values():
        words = tuple(
            WILD if place in variable else word for place, word in enumerate(part[0].words)
        )
        yield Group(words, tuple(part), tuple(variable.items()))


def _evidence(values: Iterable[str], where: Place, place: int) -> float:
    """Return how sure the values make that a place is a variable; 1 is sure enough."""
    evidence = 0.0
    for value in values:
        look = look_of(value)
        limit: float = _LIMITS[look]
        if look is not Look.DIGITS:
            if where is Place.NAME:
                limit = max(2.0, limit / _NAMED_WEIGHT)
            elif where is not Place.SENTENCE and look is not Look.CAPITALS:
                limit = min(limit, _MARKED_LIMIT)
            elif place == 0:
                limit = _FIRST_LIMIT
        evidence += 1 / limit
    return evidence
