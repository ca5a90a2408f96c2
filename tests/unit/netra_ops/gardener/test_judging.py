"""How urgent a cluster is, from what is known of it."""

from typing import Any

import pytest

from netra_ops.gardener.facts.clusters import Facts, facts_of
from netra_ops.gardener.facts.collected import Collected
from netra_ops.gardener.grouping import Group
from netra_ops.gardener.worklog.judging import judged_cluster
from netra_ops.issue_tracker.priority import Judged, Priority
from netra_ops.logs.entries.entry import Entry, Kind, Level

_SECOND = 1_000_000_000
_START = 1_789_000_000 * _SECOND


def entry(after: float, message: str, **more: Any) -> Entry:
    """An entry at so many seconds."""
    time = _START + round(after * _SECOND)
    given: dict[str, Any] = {"kind": Kind.TEXT, "time": time, "service": "web"} | more
    given.setdefault("level", Level.ERROR)
    return Entry(number=1, source=0, offset=0, length=0, message=message, **given)


def judged_of(*entries: Entry, stale: bool = False) -> Judged:
    """Judge the cluster of what is broken."""
    texts = list(dict.fromkeys(one.message for one in entries))
    collected = Collected()
    collected.add(entries, [texts.index(one.message) for one in entries])
    whole: Facts = facts_of(
        collected, [Group(f"v1:{text}", text) for text in texts], range(len(texts))
    )
    (broken,) = [one for one in whole.clusters if one.template == "broke"]
    return judged_cluster(broken, whole, stops_start=False, stale=stale)


def people(number: int) -> list[Entry]:
    """So many people who are served."""
    return [entry(at, "served", principal=f"usr_{at}", level=Level.INFO) for at in range(number)]


class TestShares:
    """Which share of people is hit counts where there are enough to speak of one."""

    def test_most_people(self) -> None:
        """What hits most of many and goes on is urgent now."""
        hit = [entry(60 + at, "broke", principal=f"usr_{at}") for at in range(15)]

        assert judged_of(*people(20), *hit).priority is Priority.P0

    def test_one_of_one(self) -> None:
        """The one person whom a log names is no share of people."""
        judged = judged_of(entry(1, "broke", principal="usr_1"), entry(2, "broke"))

        assert judged.priority is Priority.P2
        assert "could not be counted" in " ".join(judged.reasons)

    @pytest.mark.parametrize("number", [1, 2])
    def test_few_of_many(self, number: int) -> None:
        """What hits a few of many is no more than an error."""
        hit = [entry(60 + at, "broke", principal=f"usr_{at}") for at in range(number)]

        assert judged_of(*people(60), *hit).priority is Priority.P2


def test_another_time_is_never_urgent() -> None:
    """What a log of another time shows is never above P3."""
    hit = [entry(60 + at, "broke", principal=f"usr_{at}") for at in range(15)]

    assert judged_of(*people(20), *hit, stale=True).priority is Priority.P3


def test_only_tests_met_it() -> None:
    """Test traffic is never P0."""
    hit = [entry(60 + at, "broke", principal=f"e2e-test-{at}") for at in range(15)]

    assert judged_of(*people(20), *hit).priority is Priority.P1
