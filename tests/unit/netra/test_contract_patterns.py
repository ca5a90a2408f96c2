"""Patterns of contracts: what they match, which are refused, and that none takes for ever."""

import re
import time

import pytest

from fakes.timing import UNIT
from netra.contract.formats import Matching
from netra.contract.patterns.matching import LARGEST, LONGEST, MOST_STEPS, matches
from netra.contract.patterns.reading import PatternRefused
from netra.contract.reference import CONTRACTS

DECLARED = sorted(
    {v.format.pattern for c in CONTRACTS for v in c.variables if isinstance(v.format, Matching)}
)
TEXTS = (
    "",
    "a",
    "b",
    "ab",
    "aab",
    "a\n",
    "\n",
    "7",
    "_",
    "é",
    "٣",
    " ",
    "a-b",
    "]",
    "^",
    "{",
    "\x08",
)


@pytest.mark.parametrize("pattern", DECLARED)
def test_our_own_patterns_are_known(pattern: str) -> None:
    """What the contracts of both services declare is matched as Python's expressions match it."""
    for text in (*TEXTS, "openai:gpt-5", "0", "366", "99999", "a" * 128, "a" * 129, "/a b/c"):
        assert matches(pattern, text) is (re.fullmatch(pattern, text) is not None)


@pytest.mark.parametrize(
    "pattern",
    [
        *("", "a", ".", ".*", "a|b|", "(a|b)+", "(?:ab)?a*", "a{2}b", "a{,1}b", "a{1,}", "a{,}"),
        *(
            "^a|b$",
            r"\Aab\Z",
            "a??b*?",
            r"\d",
            r"\D",
            r"\w+",
            r"\W",
            r"\s",
            r"\S",
            r"[\d_]",
            r"[^\w]",
        ),
        *(r"[]a]", "[^]a]", "[a-]", "[-a]", r"[a\-b]+", r"[\b]", r"\x61", r"\u0061", r"\U00000061"),
        *(r"\{", r"\^", "}", "]", r"[\n]", r"a\n", "()", "(|a)(b|)", "(a{0}b?){2}", "((a*)*)*b"),
        *("é", "[à-ÿ]", r"\é", "(a?){3}", "(?:a|b?){2,3}", "a{0}", "[{^]"),
    ],
)
def test_what_is_known_means_what_it_does_in_python(pattern: str) -> None:
    """Letters, sets, groups, choices, repetitions and ends."""
    for text in TEXTS:
        assert matches(pattern, text) is (re.fullmatch(pattern, text) is not None), text


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "has a `(` without its `)`"),
        ("a)", "has a `)` that closes nothing"),
        ("[a", "has a `[` without its `]`"),
        ("[z-a]", "has a set with a range that has no order"),
        (r"[\d-z]", "has a set with a range that has no order"),
        ("*a", "has a `*` with nothing before it to repeat"),
        ("a**", "has a `*` after another sign that repeats"),
        ("a*+", "has a `+` after another sign that repeats"),
        ("a{2}{2}", "has a `{` after another sign that repeats"),
        ("a{2,1}", "repeats something at least more often than at most"),
        ("a{x}", "has a `{` that begins no number of times"),
        ("a{99999999999}", "has a `{` that begins no number of times"),
        ("a^b", "has a `^` elsewhere than at its ends"),
        ("(a$)", "has a `$` elsewhere than at its ends"),
        ("(?=a)a", "has a `(?` that looks around"),
        ("(?i)a", "has a `(?` that looks around"),
        ("(?P<n>a)", "has a `(?` that looks around"),
        (r"(a)\1", r"has a `\1`, which is not known"),
        (r"\bword", r"has a `\b`, which is not known"),
        (r"\xg1", r"has a `\x`, which is not known"),
        (r"\U00110000", r"has a `\U`, which is not known"),
        ("a\\", "has a `\\`, which is not known"),
        ("(" * 40 + ")" * 40, "has groups nested more than 30 deep"),
        ("a" * (LONGEST + 1), f"is longer than {LONGEST} letters"),
        ("a{9999}", f"has more than {LARGEST} parts once every repetition"),
        ("((a{99}){99}){99}", f"has more than {LARGEST} parts once every repetition"),
        ("(?:()()()b){999}", f"has more than {LARGEST} parts once every repetition"),
    ],
)
def test_what_is_not_known_is_refused_in_words(pattern: str, says: str) -> None:
    """What is no expression, what needs going back, and what is too large."""
    with pytest.raises(PatternRefused) as refused:
        matches(pattern, "a")

    assert str(refused.value).startswith(says)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+b", "a" * 50_000),
        ("(a|a)*b", "a" * 50_000),
        ("(.*)*=(.*)*", "x" * 50_000),
        ("(a*)*" * 20 + "b", "a" * 5_000),
        ("(?:a?){300}a{300}b", "a" * 1_000),
        ("(a|b)*a(a|b){240}c", "ab" * 500),
        ("[" + "".join(map(chr, range(0x4E00, 0x4E00 + 990))) + "]*", "\u9000" * 1_000),
    ],
)
def test_no_pattern_takes_for_ever(pattern: str, text: str) -> None:
    """Those that others go back and forth in for years take less than a moment."""
    began = time.process_time()

    assert matches(pattern, text) is False

    assert time.process_time() - began < 4 * UNIT


def test_a_text_that_would_take_too_long_is_not_matched() -> None:
    """It is a flaw of its own, and not taken for right."""
    form = Matching("[ab]{0,800}", "few letters")

    assert form.flaw("ab" * 400, deployed=True) is None
    flaw = form.flaw("ab" * MOST_STEPS, deployed=True)
    assert flaw is not None
    assert (flaw.says, flaw.fix) == (
        "is too long to be held against its pattern",
        "Write few letters.",
    )
