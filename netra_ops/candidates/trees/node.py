"""A document as a tree of which every part knows its line. How it is written is known elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

DEEPEST: Final = 64
MOST_NODES: Final = 100_000


class TreeInvalid(Exception):
    """A text is no document that can be taken; `says` holds nothing of the text.

    Attributes:
        says: What is wrong, as a sentence without its end.
        line: Where, counted from 1.
    """

    def __init__(self, says: str, line: int) -> None:
        super().__init__(says)
        self.says = says
        self.line = line


@dataclass(frozen=True, slots=True, repr=False)
class Scalar:
    """A value that has no parts.

    Attributes:
        text: As it is written, without quotation marks and escapes.
        line: Where it begins.
        is_text: Whether it is a text, and not a number, a truth value or nothing.
    """

    text: str
    line: int
    is_text: bool

    @property
    def is_nothing(self) -> bool:
        """Tell whether it stands for no value at all."""
        return not self.is_text and self.text in ("", "~", "null", "Null", "NULL")

    @property
    def is_true(self) -> bool:
        """Tell whether it says yes, also where it is written as a text, as annotations are."""
        return self.text.lower() == "true"


@dataclass(slots=True, repr=False)
class Sequence:
    """A list."""

    line: int
    items: "list[Node]" = field(default_factory=list)

    def __iter__(self) -> "Iterator[Node]":
        return iter(self.items)


@dataclass(slots=True, repr=False)
class Mapping:
    """Named parts; each name stands once."""

    line: int
    items: "dict[str, Node]" = field(default_factory=dict)

    def at(self, *names: str) -> "Node | None":
        """Follow names downwards; None where one of them is not there."""
        node: Node | None = self
        for name in names:
            node = node.items.get(name) if isinstance(node, Mapping) else None
        return None if isinstance(node, Scalar) and node.is_nothing else node

    def mapping(self, *names: str) -> "Mapping":
        """Follow names to a mapping; an empty one where there is none."""
        node = self.at(*names)
        return node if isinstance(node, Mapping) else Mapping(self.line)

    def sequence(self, *names: str) -> "Sequence":
        """Follow names to a list; an empty one where there is none."""
        node = self.at(*names)
        return node if isinstance(node, Sequence) else Sequence(self.line)

    def text(self, *names: str) -> str | None:
        """Follow names to a value without parts; None where there is none."""
        node = self.at(*names)
        return node.text if isinstance(node, Scalar) else None


Node = Scalar | Sequence | Mapping


class Builder:
    """Puts a tree together from its parts in their order, within bounds.

    What a reader of any notation must refuse is refused here: depth, number, a name twice.
    """

    def __init__(self) -> None:
        self.documents: list[Node] = []
        self._open: list[Sequence | Mapping] = []
        self._names: list[str | None] = []
        self._count = 0

    @property
    def wants_name(self) -> bool:
        """Tell whether what comes next is the name of a part."""
        return bool(self._open) and isinstance(self._open[-1], Mapping) and self._names[-1] is None

    def begin(self, node: Sequence | Mapping) -> None:
        """Add a list or mapping, whose parts follow until `end`."""
        if self.wants_name:
            raise TreeInvalid("has a name that is not a plain text", node.line)
        if len(self._open) >= DEEPEST:
            raise TreeInvalid(f"is nested more than {DEEPEST} deep", node.line)
        self._place(node)
        self._open.append(node)
        self._names.append(None)

    def end(self) -> None:
        """Close what was begun last."""
        self._open.pop()
        self._names.pop()

    def name(self, text: str, line: int) -> None:
        """Name the part that follows."""
        mapping = self._open[-1]
        if isinstance(mapping, Mapping) and text in mapping.items:
            first = mapping.items[text].line
            raise TreeInvalid(f"names one part twice (the first time at line {first})", line)
        self._names[-1] = text

    def scalar(self, node: Scalar) -> None:
        """Add a value without parts."""
        self._place(node)

    def _place(self, node: Node) -> None:
        self._count += 1
        if self._count > MOST_NODES:
            raise TreeInvalid(f"has more than {MOST_NODES} parts", node.line)
        if not self._open:
            self.documents.append(node)
            return
        parent = self._open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        else:
            parent.items[self._names[-1] or ""] = node
            self._names[-1] = None
