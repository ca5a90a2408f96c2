"""Weighing, whatever was observed."""

from hypothesis import given
from hypothesis import strategies as st

from netra_ops.diagnosis.answering.answer import DiagnosisVerdict, WhyStatus
from netra_ops.diagnosis.answering.concluding import Circumstances, concluded
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.weights.weighing import NAMED_FROM, stands_beside, weighed

observed = st.dictionaries(st.sampled_from(list(Fact)), st.booleans(), max_size=40).map(
    lambda facts: tuple(
        Observation(fact=fact, is_seen=seen, says=fact.means, evidence=("logs.ndjson:1",))
        for fact, seen in facts.items()
    )
)


@given(observed)
def test_belief_is_shared_and_never_more_than_there_is(
    observations: tuple[Observation, ...],
) -> None:
    """Confidence lies between 0 and 1, and two causes that rival each other are not both named."""
    ranked = weighed(observations)

    assert all(0.0 <= one.confidence <= 1.0 for one in ranked)
    named = [one for one in ranked if one.is_shown and one.confidence >= NAMED_FROM]
    for one in named:
        for other in named:
            assert (
                one is other
                or stands_beside(one, other)
                or other.cause.code in one.cause.leads_to
                or one.cause.code in other.cause.leads_to
                or other.consequence_of is not None
                or one.consequence_of is not None
            )


@given(observed, st.randoms(use_true_random=False))
def test_the_order_of_observations_plays_no_part(
    observations: tuple[Observation, ...], random: object
) -> None:
    """The same facts in another order give the same answer."""
    shuffled = list(observations)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    again = concluded(shuffled, Circumstances())

    assert (
        again.as_document()["ranked"]
        == concluded(observations, Circumstances()).as_document()["ranked"]
    )


@given(observed)
def test_no_cause_is_named_without_evidence(observations: tuple[Observation, ...]) -> None:
    """Who is named is shown; who is not leaves what would decide, or nothing happened."""
    answer = concluded(observations, Circumstances())

    if answer.cause is None:
        assert answer.verdict is not DiagnosisVerdict.CAUSE_FOUND
        assert answer.fix is None
        assert not answer.prove_by
    else:
        assert answer.confidence >= NAMED_FROM
        assert answer.ranked[0].cause == answer.cause
        assert answer.ranked[0].supported
    assert len(answer.five_whys) == 5
    assert all(one.evidence or one.status is WhyStatus.UNKNOWN for one in answer.five_whys)


@given(observed)
def test_less_evidence_never_shows_more(observations: tuple[Observation, ...]) -> None:
    """Without what was observed nothing is named."""
    nothing = concluded((), Circumstances())

    assert nothing.verdict is DiagnosisVerdict.INSUFFICIENT_EVIDENCE
    shown = {one.cause.code for one in weighed(observations) if one.is_shown}
    fewer = {one.cause.code for one in weighed(observations[1:]) if one.is_shown}
    assert fewer <= shown
