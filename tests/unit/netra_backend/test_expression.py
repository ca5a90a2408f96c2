"""Arithmetic: what is understood, what it comes to, and what is refused in which words."""

from fractions import Fraction

import pytest

from netra_backend.app.agents.reckoning.arithmetic_words import (
    MAX_LENGTH,
    ExpressionInvalid,
    is_arithmetic,
    normalised,
)
from netra_backend.app.agents.reckoning.expression import reckoned
from netra_backend.app.agents.reckoning.numbers import as_fraction, in_full, rounded


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2+2", 4),
        ("2 - -3", 5),
        ("10 / 4", Fraction(5, 2)),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("100 - 10 - 1", 89),
        ("100 / 10 / 2", 5),
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", -4),
        ("2 ** -3", Fraction(1, 8)),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("1,234,567.5 * 2", 2_469_135),
        (".5 * 4", 2),
        ("1.5e3 + 1", 1501),
        ("15% of 80", 12),
        ("50% * 10", 5),
        ("200 + 10%", Fraction(2001, 10)),
        ("17 % 5", 2),
        ("17 mod 5", 2),
        ("-17 mod 5", 3),
        ("2 ^ 10", 1024),
        ("12 times 7", 84),
        ("3 x 4", 12),
        ("3x4", 12),
        ("100 divided by 8", Fraction(25, 2)),
        ("6 multiplied by 7", 42),
        ("two plus two", 4),
        ("5 squared", 25),
        ("2 cubed + 1", 9),
        ("2 to the power of 8", 256),
        ("the square root of 144", 12),
        ("sqrt(16) + 1", 5),
        ("9 ** 0.5", 3),
        ("1 ** 999999999", 1),
        ("(-1) ** 1000000001", -1),
        ("0 ** 0", 1),
        ("12 \N{MULTIPLICATION SIGN} 3 \N{MINUS SIGN} 1", 35),
        ("8 \N{DIVISION SIGN} 2", 4),
    ],
)
def test_an_expression_comes_to_its_value(text: str, value: Fraction) -> None:
    """Signs, words, percent, powers and roots bind as people expect, and nothing is rounded."""
    result = reckoned(text)

    assert result.value == value
    assert result.exact


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing to reckon"),
        ("hello", "no number and no sign"),
        ("2 + x y", "no number and no sign"),
        ("1,5 + 1", "comma only groups"),
        ("1 / 0", "divided by zero"),
        ("5 mod 0", "divided by zero"),
        ("0 ** -1", "divided by zero"),
        ("2 +", "missing at the end"),
        ("* 2", "missing between"),
        ("(1 + 2", "closing parenthesis is missing"),
        ("1 + 2)", "parenthesis too many"),
        ("2 3", "no sign between"),
        ("2 (3)", "no sign between"),
        ("sqrt(-4)", "no square root"),
        ("2 ** (1 / 3)", "whole number, or a half"),
        ("9 ** 9 ** 9", "too many digits"),
        ("2 ** 99999", "too many digits"),
        ("2 ** -99999", "too many digits"),
        ("1e999", "too many digits"),
        ("(" * 200 + "1" + ")" * 200, "nested too deeply"),
        ("-" * 400 + "1", "nested too deeply"),
        ("2**" * 100 + "1", "nested too deeply"),
        ("1+" * MAX_LENGTH, "longer than"),
    ],
)
def test_what_cannot_be_reckoned_says_why(text: str, why: str) -> None:
    """A mistake, a division by zero or too large a number is refused in words for people."""
    with pytest.raises(ExpressionInvalid, match=why):
        reckoned(text)


def test_a_root_without_end_is_marked_as_not_exact() -> None:
    """The square root of two is given to many digits, and said to be no exact value."""
    result = reckoned("sqrt 2")

    assert not result.exact
    assert rounded(result.value) == "1.41421356237"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2+2", "2 + 2"),
        ("3x-4", "3 \N{MULTIPLICATION SIGN} -4"),
        ("15% of 80", "15% \N{MULTIPLICATION SIGN} 80"),
        ("17%5", "17 mod 5"),
        ("2**-3", "2 ^ -3"),
        ("(1000.50+2)/3", "(1,000.5 + 2) \N{DIVISION SIGN} 3"),
    ],
)
def test_an_expression_is_shown_as_it_was_understood(text: str, shown: str) -> None:
    """Each sign is spelled one way, so that percent is told from remainder."""
    assert normalised(text) == shown


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("2+2", True), ("5%", True), ("42", False), ("what is 2+2", False), ("", False), ("-", False)],
)
def test_arithmetic_is_told_from_other_text(text: str, *, is_one: bool) -> None:
    """It is made of numbers and signs alone, and has both."""
    assert is_arithmetic(text) is is_one


@pytest.mark.parametrize(
    ("value", "full", "short"),
    [
        (Fraction(0), "0", "0"),
        (Fraction(1234567), "1,234,567", "1,234,567"),
        (Fraction(-5, 4), "-1.25", "-1.25"),
        (Fraction(1, 3), None, "0.333333333333"),
        (Fraction(2, 3), None, "0.666666666667"),
        (Fraction(10**30, 7), None, "1.42857142857e+29"),
        (Fraction(1, 10**9), "0.000000001", "1e-9"),
        (Fraction(1, 2**40), None, "9.09494701773e-13"),
    ],
)
def test_a_value_is_written_in_full_or_rounded(
    value: Fraction, full: str | None, short: str
) -> None:
    """All digits if they end soon, else twelve of them."""
    assert in_full(value) == full
    assert rounded(value) == short


def test_only_a_short_fraction_is_written_as_one() -> None:
    """A fraction nobody can read is left out."""
    assert as_fraction(Fraction(22, 7)) == "22/7"
    assert as_fraction(Fraction(10**30, 7)) is None
