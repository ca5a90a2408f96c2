"""Where what grows with a log is kept and counted: in memory, or elsewhere with equal results.

Everything else that the gardener keeps is bounded. Pure.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from netra_ops.gardener.facts.counting.counted import Rows
from netra_ops.gardener.facts.counting.in_memory import InMemory

_BLOCK: Final = 5000


class Lines(Protocol):
    """The shape of every line, for a clustering without facts."""

    def __len__(self) -> int:
        """Give how many lines there are."""

    def add(self, shapes: Iterable[int]) -> None:
        """Take in the shapes of further lines."""

    def counts(self) -> Mapping[int, int]:
        """Give how many lines each shape has."""

    def blocks(self) -> Iterator[Sequence[int]]:
        """Give the shapes of all lines in their order, some at a time."""


class Engine(Protocol):
    """What keeps and counts."""

    def rows(self) -> Rows:
        """Give what keeps entries."""

    def lines(self) -> Lines:
        """Give what keeps lines."""


class MemoryEngine:
    """Keeps and counts in memory."""

    def rows(self) -> Rows:
        """Give what keeps entries."""
        return InMemory()

    def lines(self) -> Lines:
        """Give what keeps lines."""
        return _LinesInMemory()


class _LinesInMemory:
    def __init__(self) -> None:
        self._shapes = array("i")

    def __len__(self) -> int:
        return len(self._shapes)

    def add(self, shapes: Iterable[int]) -> None:
        self._shapes.extend(shapes)

    def counts(self) -> Mapping[int, int]:
        return Counter(self._shapes)

    def blocks(self) -> Iterator[Sequence[int]]:
        for begin in range(0, len(self._shapes), _BLOCK):
            yield self._shapes[begin : begin + _BLOCK]
