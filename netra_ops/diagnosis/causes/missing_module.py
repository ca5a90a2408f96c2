"""The image lacks a package or file that the code imports."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="missing_module",
    title="the image lacks a package or file that the code imports",
    symptom=(
        "An import fails at start, the program exits and is started again; only the new revision."
    ),
    mechanism=(
        "What was built does not hold what the code needs; everything else in the "
        "window follows from that."
    ),
    expects=(
        decides(Fact.MODULE_MISSING, 0.97),
        expects(Fact.RESTART_LOOP, 0.4),
        expects(Fact.BEGAN_WITH_REVISION, 0.7),
        expects(Fact.START_FAILED, 0.6),
        expects(Fact.REVISION_NOT_READY, 0.3),
        expects(Fact.COMMIT_TOUCHES_DEPENDENCIES, 0.3),
    ),
    shown_by=(shown(Fact.MODULE_MISSING),),
    contradicted_by=frozenset({Fact.ON_EARLIER_REVISIONS_TOO}),
    leads_to=frozenset(
        {
            "startup_failed",
            "code_error",
            "auth_service_unreachable",
            "breaker_stuck_open",
            "rollback_target_broken",
            "database_unreachable",
            "env_var_lost",
        }
    ),
    neighbours=(
        Neighbour("startup_failed", "the first error is an import"),
        Neighbour("code_error", "it fails while starting, not in a request"),
    ),
    caught_by=(CaughtBy.RUN_TIME,),
    fix=("Build the image from the lock file and start it once before it is deployed."),
    prove_by=(
        "the revision starts",
        "the golden path passes on the candidate",
    ),
    drill="missing-module",
)
