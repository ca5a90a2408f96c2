"""What the ledger says of who serves, who served, what is proven and what was not ended."""

import pytest

from fakes.ledger_records import (
    SERVICE,
    chained,
    deploy,
    ended,
    judged,
    overridden,
    promoted,
    proving,
    rolled_back,
    traffic,
)
from netra_ops.findings import Verdict
from netra_ops.ledger import queries
from netra_ops.ledger.records import Ending, Record, Stage


def last(records: list[Record], *besides: str) -> str | None:
    """Give the revision that was proven last."""
    proof = queries.last_proven(chained(records), SERVICE, besides)
    return proof.revision if proof else None


def test_nothing_recorded_says_nothing() -> None:
    """An empty ledger has no answer to anything, and none is made up."""
    assert queries.serving([]) == {}
    assert queries.served([]) == ()
    assert queries.last_proven([], SERVICE) is None
    assert queries.unfinished([]) == ()
    assert queries.services([]) == ()


def test_who_serves_is_what_was_recorded_last_for_each_service() -> None:
    """One service's traffic says nothing of another's."""
    entries = chained(
        [traffic(r1=100), traffic(service="netra-auth", a1=100), traffic(r1=90, r2=10)]
    )

    assert queries.serving(entries) == {SERVICE: {"r1": 90, "r2": 10}, "netra-auth": {"a1": 100}}


def test_who_served_when_is_told_by_share() -> None:
    """A share lasts until a record changes it; what is repeated goes on, what ends is open."""
    entries = chained(
        [traffic(r1=100), traffic(r1=90, r2=10), traffic(r1=90, r2=10), traffic(r2=100), traffic()]
    )

    spans = [
        (span.revision, span.percent, span.since.seq, span.until and span.until.seq)
        for span in queries.served(entries)
    ]

    assert spans == [("r1", 100, 1, 2), ("r1", 90, 2, 4), ("r2", 10, 2, 4), ("r2", 100, 4, 5)]


def test_one_services_traffic_ends_no_span_of_another() -> None:
    """Also where their revisions have one name."""
    entries = chained([traffic(r1=100), traffic(service="netra-auth", r1=50, r2=50)])

    assert [span.until for span in queries.served(entries)] == [None, None, None]


def test_a_revision_is_proven_once_it_passed_its_probes_and_was_promoted() -> None:
    """The proof names both records, and the one proven last is given."""
    entries = chained([*proving("r1"), *proving("r2", "rol_2")])

    proof = queries.last_proven(entries, SERVICE)

    assert proof is not None
    assert (proof.revision, proof.probes.seq, proof.promotion.seq) == ("r2", 6, 8)
    assert [p.revision for p in queries.proven(entries, SERVICE)] == ["r1", "r2"]
    assert queries.last_proven(entries, "netra-auth") is None


@pytest.mark.parametrize(
    "records",
    [
        [deploy("r2"), traffic(r2=100)],
        [deploy("r2"), traffic(r2=100), promoted("r2")],
        [deploy("r2"), judged("r2"), traffic(r2=100)],
        [deploy("r2"), promoted("r2"), judged("r2")],
        [judged("r2", Verdict.UNKNOWN), promoted("r2")],
        [judged("r2", Verdict.FAIL), overridden("r2"), promoted("r2")],
        [judged("r2", Verdict.FAIL, waived="waived by ana"), promoted("r2")],
        [judged("r2", stage=Stage.RULES), judged("r2", stage=Stage.TRAFFIC), promoted("r2")],
        [judged("r2"), judged("r2", Verdict.UNKNOWN), promoted("r2")],
        [judged("r2"), judged("r2", Verdict.FAIL), promoted("r2")],
        [judged("r3"), promoted("r2")],
    ],
)
def test_what_merely_served_is_not_proven(records: list[Record]) -> None:
    """Without passing its own probes first, with nothing waived, no promotion proves a revision."""
    assert last([*proving("r1"), *records]) == "r1"


@pytest.mark.parametrize(
    "records",
    [
        [rolled_back("r2", "r1", "rol_3")],
        [judged("r2", Verdict.FAIL, rollout=None)],
        [judged("r2", Verdict.FAIL, rollout=None, waived="waived by ana")],
        [rolled_back("r2", "r1", "rol_3"), judged("r2", rollout=None)],
        [rolled_back("r2", "r1", "rol_3"), promoted("r2", "rol_4")],
        [rolled_back("r2", "r1", "rol_3"), traffic(r2=100)],
    ],
)
def test_a_proof_is_lost_by_leaving_it_or_by_failing(records: list[Record]) -> None:
    """From then on the one before it is the one to go back to."""
    assert last([*proving("r1"), *proving("r2", "rol_2"), *records]) == "r1"


