r"""Reads a regular expression, of the part of Python's that can be matched in bounded time. Pure.

Known are letters, `.`, sets, `\d \w \s` and their opposites, `(...)`, `(?:...)`, `|`, and the
quantifiers `* + ? {m} {m,} {,n} {m,n}`, also lazy ones. `^` and `$` may stand at the ends, where
they say nothing: a text is matched as a whole. What looks around, refers back or sets flags is
refused, and so is what another reader might take for something else.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from netra.contract.patterns.parts import Choice, Letters, Part, Repeat, Sequence

DEEPEST: Final = 30
"""How deep groups may be nested."""

_TIMES: Final = re.compile(r"\{([0-9]{0,4})(,?)([0-9]{0,4})\}")
_CODES: Final = {"x": 2, "u": 4, "U": 8}
_NAMED: Final = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_KINDS: Final = frozenset("dDwWsS")
_QUANTIFIERS: Final = "*+?{"
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_LAST_CODE: Final = 0x10FFFF
_ANY_BUT_LINE_BREAK: Final = Letters(((10, 10),), is_all_but=True)
_BOUNDS: Final = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class PatternRefused(ValueError):
    """A text is no pattern that is matched here; the message continues the words "its pattern"."""


def read(pattern: str) -> Part:
    """Read a pattern.

    Raises:
        PatternRefused: It is no regular expression, or one that is not known here.
    """
    reading = _Reading(pattern)
    found = reading.choice(depth=0)
    if reading.at < len(pattern):
        raise PatternRefused("has a `)` that closes nothing")
    return found


@dataclass
class _Reading:
    text: str
    at: int = field(default=0, init=False)

    def choice(self, depth: int) -> Part:
        """Read up to the end of a group, or of the pattern."""
        if depth > DEEPEST:
            raise PatternRefused(f"has groups nested more than {DEEPEST} deep")
        options = [self._sequence(depth)]
        while self._takes("|"):
            options.append(self._sequence(depth))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self, depth: int) -> Part:
        if depth == 0:
            self._takes_one("^", r"\A")
        parts: list[Part] = []
        while (letter := self._next()) not in ("", "|", ")"):
            if depth == 0 and self._ends():
                break
            if letter in _QUANTIFIERS:
                raise PatternRefused(f"has a `{letter}` with nothing before it to repeat")
            parts.append(self._quantified(self._part(letter, depth)))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _ends(self) -> bool:
        """Take `$` where it ends a branch of the whole pattern."""
        before = self.at
        if self._takes_one("$", r"\Z") and self._next() in ("", "|"):
            return True
        self.at = before
        return False

    def _part(self, letter: str, depth: int) -> Part:
        self.at += 1
        match letter:
            case ".":
                return _ANY_BUT_LINE_BREAK
            case "[":
                return self._set()
            case "\\":
                return self._escaped()
            case "(":
                return self._group(depth)
            case "^" | "$":
                raise PatternRefused(f"has a `{letter}` elsewhere than at its ends")
        return Letters(((ord(letter), ord(letter)),))

    def _group(self, depth: int) -> Part:
        if self._next() == "?" and not self._takes("?:"):
            raise PatternRefused(
                "has a `(?` that looks around, names, or sets flags; only `(?:` is known"
            )
        found = self.choice(depth + 1)
        if not self._takes(")"):
            raise PatternRefused("has a `(` without its `)`")
        return found

    def _quantified(self, part: Part) -> Part:
        letter = self._next()
        if letter == "" or letter not in _QUANTIFIERS:
            return part
        least, most = self._times() if letter == "{" else self._sign(letter)
        if most is not None and most < least:
            raise PatternRefused("repeats something at least more often than at most")
        self._takes("?")  # Which of two ways is tried first does not matter for a whole text.
        if (again := self._next()) != "" and again in _QUANTIFIERS:
            raise PatternRefused(f"has a `{again}` after another sign that repeats")
        return Repeat(part, least, most)

    def _sign(self, letter: str) -> tuple[int, int | None]:
        self.at += 1
        return _BOUNDS[letter]

    def _times(self) -> tuple[int, int | None]:
        found = _TIMES.match(self.text, self.at)
        if found is None or not (found[1] or found[2]):
            raise PatternRefused(
                r"has a `{` that begins no number of times, of four digits at most (a letter: `\{`)"
            )
        self.at = found.end()
        least = int(found[1] or 0)
        if not found[2]:
            return least, least
        return least, int(found[3]) if found[3] else None

    def _set(self) -> Letters:
        is_all_but = self._takes("^")
        ranges: list[tuple[int, int]] = []
        kinds: set[str] = set()
        is_first = True
        while is_first or self._next() != "]":
            is_first = False
            low = self._in_set()
            if self._next() == "-" and self.text[self.at + 1 : self.at + 2] not in ("", "]"):
                self.at += 1
                high = self._in_set()
                if isinstance(low, str) or isinstance(high, str) or high < low:
                    raise PatternRefused("has a set with a range that has no order")
                ranges.append((low, high))
            elif isinstance(low, str):
                kinds.add(low)
            else:
                ranges.append((low, low))
        self.at += 1
        return Letters(tuple(ranges), frozenset(kinds), is_all_but)

    def _in_set(self) -> int | str:
        """Take a letter of a set, by its code, or a kind of letters."""
        letter = self._next()
        if letter == "":
            raise PatternRefused("has a `[` without its `]`")
        self.at += 1
        if letter != "\\":
            return ord(letter)
        return ord("\b") if self._takes("b") else self._code()

    def _escaped(self) -> Letters:
        found = self._code()
        if isinstance(found, str):
            return Letters(kinds=frozenset(found))
        return Letters(((found, found),))

    def _code(self) -> int | str:
        """Take what follows a backslash: a letter, by its code, or a kind of letters."""
        letter = self._next()
        self.at += 1
        if letter in _KINDS:
            return letter
        if letter in _NAMED:
            return ord(_NAMED[letter])
        if letter in _CODES:
            digits = self.text[self.at : self.at + _CODES[letter]]
            self.at += len(digits)
            if len(digits) == _CODES[letter] and _HEX.issuperset(digits):
                code = int(digits, 16)
                if code <= _LAST_CODE:
                    return code
        if letter == "" or (letter.isascii() and letter.isalnum()):
            raise PatternRefused(rf"has a `\{letter}`, which is not known")
        return ord(letter)

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _takes(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def _takes_one(self, *signs: str) -> bool:
        return any(self._takes(sign) for sign in signs)
