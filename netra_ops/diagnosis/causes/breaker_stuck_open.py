"""A circuit breaker stays open though what it guards is well."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="breaker_stuck_open",
    title="a circuit breaker stays open though what it guards is well",
    symptom=(
        "Calls fail within milliseconds and none goes out; a direct probe is "
        "answered; a restart cures it."
    ),
    mechanism=(
        "The breaker never lets a probe through, or counts its answer neither way, "
        "so that it never closes."
    ),
    expects=(
        decides(Fact.BREAKER_OPEN_SAID, 0.9),
        decides(Fact.BREAKER_OPEN_AFTER_RECOVERY, 0.75),
        decides(Fact.DEPENDENCY_HEALTHY, 0.7),
        expects(Fact.FAILS_AT_ONCE, 0.7),
        expects(Fact.ONE_INSTANCE_ONLY, 0.5),
        expects(Fact.CURED_BY_RESTART, 0.4),
        expects(Fact.SPLIT_BY_INSTANCE, 0.3),
    ),
    shown_by=(
        shown(Fact.BREAKER_OPEN_SAID, Fact.BREAKER_OPEN_AFTER_RECOVERY),
        shown(Fact.BREAKER_OPEN_SAID, Fact.DEPENDENCY_HEALTHY),
    ),
    contradicted_by=frozenset({Fact.DEPENDENCY_DOWN}),
    neighbours=(
        Neighbour("auth_service_unreachable", "a direct call is answered, and none is made"),
    ),
    caught_by=(CaughtBy.RUN_TIME,),
    fix=(
        "Restart the instance now. Then let the breaker allow one caller at a time "
        "when half-open, and count every answer but a transport failure as a "
        "success."
    ),
    prove_by=(
        ("after an outage and its end the breaker closes by itself within its recovery time"),
        "calls go out again",
    ),
    drill="breaker-stuck",
)
