"""How an exact value is written for a person: in full if that is short, else rounded. Pure."""

from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

_MAX_PLACES: Final = 20
_SIGNIFICANT: Final = 12
_MAX_FRACTION: Final = 24
_PLAIN: Final = range(-7, 22)
"""The powers of ten between which a rounded value is written without an exponent."""


def in_full(value: Fraction) -> str | None:
    """Write a value with all its digits, or None if they never end or are too many."""
    if value.denominator == 1:
        return f"{value.numerator:,}"
    places = _places(value.denominator)
    if places is None:
        return None
    scaled = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{int(scaled[:-places]):,}.{scaled[-places:]}"


def rounded(value: Fraction) -> str:
    """Write a value with twelve significant digits."""
    context = Context(prec=_SIGNIFICANT)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    if quotient.is_zero():
        return "0"
    shortest = quotient.normalize(context)
    if shortest.adjusted() in _PLAIN:
        return f"{shortest:,f}"
    return f"{shortest:e}"


def as_fraction(value: Fraction) -> str | None:
    """Write a value as a fraction, or None if that is long."""
    text = f"{value.numerator}/{value.denominator}"
    return text if len(text) <= _MAX_FRACTION else None


def _places(denominator: int) -> int | None:
    """Count the decimal places a fraction in lowest terms needs, if they end soon."""
    places = 0
    while denominator % 10 == 0:
        denominator //= 10
        places += 1
    for factor in (2, 5):
        while denominator % factor == 0 and places <= _MAX_PLACES:
            denominator //= factor
            places += 1
    return places if denominator == 1 and places <= _MAX_PLACES else None
