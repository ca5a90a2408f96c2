"""The project's own code fails in requests."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="code_error",
    title="the project's own code fails in requests",
    symptom=(
        "TypeError, AttributeError and the like in tracebacks of the project, from "
        "one revision or commit on."
    ),
    mechanism="A change broke code that has nothing to do with who the caller is.",
    expects=(
        decides(Fact.CODE_ERROR, 0.96),
        decides(Fact.COMMIT_TOUCHES_FAILING_FILE, 0.5),
        expects(Fact.BEGAN_WITH_REVISION, 0.7),
        expects(Fact.CONFIGURATION_UNCHANGED, 0.5),
    ),
    shown_by=(
        shown(Fact.CODE_ERROR, Fact.BEGAN_WITH_REVISION),
        shown(Fact.CODE_ERROR, Fact.COMMIT_TOUCHES_FAILING_FILE),
        shown(Fact.CODE_ERROR),
    ),
    contradicted_by=frozenset(
        {Fact.CODE_ERROR_IN_IDENTITY, Fact.ON_EARLIER_REVISIONS_TOO, Fact.MODULE_MISSING}
    ),
    neighbours=(
        Neighbour("startup_failed", "requests fail, and the start did not"),
        Neighbour("missing_module", "nothing is missing from the image"),
    ),
    caught_by=(CaughtBy.RUN_TIME,),
    fix="Mend the line that the traceback names, or go back to the revision before.",
    prove_by=(
        "the request that failed is answered",
        "the traceback is absent under as much traffic as showed it",
    ),
    drill="code-error",
)
