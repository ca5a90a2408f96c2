"""What is kept of the lines of one key: some texts, and what was the same in all of them."""

from collections.abc import Sequence
from typing import Final

from netra_ops.gardener.mining.forms.keys import has_marks, readable
from netra_ops.gardener.mining.forms.masks import WORD, Token, tokens_of
from netra_ops.gardener.mining.templates import Reader

TEXTS: Final = 5
"""Different texts kept of a key; values are examples from there on."""


class Shape:
    """The lines of one key, watched until nothing more is learned from them."""

    __slots__ = ("_tokens", "key", "pieces", "rows", "texts")

    def __init__(self, key: str, texts: Sequence[str] = ()) -> None:
        self.key = key
        self.texts: dict[str, None] = dict.fromkeys(texts)
        self.pieces: dict[int, tuple[str, str]] | None = None
        """Once there are enough texts: tokens that were the same in all lines, by number: what
        stands there, and a piece of text that shows it."""

        self.rows: list[tuple[str, ...]] | None = None
        """Of each text what stands for its tokens, once it was read."""

        self._tokens: tuple[Token, ...] | None = None

    def see(self, text: str, most: int) -> int:
        """Keep a text unless it is known or there are enough; return the characters now kept."""
        if text in self.texts:
            return 0
        if len(self.texts) < most:
            self.texts[text] = None
            return len(text)
        self.pieces = self._same()
        self.compare([text])
        return 0

    def compare(self, texts: Sequence[str]) -> None:
        """Let go of what was the same in all lines and is not in each of these."""
        if self.pieces is None:
            return
        block = "\n".join(texts)
        for number, (_, piece) in list(self.pieces.items()):
            if block.count(piece) != len(texts):
                del self.pieces[number]

    @property
    def varies(self) -> bool:
        """Whether lines of this key can differ at all."""
        return has_marks(self.key)

    def tokens(self) -> tuple[Token, ...]:
        """Return the words of these lines."""
        if self._tokens is None:
            self._tokens = tokens_of(self.key)
        return self._tokens

    def constants(self) -> dict[int, str]:
        """Return what the variable tokens that never varied are, by the token's number."""
        if self.pieces is not None:
            return {number: value for number, (value, _) in self.pieces.items()}
        return {number: value for number, (value, _) in self._same().items()}

    def values(self) -> list[tuple[str, ...]]:
        """Return of each text what stands for its tokens, and for what precedes them.

        A text's tokens are at the odd places; a text that cannot be read is left out.
        """
        if self.rows is None or len(self.rows) < len(self.texts):
            reader = Reader(self.tokens())
            self.rows = [reader.parts(readable(text)) for text in self.texts]
        return [row for row in self.rows if row]

    def _same(self) -> dict[int, tuple[str, str]]:
        candidates = [
            number
            for number, token in enumerate(self.tokens()[:-1])
            if token.kind != WORD or has_marks(token.text)
        ]
        if not self.texts or not candidates:
            return {}
        rows = self.values()
        if len(rows) < len(self.texts):
            return {}
        first = rows[0]
        found: dict[int, tuple[str, str]] = {}
        for number in candidates:
            place = 2 * number + 1
            if all(row[place] == first[place] for row in rows):
                before = place - 2 if number and first[place - 2].isalpha() else place
                after = first[place + 1][:1]
                found[number] = (first[place], "".join(first[before : place + 1]) + after)
        return found
