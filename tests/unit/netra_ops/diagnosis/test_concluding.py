"""What is answered, given what was observed."""

import msgspec
import pytest

from fakes.observations import absent, seen
from netra_ops.diagnosis.answering.answer import DiagnosisVerdict, Suspect, WhyStatus
from netra_ops.diagnosis.answering.concluding import Circumstances, concluded
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.weights.weighing import NAMED_FROM

LOST = (
    Fact.FAILURES,
    Fact.VARIABLE_LOST,
    Fact.NOT_CONFIGURED_SAID,
    Fact.BEGAN_WITH_REVISION,
    Fact.ALL_REFUSED,
)


def test_a_cause_is_found_with_its_fix_and_proof() -> None:
    """What is shown is named, with what to do and when that is proven."""
    answer = concluded(seen(*LOST), Circumstances(onset="2026-03-01T10:00:00Z"))

    assert answer.verdict is DiagnosisVerdict.CAUSE_FOUND
    assert answer.cause == "env_var_lost"
    assert answer.fix
    assert answer.prove_by
    assert answer.onset == "2026-03-01T10:00:00Z"
    assert answer.decide_by == ()


def test_the_text_of_a_refusal_alone_decides_nothing() -> None:
    """Refusals since a revision, and no more, name nobody and say what would decide."""
    answer = concluded(
        seen(Fact.FAILURES, Fact.ALL_REFUSED, Fact.BEGAN_WITH_REVISION), Circumstances()
    )

    assert answer.verdict is DiagnosisVerdict.INSUFFICIENT_EVIDENCE
    assert answer.cause is None
    assert answer.fix is None
    assert answer.confidence < NAMED_FROM
    assert answer.decide_by
    assert all(one.take and one.states for one in answer.decide_by)


def test_the_coincidence_of_a_deploy_is_no_cause() -> None:
    """A commit that touches identity, just before the onset, is not enough to name it."""
    answer = concluded(
        seen(
            Fact.FAILURES,
            Fact.COMMIT_TOUCHES_IDENTITY,
            Fact.BEGAN_WITH_REVISION,
            Fact.SERVICE_CALLS_FAIL,
        ),
        Circumstances(),
    )

    assert answer.cause is None


def test_a_signature_of_before_contradicts_the_deploy() -> None:
    """What was lost with a deploy did not cause what was there on earlier revisions too."""
    answer = concluded(
        seen(
            Fact.FAILURES,
            Fact.VARIABLE_LOST,
            Fact.ON_EARLIER_REVISIONS_TOO,
            Fact.CREDENTIAL_MISSING,
            Fact.SESSION_BEFORE_REFUSAL,
            Fact.OTHER_SERVICE_CALLS_SUCCEED,
            Fact.FEW_REQUESTS_MANY_LINES,
        ),
        Circumstances(),
    )

    assert answer.cause == "caller_without_credential"


def test_a_rival_stays_visible_with_what_speaks_against_it() -> None:
    """What was weighed and found lighter is shown beside the cause."""
    answer = concluded(
        [
            *seen(
                Fact.FAILURES, Fact.SIGNATURE_REFUSED, Fact.KEYS_AGREE_STRIPPED, Fact.ALL_REFUSED
            ),
            *absent(Fact.KEYS_DIFFER, Fact.KEYS_AGREE_DECODED),
        ],
        Circumstances(),
    )

    assert answer.cause == "whitespace_in_value"
    rival = next(one for one in answer.ranked if one.cause == "signing_key_mismatch")
    assert rival.score < answer.confidence
    assert rival.opposed


def test_two_causes_may_be_there_at_once() -> None:
    """What nothing in common shows is named beside each other, each with its fix."""
    origin = (Fact.FAILURES, Fact.ORIGIN_REFUSED_SAID, Fact.ORIGIN_DECIDES)
    database = (Fact.DATABASE_SILENT, Fact.FAILS_AFTER_TIMEOUT)
    answer = concluded(seen(*origin, *database), Circumstances())
    alone = concluded(seen(*origin), Circumstances())

    (other,) = answer.besides
    assert {answer.cause, other.cause} == {"origin_blocked", "database_unreachable"}
    assert other.fix
    assert other.confidence >= NAMED_FROM
    assert answer.as_document()["besides"][0]["cause"] == other.cause
    assert (alone.cause, alone.besides) == ("origin_blocked", ())


