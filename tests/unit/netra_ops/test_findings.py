"""Verdicts and their combination."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra_ops.findings import (
    CouldNotTell,
    ExitCode,
    Failed,
    OpsError,
    UsageRefused,
    Verdict,
    exit_code_of,
    worse,
    worst_of,
)

verdicts = st.sampled_from(Verdict)


@given(verdicts, verdicts, verdicts)
def test_worse_is_associative(one: Verdict, two: Verdict, three: Verdict) -> None:
    """How verdicts are bracketed does not matter."""
    assert worse(one, worse(two, three)) == worse(worse(one, two), three)


@given(verdicts, verdicts)
def test_worse_is_commutative_and_never_better_than_either(one: Verdict, two: Verdict) -> None:
    """The order does not matter, and nothing is improved by company."""
    both = worse(one, two)

    assert both == worse(two, one)
    assert both.badness == max(one.badness, two.badness)


@given(st.lists(verdicts, min_size=1))
def test_worst_of_is_the_worst_one_there_is(judged: list[Verdict]) -> None:
    """The combination is one of the verdicts, and none of them is worse."""
    worst = worst_of(judged)

    assert worst in judged
    assert all(verdict.badness <= worst.badness for verdict in judged)


@given(st.lists(verdicts), st.lists(verdicts))
def test_worst_of_can_be_taken_in_parts(some: list[Verdict], others: list[Verdict]) -> None:
    """Combining parts gives what combining everything gives, for parts that judged something."""
    if some and others:
        assert worst_of([worst_of(some), worst_of(others)]) == worst_of([*some, *others])


@given(st.lists(verdicts))
def test_unknown_is_never_promoted(judged: list[Verdict]) -> None:
    """Whatever stands beside it, an UNKNOWN never becomes a PASS."""
    assert worst_of([*judged, Verdict.UNKNOWN]) is not Verdict.PASS


def test_nothing_judged_is_unknown() -> None:
    """An empty set of checks has not passed."""
    assert worst_of([]) is Verdict.UNKNOWN


def test_order_is_pass_unknown_fail() -> None:
    """PASS < UNKNOWN < FAIL, in whatever order they come."""
    for judged in permutations(Verdict):
        assert worst_of(judged) is Verdict.FAIL
    assert worst_of([Verdict.PASS, Verdict.PASS]) is Verdict.PASS


def test_every_verdict_has_its_own_exit_code() -> None:
    """The shell can tell pass, fail and could-not-decide apart, and none is the usage code."""
    codes = {verdict: exit_code_of(verdict) for verdict in Verdict}

    assert codes == {Verdict.PASS: 0, Verdict.UNKNOWN: 3, Verdict.FAIL: 1}
    assert ExitCode.USAGE not in codes.values()


@pytest.mark.parametrize(("error", "code"), [(Failed, 1), (UsageRefused, 2), (CouldNotTell, 3)])
def test_every_refusal_has_its_exit_code(error: type[OpsError], code: int) -> None:
    """How a command ended is in its exit code."""
    assert error("why").exit_code == code
