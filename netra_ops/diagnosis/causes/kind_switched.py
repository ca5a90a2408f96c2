"""A name went from literal to secret, or back."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="kind_switched",
    title="a name went from literal to secret, or back",
    symptom="A deployment fails, or a program gets another value than the one meant.",
    mechanism=(
        "A name can have one kind at a time: the platform refuses the mixture, or "
        "the literal hides the secret."
    ),
    expects=(
        decides(Fact.KIND_SWITCHED, 0.7),
        decides(Fact.KIND_CONFLICT_SAID, 0.6),
        expects(Fact.BEGAN_WITH_REVISION, 0.7),
        expects(Fact.REVISION_NOT_READY, 0.4),
        expects(Fact.ALL_REFUSED, 0.3),
    ),
    shown_by=(
        shown(Fact.KIND_SWITCHED, Fact.FAILURES),
        shown(Fact.KIND_SWITCHED, Fact.REVISION_NOT_READY),
        shown(Fact.KIND_CONFLICT_SAID),
    ),
    contradicted_by=frozenset({Fact.ON_EARLIER_REVISIONS_TOO}),
    leads_to=frozenset({"escaped_value", "startup_failed"}),
    neighbours=(Neighbour("env_var_lost", "the name is there, with another kind"),),
    caught_by=(CaughtBy.STATIC,),
    fix=(
        "Remove the name and add it with the kind that is meant, in one replacement "
        "of the whole configuration."
    ),
    prove_by=(
        "the name has the kind that the contract says",
        "the golden path passes",
    ),
)
