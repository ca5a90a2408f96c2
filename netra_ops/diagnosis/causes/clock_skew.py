"""Clocks differ."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="clock_skew",
    title="clocks differ",
    symptom=(
        "Tokens are called too early now and then, within seconds of their issue, "
        "and are good a moment later."
    ),
    mechanism=("The issuer's clock is ahead of the verifier's: `nbf` or `iat` lie in its future."),
    expects=(
        decides(Fact.TOKEN_TOO_EARLY, 0.6),
        decides(Fact.CLOCKS_DIFFER, 0.6),
        decides(Fact.RARE_AND_NEAR_ISSUE, 0.6),
        expects(Fact.PART_REFUSED, 0.5),
        expects(Fact.BEGAN_WITHOUT_REVISION, 0.5),
        expects(Fact.ONE_INSTANCE_ONLY, 0.2),
    ),
    shown_by=(
        shown(Fact.TOKEN_TOO_EARLY),
        shown(Fact.CLOCKS_DIFFER, Fact.FAILURES),
    ),
    neighbours=(
        Neighbour("user_token_rejected", "tokens fail at their beginning, not at their end"),
    ),
    caught_by=(
        CaughtBy.PROBE,
        CaughtBy.RUN_TIME,
    ),
    fix="Set the clock by NTP, and allow up to 60 s of leeway.",
    prove_by=(
        "the Date header agrees with true time within a second",
        "no token is called too early over as many log-ins as showed it before",
    ),
    drill="clock-skew",
)