def test_two_that_are_taken_for_each_other_are_not_both_there() -> None:
    """Where both are shown as well as the other, the evidence is insufficient."""
    both = (Fact.ORIGIN_DECIDES, Fact.SUBPROTOCOL_DECIDES, Fact.FAILURES, Fact.SOCKETS_ONLY)
    answer = concluded(seen(*both), Circumstances())

    assert answer.besides == ()


def test_what_follows_from_a_cause_does_not_rival_it() -> None:
    """An import that fails explains the exit, and not the other way round."""
    answer = concluded(
        seen(
            Fact.FAILURES,
            Fact.MODULE_MISSING,
            Fact.START_FAILED,
            Fact.RESTART_LOOP,
            Fact.AUTH_SERVICE_SILENT,
        ),
        Circumstances(),
    )

    assert answer.cause == "missing_module"
    assert {one.cause: one.consequence_of for one in answer.ranked}["startup_failed"] == (
        "missing_module"
    )


def test_where_nothing_failed_there_is_no_incident() -> None:
    """A window with traffic and without failures is none, and names no cause."""
    answer = concluded(absent(Fact.FAILURES), Circumstances())

    assert answer.verdict is DiagnosisVerdict.NOT_AN_INCIDENT
    assert answer.cause is None


def test_users_refusals_are_an_incident_only_when_they_jump() -> None:
    """Expired tokens at their usual rate are none; a jump of them is."""
    ordinary = (
        Fact.FAILURES,
        Fact.TOKEN_EXPIRED,
        Fact.FEW_SUBJECTS,
        Fact.AUDIT_USER_REASONS,
        Fact.PART_REFUSED,
    )

    usual = concluded(seen(*ordinary, Fact.USUAL_RATE), Circumstances())
    jumped = concluded([*seen(*ordinary), *absent(Fact.USUAL_RATE)], Circumstances())

    assert (usual.verdict, usual.cause) == (
        DiagnosisVerdict.NOT_AN_INCIDENT,
        "user_token_rejected",
    )
    assert jumped.verdict is DiagnosisVerdict.CAUSE_FOUND


def test_each_why_has_evidence_or_is_unknown() -> None:
    """The chain goes as far as the evidence does; what let it through is not made up."""
    suspect = Suspect(
        what="Revision b lost A", reason="it began with it", evidence=("revisions.json#/1",)
    )
    answer = concluded(seen(*LOST), Circumstances(suspects=(suspect,)))

    assert [one.status for one in answer.five_whys] == [
        WhyStatus.EVIDENCED,
        WhyStatus.EVIDENCED,
        WhyStatus.INFERRED,
        WhyStatus.INFERRED,
        WhyStatus.UNKNOWN,
    ]
    assert answer.five_whys[3].evidence == ("revisions.json#/1",)


def test_the_document_has_the_fields_that_judges_read() -> None:
    """Its keys are those of the published form; each sentence names where it stands."""
    document = concluded(seen(*LOST), Circumstances()).as_document()

    assert {
        "verdict",
        "cause",
        "confidence",
        "ranked",
        "decide_by",
        "onset",
        "first_bad_revision",
        "last_good_revision",
        "affected",
        "five_whys",
        "fix",
        "prove_by",
    } <= document.keys()
    first = document["ranked"][0]
    assert {"cause", "score", "for", "against"} <= first.keys()
    assert all(said["evidence"] and said["says"] for said in first["for"])
    assert {"why", "answer", "status", "evidence"} == document["five_whys"][0].keys()


@pytest.mark.parametrize(("where", "found"), [("probes.json#/0", True), ("logs.ndjson:4", False)])
def test_a_test_in_the_log_says_nothing_of_what_a_probe_found(where: str, *, found: bool) -> None:
    """That the refusals of the log are of a test does not stand against a probe."""
    admitted = msgspec.structs.replace(seen(Fact.UNAUTHENTICATED_ADMITTED)[0], evidence=(where,))
    answer = concluded((*seen(Fact.FAILURES, Fact.ONE_TESTING_CLIENT), admitted), Circumstances())

    assert (answer.cause == "identity_made_optional") is found
