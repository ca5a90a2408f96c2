"""How many requests show that a failure is gone."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_ops.proof.enough import CONFIDENCE, LEAST, enough_for, lower_bound

counts = st.integers(1, 400).flatmap(lambda tried: st.tuples(st.integers(1, tried), st.just(tried)))


@given(counts)
def test_so_many_requests_would_have_shown_it(count: tuple[int, int]) -> None:
    """A failure of the least share shows in that many, nearly always."""
    found = enough_for(*count)

    assert found is not None
    assert found.requests >= LEAST
    assert (1 - found.share) ** found.requests <= 1 - CONFIDENCE + 1e-9


@given(counts)
def test_the_least_share_lies_below_the_one_that_was_seen(count: tuple[int, int]) -> None:
    """It is a bound from below, and no trivial one."""
    failed, tried = count

    assert 0 < lower_bound(failed, tried) < failed / tried


def test_the_bound_is_the_exact_one() -> None:
    """Of n failures in n requests it is the n-th root of what chance may do (Clopper-Pearson)."""
    for number in (1, 5, 50):
        assert math.isclose(
            lower_bound(number, number), (1 - CONFIDENCE) ** (1 / number), rel_tol=1e-9
        )


def test_a_rare_failure_takes_many_requests() -> None:
    """What shows in one of a thousand is not gone because twenty went well."""
    rare, frequent = enough_for(2, 2000), enough_for(50, 50)

    assert rare is not None
    assert frequent is not None
    assert rare.requests > 1000
    assert frequent.requests == LEAST
    assert "2 of 2,000" in rare.why


@pytest.mark.parametrize(("failed", "tried"), [(0, 10), (0, 0), (1, 0)])
def test_what_never_failed_cannot_be_shown_to_be_gone(failed: int, tried: int) -> None:
    """Without a failure there is nothing to show."""
    assert enough_for(failed, tried) is None
