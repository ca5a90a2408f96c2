"""The words and signs of arithmetic as people type them, read into numbers and signs. Pure.

What they come to is reckoned in `expression`.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from netra_backend.app.agents.reckoning.numbers import in_full, rounded

MAX_LENGTH: Final = 500
_MAX_BITS: Final = 2048
TIMES: Final = "\N{MULTIPLICATION SIGN}"
DIVIDED: Final = "\N{DIVISION SIGN}"
ROOT: Final = "\N{SQUARE ROOT}"
SQUARED: Final = "\N{SUPERSCRIPT TWO}"
CUBED: Final = "\N{SUPERSCRIPT THREE}"
POWER: Final = "**"
MODULO: Final = "mod"
PERCENT: Final = "%"

_PART: Final = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)"
    r"(?P<exponent>[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z.]))?"
    r"|(?P<word>[A-Za-z]+)|(?P<sign>\*\*|.))",
    re.DOTALL,
)
_PHRASES: Final = (
    (re.compile(r"\b(?:raised\s+)?to\s+the\s+power\s+of\b", re.IGNORECASE), POWER),
    (re.compile(r"\b(?:the\s+)?square\s+root\s+of\b", re.IGNORECASE), " sqrt "),
    (re.compile(r"\b(multiplied|divided)\s+by\b", re.IGNORECASE), r" \1 "),
    (re.compile(r"\bper\s+cent\b", re.IGNORECASE), PERCENT),
)
_SIGNS: Final = {
    **{sign: sign for sign in ("+", "-", "*", "/", PERCENT, POWER, "(", ")", SQUARED, CUBED)},
    **dict.fromkeys((TIMES, "\N{MIDDLE DOT}", "x", "times", "multiplied", "of"), "*"),
    **dict.fromkeys((DIVIDED, "divided", "over"), "/"),
    **dict.fromkeys(("\N{MINUS SIGN}", "\N{EN DASH}", "\N{EM DASH}", "minus"), "-"),
    **dict.fromkeys((MODULO, "modulo"), MODULO),
    **dict.fromkeys((ROOT, "sqrt"), ROOT),
    "^": POWER,
    "plus": "+",
    "percent": PERCENT,
    "squared": SQUARED,
    "cubed": CUBED,
}
_SMALL: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen", "twenty"),
)
_TENS: Final = ("thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred")
_NUMBER_WORDS: Final = {word: number for number, word in enumerate(_SMALL)} | {
    word: 10 * number for number, word in enumerate(_TENS, start=3)
}
_WRITTEN: Final = {
    "+": "+",
    "-": "-",
    "*": TIMES,
    "/": DIVIDED,
    POWER: "^",
    MODULO: MODULO,
    PERCENT: MODULO,
}

Part = Fraction | str
"""A number, or one of the signs."""


class ExpressionInvalid(ValueError):
    """It cannot be reckoned; the message says why, to the person who typed it."""


def parts_of(text: str) -> Sequence[Part]:
    """Read a text into numbers and signs, spelled one way.

    Raises:
        ExpressionInvalid: It is empty or too long, or holds something else.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionInvalid(f"It is longer than {MAX_LENGTH} characters.")
    for phrase, sign in _PHRASES:
        text = phrase.sub(sign, text)
    parts = list(_read(text.strip()))
    if not parts:
        raise ExpressionInvalid("There is nothing to reckon.")
    return parts


def is_percent(parts: Sequence[Part], place: int) -> bool:
    """Tell what a `%` is by what follows it: before an operand it is a remainder."""
    if parts[place] != PERCENT:
        return False
    following = parts[place + 1] if place + 1 < len(parts) else None
    return not (isinstance(following, Fraction) or following in ("(", ROOT))


def bounded(value: Fraction) -> Fraction:
    """Let a value pass that is not too large to go on with.

    Raises:
        ExpressionInvalid: It is.
    """
    if size_of(value) > _MAX_BITS:
        raise ExpressionInvalid("The result would have too many digits.")
    return value


def size_of(value: Fraction) -> int:
    """Count the bits of the longer half of a fraction."""
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def normalised(text: str) -> str:
    """Write an expression as it was understood.

    Raises:
        ExpressionInvalid: It is none.
    """
    parts = parts_of(text)
    written = ""
    for place, part in enumerate(parts):
        before = parts[place - 1] if place else None
        if isinstance(part, Fraction):
            written += in_full(part) or rounded(part)
        elif part in _WRITTEN and not is_percent(parts, place):
            is_infix = isinstance(before, Fraction) or before in (")", PERCENT, SQUARED, CUBED)
            written += f" {_WRITTEN[part]} " if is_infix else _WRITTEN[part]
        else:
            written += part
    return written


def is_arithmetic(text: str) -> bool:
    """Tell whether a text is made of numbers and signs alone and has both."""
    try:
        parts = parts_of(text)
    except ExpressionInvalid:
        return False
    numbers = sum(isinstance(part, Fraction) for part in parts)
    signs = sum(part not in ("(", ")") for part in parts) - numbers
    return numbers > 0 and signs > 0


def _read(text: str) -> Iterator[Part]:
    for match in _PART.finditer(text):
        if number := match["number"]:
            yield bounded(Fraction(number.replace(",", "") + (match["exponent"] or "")))
            continue
        found = (match["word"] or match["sign"]).lower()
        if found in _NUMBER_WORDS:
            yield Fraction(_NUMBER_WORDS[found])
        elif found in _SIGNS:
            yield _SIGNS[found]
        elif found == ",":
            raise ExpressionInvalid("A comma only groups thousands: write 1.5, not 1,5.")
        else:
            raise ExpressionInvalid("It holds something that is no number and no sign.")
