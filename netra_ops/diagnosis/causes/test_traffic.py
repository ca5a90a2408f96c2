"""Somebody is testing or probing."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="test_traffic",
    title="somebody is testing or probing",
    symptom=(
        "401 mixed with 404 and 405 on paths that nobody else asks for, by one "
        "client or test users."
    ),
    mechanism="The refusals are right, and nobody who matters asked.",
    expects=(
        decides(Fact.UNKNOWN_PATHS, 0.75),
        decides(Fact.ONE_TESTING_CLIENT, 0.75),
        expects(Fact.FEW_SUBJECTS, 0.5),
        expects(Fact.USERS_UNAFFECTED, 0.6),
    ),
    shown_by=(
        shown(Fact.UNKNOWN_PATHS),
        shown(Fact.ONE_TESTING_CLIENT),
    ),
    contradicted_by=frozenset(
        {Fact.UNAUTHENTICATED_ADMITTED, Fact.BEGAN_WITH_REVISION, Fact.NOT_CONFIGURED_SAID}
    ),
    leads_to=frozenset({"caller_without_credential", "user_token_rejected"}),
    neighbours=(
        Neighbour("caller_without_credential", "the paths, names or agent are those of a test"),
        Neighbour("user_token_rejected", "no real person is among them"),
    ),
    caught_by=(CaughtBy.RUN_TIME,),
    fix="Nothing; label test traffic so that it is counted apart.",
    prove_by=("the refusals end with the test",),
    is_incident=False,
)
