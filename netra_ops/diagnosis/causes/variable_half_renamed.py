"""A variable was renamed in one place and not in the other."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="variable_half_renamed",
    title="a variable was renamed in one place and not in the other",
    symptom=("Log-in works and everything after it fails, or answers come with a null user."),
    mechanism=(
        "What reads the value looks for one name, what sets it writes another; the "
        "reader finds nothing, or its default."
    ),
    expects=(
        decides(Fact.VARIABLE_RENAMED, 0.93),
        decides(Fact.NOT_CONFIGURED_SAID, 0.5),
        expects(Fact.COMMIT_TOUCHES_NAMES, 0.5),
        expects(Fact.BEGAN_WITH_REVISION, 0.85),
        expects(Fact.LOGIN_WORKS_LATER_FAILS, 0.4),
        expects(Fact.ALL_REFUSED, 0.5),
        expects(Fact.START_FAILED, 0.3),
    ),
    shown_by=(
        shown(Fact.VARIABLE_RENAMED, Fact.FAILURES),
        shown(Fact.VARIABLE_RENAMED, Fact.NOT_CONFIGURED_SAID),
    ),
    contradicted_by=frozenset({Fact.ON_EARLIER_REVISIONS_TOO, Fact.BEGAN_WITHOUT_REVISION}),
    leads_to=frozenset({"startup_failed", "code_error", "wrong_issuer", "wrong_audience"}),
    neighbours=(
        Neighbour("identity_made_optional", "good credentials fail; a bad one is not let in"),
        Neighbour("env_var_lost", "the value is there, under another name"),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.PROBE,
    ),
    fix=(
        "Give the variable one name on both sides, and the old one as an alias in "
        "the contract until nobody writes it."
    ),
    prove_by=(
        "reader and writer use one name",
        "who is logged in is known by the next request",
        "a bad token is still refused",
    ),
    drill="half-renamed",
)
