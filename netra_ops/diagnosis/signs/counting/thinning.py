"""Lists that stay within a bound: above it they keep evenly every second, fourth, eighth. Pure."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Thinned(Generic[T]):
    """Keeps what is added, evenly thinned above a bound.

    Args:
        bound: The most that is kept.

    Attributes:
        items: What is kept, in the order in which it came.
        kept: Of how many each stands for one.
        seen: How many came.
    """

    __slots__ = ("_bound", "items", "kept", "seen")

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self.items: list[T] = []
        self.kept = 1
        self.seen = 0

    def add(self, item: T) -> None:
        """Keep an item if it is its turn."""
        if self.seen % self.kept == 0:
            self.items.append(item)
            if len(self.items) > self._bound:
                self.items = self.items[::2]
                self.kept *= 2
        self.seen += 1
