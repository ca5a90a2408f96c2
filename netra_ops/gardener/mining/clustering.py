"""From shapes to clusters: groups, what each stands for, and the ids under which it was known."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from netra_ops.gardener.mining.forms.masks import Token
from netra_ops.gardener.mining.forms.words import WILD, Place, Signature, signature_of
from netra_ops.gardener.mining.grouping.absorbing import absorb
from netra_ops.gardener.mining.grouping.columns import Granularity, Group, group
from netra_ops.gardener.mining.shapes import TEXTS, Shape
from netra_ops.gardener.mining.templates import (
    Cluster,
    Merge,
    Values,
    cluster_id,
    written,
)

_EXAMPLES: Final = 5
_MOST_READ: Final = 64
"""Shapes of a cluster whose texts are read for values; of more, values are examples."""


@dataclass(frozen=True, slots=True)
class Known:
    """A template of an earlier run; `open` are the places that were found to be variables."""

    id: str
    words: tuple[str, ...]
    places: tuple[Place, ...]
    open: tuple[int, ...]
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clustering:
    """Clusters, most lines first, and for every number of a shape the number of its cluster."""

    clusters: tuple[Cluster, ...]
    of_shape: tuple[int, ...]
    known: tuple[Known, ...]
    """The templates as a later run is to know them."""


@dataclass(frozen=True, slots=True)
class _Member:
    shape: Shape
    number: int
    lines: int
    tokens: tuple[Token, ...]
    signature: Signature


def clustered(
    shapes: Mapping[int, tuple[Shape, int]],
    live: Sequence[int],
    known: Sequence[Known],
    granularity: Granularity,
) -> Clustering:
    """Return the clusters of shapes, each given with its lines; known templates match first.

    `live` has for every number of a shape the number of the shape that it is part of.
    """
    members: dict[tuple[str, ...], list[_Member]] = defaultdict(list)
    for number, (shape, lines) in shapes.items():
        tokens = shape.tokens()
        signature = signature_of(tokens)
        members[signature.words].append(_Member(shape, number, lines, tokens, signature))
    for alike in members.values():
        alike.sort(key=lambda member: member.shape.key)
    groups = _grouped(members, known, granularity)
    found = [_cluster(one, members, known) for one in groups]
    order = sorted(range(len(found)), key=lambda n: (-found[n].lines, found[n].id))
    cluster_of = {
        shape: place for place, number in enumerate(order) for shape in found[number].shapes
    }
    return Clustering(
        clusters=tuple(found[number] for number in order),
        of_shape=tuple(cluster_of.get(shape, -1) for shape in live),
        known=tuple(_known(groups[number], found[number]) for number in order),
    )


def _grouped(
    members: Mapping[tuple[str, ...], Sequence[_Member]],
    known: Sequence[Known],
    granularity: Granularity,
) -> list[Group]:
    """Return the groups, with the signatures of known templates replaced by what these explain."""
    finder = _KnownTemplates(known)
    weights: dict[Signature, int] = defaultdict(int)
    explained: dict[tuple[str, ...], list[Signature]] = defaultdict(list)
    stand_in: dict[tuple[str, ...], Signature] = {}
    for words in sorted(members):
        signature = members[words][0].signature
        lines = sum(member.lines for member in members[words])
        template = finder.find(words)
        if template is not None:
            explained[template.words].append(signature)
            signature = stand_in.setdefault(
                template.words, Signature(template.words, template.places, ())
            )
        else:
            explained[words].append(signature)
            signature = stand_in.setdefault(words, signature)
        weights[signature] += lines
    groups = absorb(group(weights, granularity), weights, granularity)
    return [
        Group(
            one.words,
            tuple(real for member in one.members for real in explained[member.words]),
            one.reasons,
            tuple(real for member in one.absorbed for real in explained[member.words]),
        )
        for one in groups
    ]


class _KnownTemplates:
    """Finds the known template that has a signature's words but for its open places."""

    def __init__(self, known: Sequence[Known]) -> None:
        self._tables: dict[tuple[int, tuple[int, ...]], dict[Any, Known]] = defaultdict(dict)
        for one in known:
            if one.open:
                closed = tuple(n for n in range(len(one.words)) if n not in one.open)
                if closed:
                    self._tables[len(one.words), closed][itemgetter(*closed)(one.words)] = one

    def find(self, words: tuple[str, ...]) -> Known | None:
        best: Known | None = None
        for (length, closed), table in self._tables.items():
            if length == len(words):
                found = table.get(itemgetter(*closed)(words))
                if found and (best is None or len(found.open) > len(best.open)):
                    best = found
        return best


