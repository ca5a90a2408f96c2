"""Chances against what can be counted by hand, and the rise of a share."""

from itertools import combinations
from math import comb, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_ops.diagnosis.observing.statistics.chances import (
    RARE,
    apart,
    binomial_tail,
    fisher,
    later,
    none_of,
    wilson,
)
from netra_ops.diagnosis.observing.statistics.changes import is_mixed, rise_of, shares


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
def test_fisher_counts_all_ways_to_deal(bad: int, good: int, other: int, rest: int) -> None:
    """Fisher's chance is the share of all ways to deal the bad ones that are as bad or worse."""
    whole, own = bad + good + other + rest, bad + good
    hits = [
        len([at for at in ways if at < own]) for ways in combinations(range(whole), bad + other)
    ]

    assert isclose(
        fisher(bad, own, other, other + rest),
        sum(one >= bad for one in hits) / len(hits),
        abs_tol=1e-9,
    )


@given(st.integers(0, 30), st.integers(1, 30), st.floats(0.01, 0.99))
def test_the_binomial_tail_is_a_sum(least: int, number: int, chance: float) -> None:
    """The tail is the sum of the terms from the least on."""
    terms = [
        comb(number, k) * chance**k * (1 - chance) ** (number - k) for k in range(least, number + 1)
    ]

    assert isclose(binomial_tail(least, number, chance), sum(terms), abs_tol=1e-9)


@given(st.integers(0, 200), st.integers(0, 200))
def test_wilson_holds_the_share(bad: int, good: int) -> None:
    """A share lies between its bounds, and these between 0 and 1."""
    low, high = wilson(bad, bad + good)

    assert 0 <= low <= high <= 1
    if bad + good:
        assert low <= bad / (bad + good) + 1e-9
        assert high >= bad / (bad + good) - 1e-9


def test_none_of_is_a_power() -> None:
    """That none of ten happens, each by half a chance, is once in 1024."""
    assert isclose(none_of(10, 0.5), 1 / 1024)
    assert none_of(0, 1.0) == 1.0
    assert none_of(3, 1.0) == 0.0


def test_samples_that_lie_apart_do_so_one_way_of_all() -> None:
    """Three below three is one of twenty ways to deal; samples that mingle are not apart."""
    assert isclose(apart([1, 2, 3], [4, 5, 6]), 1 / 20)
    assert apart([1, 5], [4, 6]) == 1.0
    assert apart([], [1]) == 1.0


def test_the_rank_test_sees_what_comes_late() -> None:
    """Twenty late ones are no chance, twenty mingled ones are."""
    assert later([False] * 20 + [True] * 20) < 1e-6
    assert later([False, True] * 20) > 0.1
    assert later([True] * 5) == 1.0


def test_a_rise_is_found_where_it_is() -> None:
    """From one in ten to nine in ten at the fortieth, and not by chance."""
    flags = [place % 10 == 0 for place in range(40)] + [place % 10 != 0 for place in range(40)]

    rise = rise_of(flags)

    assert rise is not None
    assert 40 <= rise.index <= 41
    assert rise.chance < RARE


def test_few_that_all_fail_may_be_chance() -> None:
    """Two that went well and three that failed are too few to exclude chance."""
    rise = rise_of([False, False, True, True, True])

    assert rise is not None
    assert rise.index == 2
    assert rise.chance >= RARE


@given(st.integers(0, 2**32))
def test_a_share_that_stays_rises_by_chance_only(seed: int) -> None:
    """What alternates regularly has no rise that chance does not explain, wherever it is cut."""
    flags = [(seed >> (place % 32)) & 1 == 1 for place in range(32)] * 4

    rise = rise_of(flags)

    assert rise is None or rise.chance >= RARE or rise.before[0] * 2 <= rise.after[0]


@pytest.mark.parametrize("flags", [[True] * 9, [False] * 9, []])
def test_what_is_all_the_same_rises_nowhere(flags: list[bool]) -> None:
    """There is no rise where there is one kind only."""
    assert rise_of(flags) is None


def test_an_earlier_small_rise_is_where_it_began() -> None:
    """Where a share rises twice, the first rise that is no chance is the beginning."""
    flags = [False] * 100 + [False, True] * 20 + [True] * 100

    rise = rise_of(flags)

    assert rise is not None
    assert rise.index == 101


def test_mixed_is_more_than_one_turn() -> None:
    """Good, then bad for ever is not mixed; good, bad, good is."""
    assert not is_mixed([False, False, True, True])
    assert is_mixed([False, True, False])
    assert not is_mixed([True, True])
    assert shares([True, False, False, True, True]) == ((1, 2), (2, 3))
