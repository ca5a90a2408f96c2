"""The revision that traffic went back to is broken too."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="rollback_target_broken",
    title="the revision that traffic went back to is broken too",
    symptom="After the rollback the failures go on, or others begin.",
    mechanism=(
        "Its secrets, schema or peers are not what they were when it was good, or it never was."
    ),
    expects=(
        decides(Fact.ROLLED_BACK, 0.9),
        decides(Fact.FAILS_ON_ROLLBACK_TARGET, 0.95),
    ),
    shown_by=(shown(Fact.FAILS_ON_ROLLBACK_TARGET),),
    neighbours=(Neighbour("secret_version_unusable", "the target starts"),),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.PROBE,
    ),
    fix=(
        "Go back to a revision that passed its probes (`netra rollback` chooses "
        "one), or forward with the cause mended."
    ),
    prove_by=("the target passes the golden path before it gets traffic",),
)
