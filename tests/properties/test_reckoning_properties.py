"""Reckoning is total, exact and bounded; a summary only ever quotes."""

import time
from collections.abc import Callable
from datetime import date
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from fakes.timing import UNIT
from netra_backend.app.agents.reckoning.arithmetic_words import (
    MAX_LENGTH,
    ExpressionInvalid,
    is_arithmetic,
    normalised,
)
from netra_backend.app.agents.reckoning.days import DayUnknown, day_named, in_words
from netra_backend.app.agents.reckoning.expression import reckoned
from netra_backend.app.agents.reckoning.numbers import as_fraction, in_full, rounded
from netra_backend.app.agents.reckoning.summary import MAX_QUOTE, Text, summarised

Written = tuple[str, Fraction]

any_text = st.text(st.characters(), max_size=120)  # Lone surrogates included.
sums = st.lists(
    st.sampled_from(
        [
            *"0123456789+-*/%^()., eE",
            *("**", "9" * 40, "1e99", "1e-99", "sqrt", " squared", "mod", "((((", "))))", "2**"),
        ]
    ),
    max_size=120,
).map("".join)
days = st.dates()
day_words = st.lists(
    st.sampled_from(
        [
            *("in", "ago", "next", "last", "the", "day", "days", "week", "months", "year", "of"),
            *("after", "before", "from", "today", "christmas", "friday", "may", "february", "29"),
            *("31", "0", "999999", "2024-02-30", "30.02.2024", "1/2/2024", "9999-12-31", "a", "'"),
        ]
    ),
    max_size=8,
).map(" ".join)
sentences = st.lists(
    st.sampled_from(
        [
            *("The river is long.", "I need a hotel near the river!", "Why is it so late?"),
            *("ok", "\n", "```", "- an item", "> quoted", "One two three four five six seven"),
            *("\u00c4rger mit der Bahn im Winter.", "no end " * 60, "1. first", "| a |", "e.g. so"),
        ]
    )
    | any_text,
    max_size=12,
).map(" ".join)


numbers = st.integers(0, 10**6).map(lambda number: (str(number), Fraction(number))) | st.decimals(
    0, 1000, places=3, allow_nan=False
).map(lambda number: (str(number), Fraction(number)))


def _joined(children: st.SearchStrategy[Written]) -> st.SearchStrategy[Written]:
    """Write two operands with a sign between them, and reckon what they come to beside it."""

    def of(
        sign: str, reckon: Callable[[Fraction, Fraction], Fraction]
    ) -> st.SearchStrategy[Written]:
        return st.tuples(children, children).map(
            lambda pair: (f"({pair[0][0]}) {sign} ({pair[1][0]})", reckon(pair[0][1], pair[1][1]))
        )

    divisible = st.tuples(children, children.filter(lambda child: child[1] != 0))
    return st.one_of(
        of("+", lambda a, b: a + b),
        of("-", lambda a, b: a - b),
        of("*", lambda a, b: a * b),
        divisible.map(lambda pair: (f"({pair[0][0]})/({pair[1][0]})", pair[0][1] / pair[1][1])),
        divisible.map(lambda pair: (f"({pair[0][0]})%({pair[1][0]})", pair[0][1] % pair[1][1])),
        children.map(lambda child: (f"-({child[0]})", -child[1])),
        children.map(lambda child: (f"({child[0]})%", child[1] / 100)),
        st.tuples(children, st.integers(0, 4)).map(
            lambda pair: (f"({pair[0][0]}) ** {pair[1]}", pair[0][1] ** pair[1])
        ),
    )


expressions = st.recursive(numbers, _joined, max_leaves=6).filter(
    lambda written: len(written[0]) <= MAX_LENGTH
)


