"""The rule of priorities: each row, both bounds, and that nothing worse is ever less urgent."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from architecture.house import ROOT
from netra_ops.issue_tracker import priority
from netra_ops.issue_tracker.priority import Priority, Severity, Signs, judged

FLAGS = ("began_with_revision", "goes_on", "stops_start")
shares = st.one_of(st.none(), st.floats(0, 1))
signs = st.builds(
    Signs,
    severity=st.sampled_from(Severity),
    requests=shares,
    principals=shares,
    began_with_revision=st.booleans(),
    goes_on=st.booleans(),
    stops_start=st.booleans(),
    is_test_traffic=st.booleans(),
    is_stale=st.booleans(),
)


def judge(severity: Severity, **more: object) -> Priority:
    """Give the priority of some signs."""
    return judged(Signs(severity=severity, **more)).priority  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("severity", "more", "expected"),
    [
        (Severity.INFO, {"stops_start": True}, "P0"),
        (Severity.CRITICAL, {"goes_on": True, "requests": 0.1}, "P0"),
        (Severity.CRITICAL, {"goes_on": True, "principals": 0.1}, "P0"),
        (Severity.CRITICAL, {"goes_on": True, "requests": 0.099}, "P1"),
        (Severity.ERROR, {"goes_on": True, "principals": 0.5}, "P0"),
        (Severity.ERROR, {"goes_on": True, "principals": 0.49}, "P1"),
        (Severity.EMERGENCY, {}, "P1"),
        (Severity.ERROR, {"goes_on": True, "began_with_revision": True}, "P1"),
        (Severity.ERROR, {"began_with_revision": True}, "P2"),
        (Severity.ERROR, {"requests": 0.1}, "P1"),
        (Severity.ERROR, {}, "P2"),
        (Severity.WARNING, {"goes_on": True, "began_with_revision": True}, "P2"),
        (Severity.WARNING, {"goes_on": True, "requests": 0.1}, "P2"),
        (Severity.WARNING, {"requests": 1.0, "began_with_revision": True}, "P3"),
        (Severity.NOTICE, {"goes_on": True, "requests": 1.0, "began_with_revision": True}, "P3"),
        (Severity.DEFAULT, {}, "P3"),
    ],
)
def test_each_row_decides(severity: Severity, more: dict[str, object], expected: str) -> None:
    """The table is the rule, at its bounds too."""
    assert judge(severity, **more) == expected


@given(signs)
def test_test_traffic_is_never_above_p1_and_stale_never_above_p3(given_signs: Signs) -> None:
    """Whatever else is so; and a bound that lowers is among the reasons."""
    said = judged(given_signs)

    if given_signs.is_test_traffic:
        assert said.priority >= Priority.P1
    if given_signs.is_stale:
        assert said.priority is Priority.P3
    assert said.reasons


@given(signs, signs)
def test_what_is_worse_in_everything_is_never_less_urgent(one: Signs, other: Signs) -> None:
    """The order of the rows holds no surprise."""
    is_worse = (
        one.severity >= other.severity
        and (one.requests or 0) >= (other.requests or 0)
        and (one.principals or 0) >= (other.principals or 0)
        and all(getattr(one, flag) >= getattr(other, flag) for flag in FLAGS)
        and one.is_test_traffic <= other.is_test_traffic
        and one.is_stale <= other.is_stale
    )
    if is_worse:
        assert judged(one).priority <= judged(other).priority


@given(signs, st.sampled_from(FLAGS))
def test_one_more_sign_is_never_less_urgent(before: Signs, flag: str) -> None:
    """The same, from one step to the next."""
    values = {name: getattr(before, name) for name in Signs.__slots__}

    assert judged(Signs(**values | {flag: True})).priority <= judged(before).priority


def test_what_could_not_be_counted_is_said() -> None:
    """Nobody reads a missing share as none."""
    assert any("could not be counted" in r for r in judged(Signs(severity=Severity.ERROR)).reasons)
    counted = judged(Signs(severity=Severity.ERROR, requests=0.0))
    assert not any("could not be counted" in reason for reason in counted.reasons)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_one(share: float) -> None:
    """Percents and nonsense are refused."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        Signs(severity=Severity.ERROR, requests=share)


def test_the_document_has_the_table_of_the_code() -> None:
    """People read the same rows."""
    rows = re.findall(r"^\| \d .*$", priority.__doc__ or "", re.MULTILINE)
    page = Path(ROOT / "docs/flows/issues_from_logs.md").read_text(encoding="utf-8")

    assert len(rows) == 9
    assert re.findall(r"^\| \d .*$", page, re.MULTILINE) == rows
