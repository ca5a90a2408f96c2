"""What is known of each cluster and of all of them, from entries as they are read."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pytest

from netra_ops.gardener.facts.clusters import ClusterFacts, Facts, facts_of
from netra_ops.gardener.facts.collected import Collected
from netra_ops.gardener.facts.deploys.deployments import deployments_of, label_changes
from netra_ops.gardener.facts.deploys.onset import Nature
from netra_ops.gardener.facts.sequence import Within
from netra_ops.logs.entries.entry import Audit, Entry, Http, Kind, Level

_SECOND = 1_000_000_000
_START = 1_789_000_000 * _SECOND


class Named(NamedTuple):
    """A cluster as the miner gives it."""

    id: str
    template: str
    aliases: tuple[str, ...] = ()


def entry(seconds: float, message: str, **more: Any) -> Entry:
    """An entry at so many seconds."""
    given: dict[str, Any] = {
        "kind": Kind.TEXT,
        "time": _START + round(seconds * _SECOND),
        "level": Level.ERROR,
        "service": "web",
    }
    return Entry(number=1, source=0, offset=0, length=0, message=message, **(given | more))


def gathered(entries: Iterable[Entry]) -> tuple[Collected, list[Named], list[int]]:
    """Gather entries whose messages are their clusters."""
    collected, shapes = Collected(), dict[str, int]()
    for number, one in enumerate(entries, 1):
        one.number = number
        collected.add([one], [shapes.setdefault(one.message, len(shapes))])
    return collected, [Named(f"v1:{text}", text) for text in shapes], list(range(len(shapes)))


def known(entries: Iterable[Entry]) -> Facts:
    """Work out what is known of entries whose messages are their clusters."""
    return facts_of(*gathered(entries))


def cluster(facts: Facts, template: str) -> ClusterFacts:
    """Give the one cluster of this text."""
    (found,) = [one for one in facts.clusters if one.template == template]
    return found


def ordinary(revision: str, start: int, seconds: int) -> list[Entry]:
    """What a revision writes while nothing is wrong."""
    return [
        entry(start + at, "served", revision=revision, level=Level.INFO, status=200)
        for at in range(seconds)
    ]


class TestCluster:
    """What is known of one."""

    def test_counts(self) -> None:
        """Entries, people, requests and statuses are counted apart, copies not at all."""
        facts = known(
            [
                entry(1, "broke", principal="ada", request_id="r1", status=500),
                entry(2, "broke", principal="bob", request_id="r2", status=503),
                entry(3, "broke", principal="ada", request_id="r2", status=500, trace="t"),
                entry(3, "broke", duplicate=True),
            ]
        )

        found = cluster(facts, "broke")

        assert (found.count, facts.copies) == (3, 1)
        assert (found.principals.distinct, found.requests.distinct, found.traces.distinct) == (
            2,
            2,
            1,
        )
        assert [(one.name, one.count) for one in found.principals.top] == [("ada", 2), ("bob", 1)]
        assert [(one.name, one.count) for one in found.statuses.top] == [("500", 2), ("503", 1)]
        assert {one.name for one in found.requests.top} == {"r1", "r2"}
        assert sum(found.rate) == 3

    def test_entries_without_a_time_count(self) -> None:
        """They are in the count, and no time is made up for them."""
        facts = known([entry(1, "broke"), entry(0, "broke", time=None)])

        found = cluster(facts, "broke")

        assert (found.count, found.undated) == (2, 1)
        assert found.first == found.last == _START + _SECOND

    def test_only_entries_without_a_time(self) -> None:
        """Nothing is said of when."""
        facts = known([entry(0, "broke", time=None)])

        found = cluster(facts, "broke")

        assert (found.first, facts.span) == (None, None)

    @pytest.mark.parametrize(
        ("levels", "expected"),
        [
            ([Level.INFO] * 9 + [Level.ERROR], Level.ERROR),
            ([Level.INFO] * 19 + [Level.ERROR], Level.INFO),
            ([Level.WARNING, Level.CRITICAL], Level.CRITICAL),
        ],
    )
    def test_level(self, levels: Sequence[Level], expected: Level) -> None:
        """A cluster is as bad as a tenth of its entries, not as the one worst."""
        facts = known(entry(at, "x", level=level) for at, level in enumerate(levels))

        assert cluster(facts, "x").level is expected

    def test_a_failed_request_is_an_error(self) -> None:
        """A request record without severity that was answered with 503 is an error."""
        facts = known([entry(1, "GET /x", level=Level.INFO, status=503, http=Http("GET", "/x"))])

        found = cluster(facts, "GET /x")

        assert found.level is Level.ERROR
        assert [one.name for one in found.paths.top] == ["/x"]

    def test_test_traffic(self) -> None:
        """A cluster is called a test's if nearly all of it calls itself so, not if half of it."""
        facts = known(
            [entry(at, "a", principal="e2e-test") for at in range(10)]
            + [entry(at, "b", principal="e2e-test" if at % 2 else "ada") for at in range(10)]
            + [entry(at, "c", principal="contest-winner") for at in range(10)]
        )

        assert [one.template for one in facts.clusters if one.tests] == ["a"]
        assert facts.impact.entries == 20

    def test_out_of_order(self) -> None:
        """Newest first, as gcloud writes, gives the same facts as oldest first."""
        forth = [entry(at * 20, "broke", instance="i") for at in range(12)]
        back = [entry(at * 20, "broke", instance="i") for at in reversed(range(12))]

        one, other = cluster(known(forth), "broke"), cluster(known(back), "broke")

        assert one.rhythm is not None
        assert (one.first, one.last, one.rhythm, one.rate) == (
            other.first,
            other.last,
            other.rhythm,
            other.rate,
        )