@given(written=expressions)
@example(written=("7 - 2 - 1", Fraction(4)))
@example(written=("2 ** 3 ** 2", Fraction(512)))
@example(written=("-2 ** 2", Fraction(-4)))
def test_reckoning_agrees_with_fractions(written: Written) -> None:
    """An expression comes to what exact fractions come to, and its spelling means the same."""
    text, value = written
    try:
        result = reckoned(text)
    except ExpressionInvalid as error:
        assert "too many digits" in str(error)  # noqa: PT017 - the only reason a sum may be refused
        assert max(value.numerator.bit_length(), value.denominator.bit_length()) > 500
        return

    assert result.exact
    assert result.value == value
    assert is_arithmetic(text) == any(sign in text for sign in "+-*/%")
    assert reckoned(normalised(text)).value == value


@given(text=any_text | sums)
@example(text="9**9**9**9")
@example(text="(" * MAX_LENGTH)
@example(text="-" * MAX_LENGTH)
@example(text="1e999*1e999")
@example(text="9" * MAX_LENGTH)
@example(text="1/3" + "*1/3" * 120)
@example(text="\u0661+\u00b2")
def test_reckoning_any_text_is_total_and_bounded(text: str) -> None:
    """Whatever is typed, there is a value of bounded size soon, or the error for people."""
    began_at = time.monotonic()
    try:
        result = reckoned(text)
        shown = (normalised(text), in_full(result.value), rounded(result.value))
        assert all(part is None or len(part) < 10_000 for part in shown)
        assert (as_fraction(result.value) or "/").count("/") == 1
    except ExpressionInvalid as error:
        assert str(error)  # noqa: PT017 - it is said to a person
    is_arithmetic(text)

    assert time.monotonic() - began_at < UNIT


@given(value=st.fractions())
def test_a_value_is_written_truly(value: Fraction) -> None:
    """In full it is the value itself, rounded it is near, as a fraction it can be read back."""
    full, fraction = in_full(value), as_fraction(value)

    if full is not None:
        assert Fraction(full.replace(",", "")) == value
    if fraction is not None:
        assert Fraction(fraction) == value
    near = Fraction(rounded(value).replace(",", ""))
    assert abs(near - value) <= abs(value) / 10**11


@given(text=any_text | day_words, today=days)
@example(text="29 february", today=date(9999, 12, 31))
@example(text="last christmas", today=date(1, 1, 1))
@example(text="last friday", today=date(1, 1, 1))
@example(text="in \u00b2 days", today=date(2026, 1, 1))
def test_looking_for_a_day_is_total(text: str, today: date) -> None:
    """Whatever is typed, on whatever day, there is a day or the error for people."""
    try:
        assert in_words(day_named(text, today))
    except DayUnknown as error:
        assert str(error)  # noqa: PT017 - it is said to a person


@given(day=days, today=days)
def test_a_date_is_that_day(day: date, today: date) -> None:
    """A date written in full is found whatever day it is, in each of its spellings."""
    written = (
        day.isoformat(),
        f"{day.day}.{day.month}.{day.year:04}",
        in_words(day).partition(", ")[2],
        f"{day:%B} {day.day}, {day.year:04}",
    )
    for text in written:
        assert day_named(text, today) == day


@given(texts=st.lists(sentences, max_size=6), count=st.integers(1, 8))
@example(texts=["a b c d " * 20_000], count=3)
def test_a_summary_only_quotes(texts: list[str], count: int) -> None:
    """Every quotation stands in its text letter by letter, in order, once, and within bounds."""
    said = [Text(text, own=place % 2 == 0) for place, text in enumerate(texts)]

    summary = summarised(said, count)

    assert len(summary.quotes) <= min(count, summary.sentences)
    assert all(quote.words in texts[quote.place] for quote in summary.quotes)
    assert all(0 < len(quote.words) <= MAX_QUOTE for quote in summary.quotes)
    assert [q.place for q in summary.quotes] == sorted(q.place for q in summary.quotes)
    assert all(quote.place >= summary.left_out for quote in summary.quotes)
    assert summarised(said, count) == summary
