"""Arithmetic reckoned exactly with fractions. Pure; nothing is ever evaluated.

Every step is bounded, so no expression takes long or much. Writing a result is done in `numbers`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from netra_backend.app.agents.reckoning.arithmetic_words import (
    CUBED,
    MODULO,
    PERCENT,
    POWER,
    ROOT,
    SQUARED,
    ExpressionInvalid,
    Part,
    bounded,
    is_percent,
    parts_of,
    size_of,
)

_MAX_DEPTH: Final = 40
_MAX_POWER_BITS: Final = 2048
_ROOT_DIGITS: Final = 40
_HALF: Final = 2


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What came out.

    Attributes:
        value: The value.
        exact: Whether it is the very value; a square root mostly is not.
    """

    value: Fraction
    exact: bool


def reckoned(text: str) -> Reckoned:
    """Reckon an expression: + - * / ** and parentheses, percent, remainder, square root.

    `%` before a number or a parenthesis is the remainder of a division, with the divisor's sign;
    otherwise it is percent.

    Raises:
        ExpressionInvalid: It is none, has no value, or is too long or too large.
    """
    return _Reading(parts_of(text)).whole()


class _Reading:
    """One pass over the parts by recursive descent; each method reads one level of binding."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._place = 0
        self._depth = 0
        self._exact = True

    def whole(self) -> Reckoned:
        value = self._sum()
        if self._place < len(self._parts):
            left = self._parts[self._place]
            if left == ")":
                raise ExpressionInvalid("There is a closing parenthesis too many.")
            raise ExpressionInvalid("There is no sign between two numbers.")
        return Reckoned(value, self._exact)

    def _sum(self) -> Fraction:
        value = self._product()
        while (sign := self._taken("+", "-")) is not None:
            other = self._product()
            value = bounded(value + other if sign == "+" else value - other)
        return value

    def _product(self) -> Fraction:
        value = self._signed()
        while (sign := self._operator_of_product()) is not None:
            other = self._signed()
            if sign == "*":
                value = bounded(value * other)
            elif other == 0:
                raise ExpressionInvalid("Nothing can be divided by zero.")
            else:
                value = bounded(value / other if sign == "/" else value % other)
        return value

    def _operator_of_product(self) -> str | None:
        # What is left of `%` here stands before an operand: the percents were taken below.
        return self._taken("*", "/", MODULO, PERCENT)

    def _signed(self) -> Fraction:
        with_sign = self._taken("-", "+")
        if with_sign is None:
            return self._power()
        self._deeper()
        value = self._signed()
        self._depth -= 1
        return -value if with_sign == "-" else value

    def _power(self) -> Fraction:
        base = self._with_suffixes()
        if self._taken(POWER) is None:
            return base
        self._deeper()
        exponent = self._signed()
        self._depth -= 1
        return self._raised(base, exponent)

    def _with_suffixes(self) -> Fraction:
        value = self._atom()
        while self._place < len(self._parts):
            part = self._parts[self._place]
            if is_percent(self._parts, self._place):
                value = bounded(value / 100)
            elif part in (SQUARED, CUBED):
                value = self._raised(value, Fraction(2 if part == SQUARED else 3))
            else:
                break
            self._place += 1
        return value

    def _atom(self) -> Fraction:
        if self._place >= len(self._parts):
            raise ExpressionInvalid("A number is missing at the end.")
        part = self._parts[self._place]
        self._place += 1
        if isinstance(part, Fraction):
            return part
        self._deeper()
        if part == ROOT:
            value = self._root(self._with_suffixes())
        elif part == "(":
            value = self._sum()
            if self._taken(")") is None:
                raise ExpressionInvalid("A closing parenthesis is missing.")
        else:
            raise ExpressionInvalid("A number is missing between two signs.")
        self._depth -= 1
        return value

    def _raised(self, base: Fraction, exponent: Fraction) -> Fraction:
        if exponent.denominator == _HALF:
            base, exponent = self._root(base), Fraction(exponent.numerator)
        if exponent.denominator != 1:
            raise ExpressionInvalid("An exponent has to be a whole number, or a half.")
        power = exponent.numerator
        if base == 0 and power < 0:
            raise ExpressionInvalid("Nothing can be divided by zero.")
        if abs(base) in (0, 1):
            return Fraction(1) if power == 0 else base ** (1 if power % 2 else 2)
        # Judged before it is reckoned: the size of what would come out, from below.
        if (size_of(base) - 1) * abs(power) > _MAX_POWER_BITS:
            raise ExpressionInvalid("The result would have too many digits.")
        return bounded(base**power)

    def _root(self, value: Fraction) -> Fraction:
        if value < 0:
            raise ExpressionInvalid("A negative number has no square root that I can give.")
        product = value.numerator * value.denominator
        root = math.isqrt(product)
        if root * root == product:
            return Fraction(root, value.denominator)
        self._exact = False
        scale = 10**_ROOT_DIGITS
        return bounded(Fraction(math.isqrt(product * scale**2), value.denominator * scale))

    def _taken(self, *signs: str) -> str | None:
        if self._place < len(self._parts):
            part = self._parts[self._place]
            if isinstance(part, str) and part in signs:
                self._place += 1
                return part
        return None

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ExpressionInvalid("It is nested too deeply.")
