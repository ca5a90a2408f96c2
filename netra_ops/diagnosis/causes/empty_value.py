"""A variable is set and empty."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="empty_value",
    title="a variable is set and empty",
    symptom=("As if it were not set, though it is there; or everything is signed with nothing."),
    mechanism="An empty text counts as set for whoever asks whether there is one.",
    expects=(
        decides(Fact.VALUE_EMPTY, 0.9),
        decides(Fact.EMPTY_SAID, 0.6),
        expects(Fact.BEGAN_WITH_REVISION, 0.8),
        expects(Fact.START_FAILED, 0.4),
        expects(Fact.NOT_CONFIGURED_SAID, 0.3),
        expects(Fact.ALL_REFUSED, 0.4),
    ),
    shown_by=(
        shown(Fact.VALUE_EMPTY, Fact.FAILURES),
        shown(Fact.VALUE_EMPTY, Fact.EMPTY_SAID),
        shown(Fact.EMPTY_SAID, Fact.FAILURES),
    ),
    contradicted_by=frozenset({Fact.ON_EARLIER_REVISIONS_TOO}),
    leads_to=frozenset(
        {
            "startup_failed",
            "signing_key_mismatch",
            "service_secret_mismatch",
            "escaped_value",
            "wrong_issuer",
            "wrong_audience",
            "origin_blocked",
            "stale_jwks",
        }
    ),
    neighbours=(Neighbour("env_var_lost", "the name is there"),),
    caught_by=(CaughtBy.STATIC,),
    fix="Set the value, and let the contract refuse empty ones.",
    prove_by=(
        "no variable of the contract is empty",
        "the golden path passes",
    ),
    drill="empty-value",
)
