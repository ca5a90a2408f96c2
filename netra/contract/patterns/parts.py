"""What a pattern is made of, once it was read. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letters:
    """One letter of a set.

    Attributes:
        ranges: The first and the last code point of each run of letters in it.
        kinds: `d`, `w` and `s` for every digit, letter of a word and white space there is, and
            upper case for every other letter.
        is_all_but: Whether it is every letter but these.
    """

    ranges: tuple[tuple[int, int], ...] = ()
    kinds: frozenset[str] = frozenset()
    is_all_but: bool = False

    def hold(self, letter: str) -> bool:
        """Tell whether a letter is one of them."""
        code = ord(letter)
        is_listed = any(low <= code <= high for low, high in self.ranges)
        return (is_listed or any(_is_of(letter, kind) for kind in self.kinds)) != self.is_all_but


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one after the other; without any, nothing at all."""

    parts: "tuple[Part, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some parts."""

    options: "tuple[Part, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part some times; `most` is None where there is no end."""

    part: "Part"
    least: int
    most: int | None


Part = Letters | Sequence | Choice | Repeat


def _is_of(letter: str, kind: str) -> bool:
    match kind.lower():
        case "d":
            is_one = letter.isdecimal()
        case "w":
            is_one = letter.isalnum() or letter == "_"
        case _:
            is_one = letter.isspace()
    return is_one is kind.islower()
