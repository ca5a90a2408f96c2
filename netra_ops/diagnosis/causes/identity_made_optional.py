"""A change made identity optional, or swallowed its failure."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="identity_made_optional",
    title="a change made identity optional, or swallowed its failure",
    symptom="200 with the data of nobody; user ids are null.",
    mechanism=(
        "Where a caller cannot be proven the code goes on without one, instead of refusing."
    ),
    expects=(
        decides(Fact.UNAUTHENTICATED_ADMITTED, 0.85),
        decides(Fact.ANONYMOUS_SERVED, 0.7),
        expects(Fact.COMMIT_TOUCHES_IDENTITY, 0.6),
        expects(Fact.BEGAN_WITH_REVISION, 0.8),
    ),
    shown_by=(
        shown(Fact.UNAUTHENTICATED_ADMITTED),
        shown(Fact.ANONYMOUS_SERVED, Fact.COMMIT_TOUCHES_IDENTITY),
        shown(Fact.ANONYMOUS_SERVED, Fact.BEGAN_WITH_REVISION),
    ),
    contradicted_by=frozenset({Fact.ON_EARLIER_REVISIONS_TOO}),
    leads_to=frozenset({"code_error"}),
    neighbours=(Neighbour("variable_half_renamed", "who has no credential is let in"),),
    caught_by=(CaughtBy.PROBE,),
    fix=("Require identity on the route again, and keep the probe that must be refused."),
    prove_by=(
        "a request without a token and one with a bad token get 401",
        "the golden path passes",
    ),
    drill="optional-identity",
)
