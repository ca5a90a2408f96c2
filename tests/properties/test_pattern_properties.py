"""Patterns of contracts mean what Python's regular expressions mean, or are refused."""

import re
import warnings

from hypothesis import example, given
from hypothesis import strategies as st

from netra.contract.patterns.matching import matches
from netra.contract.patterns.reading import PatternRefused

ALPHABET = "ab-7 \n"

letters = st.sampled_from(
    [
        "a",
        "b",
        "-",
        "7",
        ".",
        r"\d",
        r"\w",
        r"\s",
        r"\S",
        r"\W",
        "[ab]",
        "[^a]",
        "[a-z7]",
        r"[^\s-]",
    ]
)
signs = st.sampled_from(["", "*", "+", "?", "{0}", "{2}", "{1,}", "{,2}", "{0,3}", "*?", "??"])
patterns = st.recursive(
    letters,
    lambda inner: (
        st.builds("({}){}".format, inner, signs)
        | st.builds("(?:{}|{}){}".format, inner, inner | st.just(""), signs)
        | st.builds("{}{}".format, inner, inner)
    ),
    max_leaves=6,
)
texts = st.lists(st.text(ALPHABET, max_size=7), min_size=1, max_size=5)
any_signs = st.text(r"ab-^$.|()[]{}*+?\,:=!<dwsnxAZ012", max_size=10)


@given(patterns, texts)
@example("(a?){2}", ["", "a", "aa", "aaa"])
@example("(a*|b)*?", ["", "ab", "a-"])
def test_a_pattern_means_what_it_does_in_python(pattern: str, tried: list[str]) -> None:
    """Whatever is put together of what is known matches the same texts."""
    for text in tried:
        assert matches(pattern, text) is (re.fullmatch(pattern, text) is not None)


@given(any_signs, texts)
@example("[]-a]", ["a"])
@example("a{,}", ["aa"])
@example("^$|a", ["", "a"])
def test_what_is_taken_is_an_expression_of_pythons(pattern: str, tried: list[str]) -> None:
    """Any text is refused as a pattern, or matches what Python's expression matches."""
    try:
        found = [matches(pattern, text) for text in tried]
    except PatternRefused:
        return
    with warnings.catch_warnings():
        # Of sets that may mean something else one day.
        warnings.simplefilter("ignore", FutureWarning)
        compiled = re.compile(pattern)
    assert found == [compiled.fullmatch(text) is not None for text in tried]
