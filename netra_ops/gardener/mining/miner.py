"""The miner: texts in, the number of each one's shape out, and at the end the clusters of shapes.

Knows nothing of where the texts come from. What it keeps does not grow with the number of lines.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

from netra_ops.gardener.mining.clustering import Clustering, Known, clustered
from netra_ops.gardener.mining.forms.keys import (
    ANY,
    LINE_CHARACTERS,
    counted,
    digit_forms,
    key_of,
    number_forms,
)
from netra_ops.gardener.mining.grouping.columns import Granularity
from netra_ops.gardener.mining.patterns import Patterns, learn
from netra_ops.gardener.mining.shapes import TEXTS, Shape

SHAPES: Final = 20_000
"""Shapes that are told apart; lines beyond are told apart by their punctuation only."""

_BLOCK: Final = 16_384
_PART: Final = 2048
"""Unknown lines looked at before asking whether their words repeat at all."""
_FIRST_LEARNING: Final = 4096
"""Shapes from which on words that rarely repeat are looked for."""
_ROUGH_SHAPES: Final = 1000
_CACHED_BYTES: Final = 48 << 20
_KEPT_CHARACTERS: Final = 32 << 20
_OPEN: Final = 1
_FULL: Final = 2
_GONE: Final = Shape("")
_WORD_RUN: Final = re.compile(r"[^\W_]+(?:[^\S\n]+[^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Account:
    """What was mined, and what of it not as finely as promised."""

    lines: int
    shapes: int
    cut: int
    """Lines longer than `LINE_CHARACTERS`, of which the rest did not count."""
    rough: int
    """Lines that came when there were `SHAPES` shapes, told apart by their punctuation only."""
    learned: int
    """Lines found by patterns that were learned because too many words never repeated: their
    shapes may depend on the order of the lines."""


class Miner:
    """Gives each text the number of its shape, and knows in the end which shapes are one template.

    The clusters are the same for every order of the same texts as long as no more than 4096 shapes
    are told apart; beyond, words that hardly repeat are taken for variables when they are met.
    """

    def __init__(
        self, granularity: Granularity = Granularity.NORMAL, known: Iterable[Known] = ()
    ) -> None:
        self.granularity = granularity
        self.known = tuple(known)
        self.shapes: list[Shape] = []
        self.counts: list[int] = []
        self._into: list[int] = []
        self._watched = bytearray()
        self._by_key: dict[str, int] = {}
        self._by_form: dict[bytes, int] = {}
        self._by_number: dict[bytes, int] = {}
        self._cached = 0
        self._kept = 0
        self._patterns = Patterns()
        self._learn_at = _FIRST_LEARNING
        self._learned: set[int] = set()
        self._rough: dict[str, int] = {}
        self._cut = 0

    def add(self, texts: Sequence[str]) -> list[int]:
        """Return the number of each text's shape, in their order."""
        if len(texts) > _BLOCK:
            found: list[int] = []
            for start in range(0, len(texts), _BLOCK):
                found += self.add(texts[start : start + _BLOCK])
            return found
        if not texts:
            return []
        if max(map(len, texts)) > LINE_CHARACTERS:
            self._cut += sum(len(text) > LINE_CHARACTERS for text in texts)
            texts = [counted(text) for text in texts]
        forms = digit_forms(texts)
        maybe = list(map(self._by_form.get, forms))
        if None in maybe:
            self._resolve(forms, maybe)
        shapes: list[int] = maybe  # type: ignore[assignment]  # All are resolved.
        for shape, lines in Counter(shapes).items():
            self.counts[shape] += lines
        self._watch(texts, shapes)
        return shapes

    def clusters(self) -> Clustering:
        """Return the clusters of all shapes so far; more texts may be added afterwards."""
        return clustered(
            {number: (self.shapes[number], lines) for number, lines in self.totals().items()},
            [self.live(number) for number in range(len(self.shapes))],
            self.known,
            self.granularity,
        )

    def account(self) -> Account:
        """Return what was mined so far."""
        totals = self.totals()
        return Account(
            lines=sum(self.counts),
            shapes=len(totals),
            cut=self._cut,
            rough=sum(self.counts[shape] for shape in self._rough.values()),
            learned=sum(totals[shape] for shape in self._learned & totals.keys()),
        )

    def live(self, shape: int) -> int:
        """Return the shape that this one became part of, or itself."""
        while self._into[shape] != shape:
            shape = self._into[shape]
        return shape

    def totals(self) -> dict[int, int]:
        """Return every shape that is part of no other, with its lines."""
        totals = {number: 0 for number, into in enumerate(self._into) if into == number}
        for number, count in enumerate(self.counts):
            totals[self.live(number)] += count
        return totals

    def _resolve(self, forms: Sequence[bytes], maybe: list[int | None]) -> None:
        missing = list(dict.fromkeys(compress(forms, [shape is None for shape in maybe])))
        resolved: dict[bytes, int] = {}
        for start in range(0, len(missing), _PART):
            part = missing[start : start + _PART]
            numbers = number_forms(part)
            for form, number_form, matched in zip(
                part, numbers, self._patterns.matches(numbers), strict=True
            ):
                shape = self._by_number.get(number_form, matched)
                if shape is None:
                    shape = self._find(number_form)
                if shape is not matched and self._cached < _CACHED_BYTES:
                    self._cached += len(form) + 100
                    self._by_form[form] = shape
                resolved[form] = shape
            if len(self._by_key) > self._learn_at:
                self._learn()
        for place, shape in enumerate(maybe):
            if shape is None:
                maybe[place] = resolved[forms[place]]

    def _find(self, number_form: bytes) -> int:
        shape = self._patterns.match(number_form)
        if shape is not None:
            return shape
        shape = self._shape(key_of(number_form))
        if self._cached < _CACHED_BYTES:
            self._cached += len(number_form) + 100
            self._by_number[number_form] = shape
        return shape

    def _shape(self, key: str) -> int:
        shape = self._by_key.get(key)
        if shape is not None:
            return shape
        if len(self._by_key) >= SHAPES:
            return self._rough_shape(key)
        shape = self._new(key)
        self._by_key[key] = shape
        self._patterns.register(key, shape)
        return shape

    def _new(self, key: str) -> int:
        shape = len(self.shapes)
        self.shapes.append(Shape(key))
        self.counts.append(0)
        self._into.append(shape)
        self._watched.append(_OPEN)
        return shape

    def _rough_shape(self, key: str) -> int:
        rough = _WORD_RUN.sub(ANY, key)
        if rough not in self._rough and len(self._rough) >= _ROUGH_SHAPES:
            rough = ANY
        if rough not in self._rough:
            self._rough[rough] = self._new(rough)
        return self._rough[rough]

    def _learn(self) -> None:
        """Take words that hardly repeat for variables, and the shapes with them for one."""
        for pattern, keys in learn(self._by_key).items():
            shape = self._by_key.get(pattern)
            if shape is None:
                shape = self._new(pattern)
            self._learned.add(shape)
            for key in keys:
                gone = self._by_key.pop(key)
                if gone == shape:
                    continue
                self._into[gone] = shape
                self.shapes[gone] = _GONE
                self._watched[gone] = 0
            self._by_key[pattern] = shape
            self._patterns.register(pattern, shape)
        self._forget()
        self._learn_at = max(_FIRST_LEARNING, 2 * len(self._by_key))

    def _forget(self) -> None:
        """Let go of what leads to shapes that are part of others now."""
        self._by_form.clear()
        self._by_number.clear()
        self._cached = 0

    def _watch(self, texts: Sequence[str], shapes: Sequence[int]) -> None:
        watched = self._watched
        full: dict[int, list[str]] = {}
        for text, number in compress(
            zip(texts, shapes, strict=True), map(watched.__getitem__, shapes)
        ):
            if watched[number] == _FULL:
                if number in full:
                    full[number].append(text)
                else:
                    full[number] = [text]
                continue
            shape = self.shapes[number]
            most = TEXTS if self._kept < _KEPT_CHARACTERS else 1
            self._kept += shape.see(text, most)
            if not shape.varies:
                watched[number] = 0
            elif shape.pieces is not None:
                watched[number] = _FULL if shape.pieces else 0
        for number, lines in full.items():
            self.shapes[number].compare(lines)
            watched[number] = _FULL if self.shapes[number].pieces else 0
