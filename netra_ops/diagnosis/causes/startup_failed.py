"""The program failed while it started."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="startup_failed",
    title="the program failed while it started",
    symptom=(
        "The first error follows a start line and comes before all others; the "
        "process exits, or goes on half made."
    ),
    mechanism="A check or an exception at start: what was to be there is not.",
    expects=(
        decides(Fact.START_FAILED, 0.85),
        expects(Fact.RESTART_LOOP, 0.25),
        expects(Fact.BEGAN_WITH_REVISION, 0.7),
        expects(Fact.REVISION_NOT_READY, 0.2),
    ),
    shown_by=(shown(Fact.START_FAILED),),
    contradicted_by=frozenset({Fact.MODULE_MISSING}),
    leads_to=frozenset({"auth_service_unreachable", "code_error", "breaker_stuck_open"}),
    neighbours=(
        Neighbour("missing_module", "no import fails"),
        Neighbour("code_error", "it fails while starting, not in a request"),
    ),
    caught_by=(CaughtBy.RUN_TIME,),
    fix=("Mend what the first error names; a check at start is never to be passed over."),
    prove_by=(
        "the revision starts, and its start says what it loaded",
        "the golden path passes on the candidate",
    ),
    drill="startup-failure",
)