class TestOnset:
    """With which revision it began."""

    def test_a_regression_from_entries(self) -> None:
        """What a revision brought is told with that revision and the last good one."""
        facts = known(
            ordinary("web-00001-aaa", 0, 600)
            + ordinary("web-00002-bbb", 600, 600)
            + [entry(610 + 10 * at, "broke", revision="web-00002-bbb") for at in range(50)]
        )

        onset = cluster(facts, "broke").onset

        assert onset.nature is Nature.REGRESSION
        assert (onset.revision, onset.last_good) == ("web-00002-bbb", "web-00001-aaa")
        assert cluster(facts, "served").onset.nature is Nature.ALSO_EARLIER

    def test_it_changed(self) -> None:
        """The moment at which a rate rose is found to the entry."""
        facts = known(
            ordinary("web-00001-aaa", 0, 600) + [entry(400 + at, "broke") for at in range(200)]
        )

        assert cluster(facts, "broke").changed == _START + 400 * _SECOND


class TestOrder:
    """What follows what."""

    def test_within_requests(self) -> None:
        """Interleaved requests do not mix; the lag is the median."""
        entries = []
        for at in range(10):
            entries += [
                entry(at, "a", request_id=f"r{at}"),
                entry(at + 1.2, "b", request_id=f"r{at}"),
            ]
        facts = known(sorted(entries, key=lambda one: one.time or 0))

        (following,) = facts.order.followings

        named = [facts.clusters[place].template for place in (following.first, following.then)]
        assert named == ["a", "b"]
        assert (following.within, following.times, following.of) == (Within.REQUEST, 10, 10)
        assert following.lag == pytest.approx(1.2)

    def test_within_bursts(self) -> None:
        """What one instance writes without a pause belongs together, two instances do not."""
        entries = []
        for at in range(5):
            for instance in ("i1", "i2"):
                entries += [
                    entry(at * 20 + step / 100, text, instance=instance)
                    for step, text in enumerate(("start", "import", "exit"))
                ]
        facts = known(sorted(entries, key=lambda one: one.time or 0))

        course = facts.order.courses[0]

        assert [facts.clusters[one].template for one in course.clusters] == [
            "start",
            "import",
            "exit",
        ]
        assert (course.within, course.times) == (Within.BURST, 10)

    def test_what_is_everywhere_leads_nothing(self) -> None:
        """Before whatever comes, something that never stops was; it is not followed for that."""
        loud = [entry(at / 8, "storm") for at in range(8 * 300)]
        rare = [entry(at + 0.05, "lost") for at in range(5, 300, 13)]
        pauses = set(range(0, 300, 20))
        entries = [
            one for one in loud + rare if ((one.time or 0) - _START) // _SECOND not in pauses
        ]

        order = known(sorted(entries, key=lambda one: one.time or 0)).order

        assert (order.courses, order.followings) == ((), ())

    def test_once_is_no_order(self) -> None:
        """What happened once says nothing of what follows what."""
        facts = known([entry(1, "a", request_id="r"), entry(2, "b", request_id="r")])

        assert facts.order.followings == ()

    def test_one_event_written_twice(self) -> None:
        """A shorter text that always comes at once with a longer one doubles it."""
        entries = []
        for at in range(20):
            entries += [
                entry(at, "could not load the plan of the day: refused", request_id=f"r{at}"),
                entry(at + 0.002, "could not load the plan", request_id=f"r{at}"),
                entry(at + 0.004, "request ended with an answer of 500", request_id=f"r{at}"),
            ]
        facts = known(entries)

        full = cluster(facts, "could not load the plan of the day: refused")
        assert cluster(facts, "could not load the plan").doubles == full.id
        assert cluster(facts, "request ended with an answer of 500").doubles is None
        assert full.doubles is None


