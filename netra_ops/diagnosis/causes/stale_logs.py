"""The entries are of another time, or of what no longer serves."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="stale_logs",
    title="the entries are of another time, or of what no longer serves",
    symptom="Errors in the log, and none now.",
    mechanism=(
        "The entries are older than the window that was asked for, or their service "
        "or revision serves nobody any more."
    ),
    expects=(
        decides(Fact.OLDER_THAN_ASKED, 0.75),
        decides(Fact.NOT_SERVING_ANY_MORE, 0.55),
    ),
    shown_by=(
        shown(Fact.OLDER_THAN_ASKED),
        shown(Fact.NOT_SERVING_ANY_MORE),
    ),
    contradicted_by=frozenset(
        {Fact.UNAUTHENTICATED_ADMITTED, Fact.FAILS_ON_ROLLBACK_TARGET, Fact.RESTART_LOOP}
    ),
    neighbours=(Neighbour("user_token_rejected", "nothing of it is of now"),),
    caught_by=(CaughtBy.RUN_TIME,),
    fix="Nothing now; collect the window that matters.",
    prove_by=("the window that was asked for holds none of it",),
    is_incident=False,
)
