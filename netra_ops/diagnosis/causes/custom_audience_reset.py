"""A deployment reset the service's custom audiences."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="custom_audience_reset",
    title="a deployment reset the service's custom audiences",
    symptom=(
        "Callers that use the service's own name as audience are refused by the "
        "platform; those that use its address are not."
    ),
    mechanism=(
        "The annotation that lists custom audiences was not in what was deployed, "
        "so the platform forgot them."
    ),
    expects=(
        decides(Fact.CUSTOM_AUDIENCES_LOST, 0.96),
        expects(Fact.AUDIENCE_REFUSED, 0.3),
        expects(Fact.PLATFORM_REFUSED_CALLER, 0.7),
        expects(Fact.PLATFORM_SAID_401, 0.6),
        expects(Fact.BEGAN_WITH_REVISION, 0.8),
        expects(Fact.REFUSED_BEFORE_CONTAINER, 0.6),
    ),
    shown_by=(shown(Fact.CUSTOM_AUDIENCES_LOST, Fact.FAILURES),),
    contradicted_by=frozenset({Fact.ON_EARLIER_REVISIONS_TOO}),
    leads_to=frozenset({"wrong_audience"}),
    neighbours=(
        Neighbour("wrong_audience", "the service's list of audiences is shorter than before"),
    ),
    caught_by=(CaughtBy.STATIC,),
    fix="Deploy with the custom audiences; let the gate compare them.",
    prove_by=(
        "the custom audiences are there again",
        "callers by name and by address are admitted",
    ),
)