class TestDeployments:
    """What was deployed while the log was written."""

    def test_from_first_entries_and_audit_entries(self) -> None:
        """Both traces are told in the order of time, with who did it and where it stands."""
        audit = Audit(
            method="google.cloud.run.v1.Services.ReplaceService",
            principal="ops@example.com",
            resource="namespaces/p/services/web",
            agent="google-cloud-sdk command/gcloud.run.services.update-traffic",
        )
        collected, clusters, places = gathered(
            [
                *ordinary("web-00001-aaa", 0, 5),
                entry(6, "audit", kind=Kind.AUDIT, audit=audit, service=None),
                *ordinary("web-00002-bbb", 9, 5),
            ]
        )
        facts = facts_of(collected, clusters, places)

        found = deployments_of(facts.revisions, collected.deeds, ["x.ndjson"])

        assert [one.by for one in found] == ["first entry", "audit log", "first entry"]
        assert found[1].service == "web"
        assert found[1].who == "ops@example.com"
        assert found[1].evidence == "x.ndjson:6"
        assert "gcloud.run.services.update-traffic" in found[1].says

    def test_labels_show_configuration(self) -> None:
        """A label that all entries of a revision carry, with another value on the next, is told."""
        entries = [
            entry(
                at,
                "x",
                revision=f"web-0000{1 + at // 10}-aaa",
                labels={"vpc": mode, "instanceId": str(at)},
            )
            for at in range(20)
            for mode in ["on" if at < 10 else "off"]
        ]
        collected, clusters, places = gathered(entries)
        facts = facts_of(collected, clusters, places)

        (change,) = label_changes(facts.revisions, collected.labels)

        assert (change.name, change.before, change.after) == ("vpc", "on", "off")

    def test_labels_of_another_service_are_not_compared(self) -> None:
        """Two services may name their revisions alike; each has its own labels."""
        entries = [
            entry(at, "x", service=service, revision=f"r{at // 10}", labels={"vpc": mode})
            for at in range(20)
            for service, mode in (("web", "on" if at < 10 else "off"), ("api", "api"))
        ]
        collected, clusters, places = gathered(entries)
        facts = facts_of(collected, clusters, places)

        (change,) = label_changes(facts.revisions, collected.labels)

        assert (change.service, change.before, change.after) == ("web", "on", "off")
