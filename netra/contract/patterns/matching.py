"""Matches texts with patterns, in time that is bounded for whatever somebody wrote. Pure.

Every way through a pattern is followed at once, one letter after the other, so that no pattern
makes anybody go back and try again (Glushkov's automaton).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from netra.contract.patterns import parts
from netra.contract.patterns.reading import PatternRefused, read

LONGEST: Final = 1000
"""Letters of a pattern."""
LARGEST: Final = 1000
"""Parts of a pattern, once everything in it is written out as often as it may be there."""
MOST_STEPS: Final = 1_000_000
"""Letters of a text times the size of a pattern: less than a second at worst."""
_REMEMBERED: Final = 4096


def matches(pattern: str, text: str) -> bool | None:
    """Tell whether a pattern matches a text as a whole; None where that would take too long.

    Raises:
        PatternRefused: It is no pattern that is matched here.
    """
    automaton = automaton_of(pattern)
    if len(text) * max(automaton.size, len(pattern)) > MOST_STEPS:
        return None
    return automaton.takes(text)


@lru_cache(maxsize=128)
def automaton_of(pattern: str) -> "Automaton":
    """Make what matches a pattern.

    Raises:
        PatternRefused: It is no regular expression, one that is not known here, or too large.
    """
    if len(pattern) > LONGEST:
        raise PatternRefused(f"is longer than {LONGEST} letters")
    building = _Building()
    whole = building.of(read(pattern))
    return Automaton(
        building.size,
        whole.is_empty_too,
        whole.first,
        whole.last,
        tuple(building.follow),
        building.sets,
    )


@dataclass(frozen=True, slots=True)
class Automaton:
    """A pattern as its places, each of which takes one letter; sets of places are bits.

    Attributes:
        size: How many parts it has, written out.
        is_empty_too: Whether it matches the empty text.
        first: The places that may take the first letter.
        last: Those that may take the last one.
        follow: For each place those that may take the next letter.
        sets: Which letters which places take.
    """

    size: int
    is_empty_too: bool
    first: int
    last: int
    follow: tuple[int, ...]
    sets: dict[parts.Letters, int]

    def takes(self, text: str) -> bool:
        """Tell whether it matches a text as a whole."""
        if not text:
            return self.is_empty_too
        taking: dict[str, int] = {}
        after: dict[int, int] = {}
        wanted, now = self.first, 0
        for letter in text:
            if (takers := taking.get(letter)) is None:
                takers = taking[letter] = self._takers(letter)
            now = wanted & takers
            if not now:
                return False
            known = after.get(now)
            if known is None:
                if len(after) >= _REMEMBERED:
                    after.clear()
                known = after[now] = _union(self.follow[place] for place in _places(now))
            wanted = known
        return bool(now & self.last)

    def _takers(self, letter: str) -> int:
        return _union(places for letters, places in self.sets.items() if letters.hold(letter))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a pattern: its first and last places, and whether it may also be nothing."""

    is_empty_too: bool
    first: int = 0
    last: int = 0


_NOTHING: Final = _Piece(is_empty_too=True)


@dataclass
class _Building:
    follow: list[int] = field(default_factory=list)
    sets: dict[parts.Letters, int] = field(default_factory=dict)
    size: int = 0

    def of(self, part: parts.Part) -> _Piece:
        """Give a part its places."""
        self.size += 1
        if self.size > LARGEST:
            raise PatternRefused(
                f"has more than {LARGEST} parts once every repetition in it is written out"
            )
        match part:
            case parts.Letters():
                return self._place(part)
            case parts.Sequence(parts=several):
                return self._in_order([self.of(one) for one in several])
            case parts.Choice(options=options):
                return _any_of([self.of(one) for one in options])
            case parts.Repeat():
                return self._repeated(part)

    def _place(self, letters: parts.Letters) -> _Piece:
        bit = 1 << len(self.follow)
        self.follow.append(0)
        self.sets[letters] = self.sets.get(letters, 0) | bit
        return _Piece(is_empty_too=False, first=bit, last=bit)

    def _in_order(self, pieces: Sequence[_Piece]) -> _Piece:
        found = _NOTHING
        for piece in pieces:
            self._join(found.last, piece.first)
            found = _Piece(
                found.is_empty_too and piece.is_empty_too,
                found.first | (piece.first if found.is_empty_too else 0),
                piece.last | (found.last if piece.is_empty_too else 0),
            )
        return found

    def _repeated(self, repeat: parts.Repeat) -> _Piece:
        """Write a part out as often as it must be, and then as often as it may be."""
        if repeat.most == 0:
            return _NOTHING
        piece = self.of(repeat.part)
        if not piece.first:
            return _NOTHING
        # What may be nothing may be so each time, so that none of them must be there.
        least = 0 if piece.is_empty_too else repeat.least
        first, last = piece.first, piece.last if least <= 1 else 0
        for number in range(2, (repeat.most or max(least, 1)) + 1):
            before, piece = piece, self.of(repeat.part)
            self._join(before.last, piece.first)
            last |= piece.last if number >= least else 0
        if repeat.most is None:
            self._join(piece.last, piece.first)
        return _Piece(least == 0, first, last)

    def _join(self, before: int, after: int) -> None:
        for place in _places(before) if after else ():
            self.follow[place] |= after


def _any_of(pieces: Sequence[_Piece]) -> _Piece:
    return _Piece(
        any(piece.is_empty_too for piece in pieces),
        _union(piece.first for piece in pieces),
        _union(piece.last for piece in pieces),
    )


def _union(sets: Iterator[int]) -> int:
    found = 0
    for one in sets:
        found |= one
    return found


def _places(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
