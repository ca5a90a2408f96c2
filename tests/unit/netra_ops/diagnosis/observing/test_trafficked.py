"""Tests of `netra_ops.diagnosis.observing.trafficked`."""

from pathlib import Path
from typing import Any

import pytest

from fakes.scenes import BAD, GOOD, at, revision, scene_in, seen, silent, unseen
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.trafficked import observed

BOTH = [revision(GOOD, -600), revision(BAD, -60)]


@pytest.fixture
def of_shares(tmp_path: Path) -> Any:
    """Observe shares of traffic, each a time in minutes, a revision and a percentage."""

    def observe(*shares: tuple[int, str, int], **said: Any) -> tuple[Observation, ...]:
        traffic = [{"time": at(t), "revision": name, "percent": p} for t, name, p in shares]
        documents = {"traffic": traffic, "revisions": BOTH, "bundle": {"window": {"end": at(30)}}}
        return tuple(observed(scene_in(tmp_path / "b", **{**documents, **said})))

    return observe


def test_a_ready_revision_that_never_got_traffic_is_pinned_out(of_shares: Any) -> None:
    """The newest ready revision without traffic is told with the older one that is named."""
    found = seen(of_shares((-600, GOOD, 100)), Fact.NEWEST_WITHOUT_TRAFFIC)

    assert found is not None
    assert found.subjects == (BAD, GOOD)


@pytest.mark.parametrize(
    "newest",
    [
        revision(BAD, -60, ready={"type": "Ready", "status": "False"}),
        revision(BAD, 28),
    ],
)
def test_a_revision_that_is_not_ready_or_too_young_is_not_waited_for(
    of_shares: Any, newest: Any
) -> None:
    """A revision that did not come up, or only just did, is none that traffic passes by."""
    found = of_shares((-600, GOOD, 100), revisions=[BOTH[0], newest])

    assert seen(found, Fact.NEWEST_WITHOUT_TRAFFIC) is None


def test_traffic_that_went_forward_is_neither_pinned_nor_back(of_shares: Any) -> None:
    """A plain deployment is told as neither."""
    found = of_shares((-600, GOOD, 100), (-5, GOOD, 0), (-5, BAD, 100))

    assert unseen(found, Fact.NEWEST_WITHOUT_TRAFFIC) is not None
    assert unseen(found, Fact.ROLLED_BACK) is not None


def test_traffic_that_went_back_is_rolled_back_and_not_pinned(of_shares: Any) -> None:
    """What had traffic and lost it was rolled back; nobody forgot it."""
    found = of_shares((-600, GOOD, 100), (-5, BAD, 100), (10, GOOD, 100))
    back = seen(found, Fact.ROLLED_BACK)

    assert back is not None
    assert back.subjects == (GOOD, BAD)
    assert back.evidence[0] == "traffic.json#/2"
    assert unseen(found, Fact.NEWEST_WITHOUT_TRAFFIC) is not None


def test_the_newer_of_two_is_never_gone_back_to(of_shares: Any) -> None:
    """Whatever led before: traffic that goes to a newer revision goes forward."""
    found = of_shares((-30, BAD, 100), (-20, GOOD, 100), (-5, BAD, 100))
    back = seen(found, Fact.ROLLED_BACK)

    assert back is not None
    assert back.subjects == (GOOD, BAD)


def test_a_canary_that_grows_is_no_rollback(of_shares: Any) -> None:
    """Shares in steps are a deployment as long as the newer one only gains."""
    found = of_shares(
        (-600, GOOD, 100), (-20, GOOD, 90), (-20, BAD, 10), (-5, GOOD, 0), (-5, BAD, 100)
    )

    assert unseen(found, Fact.ROLLED_BACK) is not None


def test_another_service_s_share_is_none_that_was_gone_back_from(of_shares: Any) -> None:
    """A numbered revision that no document knows is its own service's, by its name."""
    found = of_shares((-600, "other-00096-abc", 100), (-500, GOOD, 100), (-5, BAD, 100))

    assert unseen(found, Fact.ROLLED_BACK) is not None


def test_without_shares_nothing_is_said(of_shares: Any) -> None:
    """Revisions alone tell of no traffic."""
    found = of_shares()

    assert silent(found, Fact.ROLLED_BACK)
    assert silent(found, Fact.NEWEST_WITHOUT_TRAFFIC)