def _cluster(
    one: Group, members: Mapping[tuple[str, ...], Sequence[_Member]], known: Sequence[Known]
) -> Cluster:
    all_members = [member for signature in one.members for member in members[signature.words]]
    fitting = [m for m in all_members if len(m.signature.words) == len(one.words)]
    shown = min(fitting or all_members, key=lambda m: (-m.lines, m.shape.key))
    identity = cluster_id(one.words)
    words = one.words if fitting else shown.signature.words
    values, constants = _values(words, shown, fitting)
    template, plain = written(shown.tokens, shown.signature.spans, words, constants)
    inside = {signature.words for signature in one.members} | {one.words}
    old = [each for each in known if each.words in inside]
    aliases = {each.id for each in old}.union(*(each.aliases for each in old)) - {identity}
    return Cluster(
        id=identity,
        aliases=tuple(sorted(aliases)),
        template=template,
        plain=plain,
        lines=sum(member.lines for member in all_members),
        shapes=tuple(sorted(member.number for member in all_members)),
        values=values,
        merges=_merges(one, members),
        examples=tuple(list(shown.shape.texts)[:_EXAMPLES]),
    )


def _merges(one: Group, members: Mapping[tuple[str, ...], Sequence[_Member]]) -> tuple[Merge, ...]:
    columns = "; ".join(reason for _, reason in one.reasons)
    absorbed = {signature.words for signature in one.absorbed}
    merges: list[Merge] = []
    for signature in one.members:
        form = " ".join(signature.words)
        lines = sum(member.lines for member in members[signature.words])
        if signature.words == one.words:
            rule = "the template itself"
        elif signature.words in absorbed:
            rule = "a case of the template"
        else:
            rule = columns or "known from an earlier run"
        merges.append(Merge(form, lines, rule))
    return tuple(sorted(merges, key=lambda merge: (-merge.lines, merge.form)))


def _values(
    words: Sequence[str], shown: _Member, members: Sequence[_Member]
) -> tuple[tuple[Values, ...], dict[int, str]]:
    """Return the values of the template's variables, and the tokens that never vary."""
    constants = shown.shape.constants()
    for member in members[:_MOST_READ]:
        if not constants or member is shown:
            continue
        if len(member.tokens) != len(shown.tokens):
            constants = {}
            break
        theirs = member.shape.constants()
        constants = {n: value for n, value in constants.items() if theirs.get(n) == value}
    if len(members) > _MOST_READ:
        constants = {}
    places = [place for place, word in enumerate(words) if word == WILD]
    found: dict[int, dict[str, None]] = {place: {} for place in places}
    complete = len(members) <= _MOST_READ
    for member in members[:_MOST_READ]:
        complete = complete and member.shape.pieces is None and len(member.shape.texts) <= TEXTS
        for parts in member.shape.values():
            for place in places:
                start, end = member.signature.spans[place]
                found[place]["".join(parts[2 * start + 1 : 2 * end])] = None
    values: list[Values] = []
    for place in places:
        kinds = {
            token.kind
            for start, end in (shown.signature.spans[place],)
            for token in shown.tokens[start:end]
        }
        values.append(
            Values(
                kind=kinds.pop() if len(kinds) == 1 else "mixed",
                distinct=len(found[place]),
                examples=tuple(sorted(found[place])[:_EXAMPLES]),
                complete=complete,
            )
        )
    return tuple(values), constants


def _known(one: Group, cluster: Cluster) -> Known:
    fitting = [each for each in one.members if len(each.words) == len(one.words)]
    places = fitting[0].places if fitting else (Place.SENTENCE,) * len(one.words)
    opened = tuple(
        place
        for place, word in enumerate(one.words)
        if word == WILD and any(each.words[place] != WILD for each in fitting)
    )
    return Known(cluster.id, one.words, places, opened, cluster.aliases)