def test_a_proof_is_won_again_by_passing_and_being_promoted_again() -> None:
    """Both must happen after the rollback."""
    records = [*proving("r1"), *proving("r2", "rol_2"), rolled_back("r2", "r1", "rol_3")]

    assert last([*records, judged("r2"), promoted("r2", "rol_4")]) == "r2"


def test_what_is_promoted_again_is_the_last_one_again() -> None:
    """The order is that of the last promotions."""
    records = [*proving("r1"), *proving("r2", "rol_2"), *proving("r1", "rol_3")]

    assert last(records) == "r1"
    assert last(records, "r1") == "r2"


def test_not_knowing_later_takes_no_proof_away() -> None:
    """Probes that could not be sent say nothing of the revision."""
    assert last([*proving("r1"), judged("r1", Verdict.UNKNOWN, rollout=None)]) == "r1"


def test_what_is_left_is_out_of_the_question() -> None:
    """The revision that is to be left is not its own refuge."""
    records = [*proving("r1"), *proving("r2", "rol_2")]

    assert last(records, "r2") == "r1"
    assert last(records, "r1", "r2") is None


def test_the_history_of_a_revision_is_all_that_concerns_it() -> None:
    """Its own records, traffic that it gets or loses, and being left."""
    records = [
        *proving("r1"),
        deploy("r2", "rol_2"),
        traffic("rol_2", r1=90, r2=10),
        traffic("rol_2", r2=100),
        traffic("rol_2", r2=100),
        rolled_back("r2", "r1", "rol_3"),
        judged("r1", service="netra-auth"),
    ]

    of_first = [entry.seq for entry in queries.history(chained(records), SERVICE, "r1")]
    of_second = [entry.seq for entry in queries.history(chained(records), SERVICE, "r2")]

    assert of_first == [1, 2, 3, 4, 6, 7, 9]
    assert of_second == [5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    "end",
    [
        promoted("r2", "rol_2"),
        ended("r2", Ending.REFUSED, "rol_2"),
        ended("r2", Ending.ROLLED_BACK, "rol_2"),
        ended("r2", Ending.ABANDONED, "rol_2"),
    ],
)
def test_a_rollout_is_unfinished_until_its_end_is_recorded(end: Record) -> None:
    """Wherever a gate was killed, what it had begun is told with its last record."""
    begun = [*proving("r1"), deploy("r2", "rol_2"), judged("r2", rollout="rol_2")]
    halfway = [*begun, traffic("rol_2", r1=90, r2=10)]

    (left,) = queries.unfinished(chained(halfway))

    assert (left.revision, left.rollout, left.begun.seq, left.last.seq) == ("r2", "rol_2", 5, 7)
    assert queries.unfinished(chained([*halfway, end])) == ()


def test_a_rollback_is_a_rollout_of_its_own_or_a_part_of_one() -> None:
    """Alone it begins one; within one it does not end it."""
    alone: list[Record] = [*proving("r1"), rolled_back("r1", "r0", "rol_2")]
    within: list[Record] = [deploy("r2", "rol_2"), rolled_back("r2", "r1", "rol_2")]

    assert [left.revision for left in queries.unfinished(chained(alone))] == ["r0"]
    assert [left.revision for left in queries.unfinished(chained(within))] == ["r2"]


def test_rollouts_of_two_services_do_not_end_each_other() -> None:
    """The same id at another service is another rollout."""
    records: list[Record] = [
        deploy("r2", "rol_2"),
        ended("a1", rollout="rol_2", service="netra-auth"),
    ]

    assert len(queries.unfinished(chained(records))) == 1


def test_how_a_revision_was_made_is_the_last_record_of_it() -> None:
    """A rollback looks there for what the target needs."""
    entries = chained([deploy("r1"), deploy("r1", "rol_2", schema="0006"), deploy("r2")])

    made = queries.how_made(entries, SERVICE, "r1")

    assert made is not None
    assert made.schema == "0006"
    assert queries.how_made(entries, SERVICE, "r9") is None
    assert queries.how_made(entries, "netra-auth", "r1") is None
