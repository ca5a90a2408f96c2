"""Users' tokens are refused as they should be."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="user_token_rejected",
    title="users' tokens are refused as they should be",
    symptom=(
        "Some people get 401: their tokens ended, were revoked, or a refresh token came twice."
    ),
    mechanism="It is what verifiers are for.",
    expects=(
        decides(Fact.AUDIT_USER_REASONS, 0.7),
        decides(Fact.FEW_SUBJECTS, 0.25),
        decides(Fact.TOKEN_EXPIRED, 0.87),
        decides(Fact.TOKEN_REVOKED, 0.12),
        decides(Fact.REFRESH_REUSED, 0.1),
        decides(Fact.USUAL_RATE, 0.74),
        expects(Fact.PART_REFUSED, 0.7),
        expects(Fact.GOOD_CREDENTIAL_WORKS, 0.3),
        expects(Fact.OTHER_SERVICE_CALLS_SUCCEED, 0.3),
    ),
    shown_by=(
        shown(Fact.TOKEN_EXPIRED, Fact.FEW_SUBJECTS),
        shown(Fact.TOKEN_EXPIRED, Fact.USUAL_RATE),
        shown(Fact.TOKEN_REVOKED),
        shown(Fact.REFRESH_REUSED),
        shown(Fact.AUDIT_USER_REASONS),
        shown(Fact.TOKEN_EXPIRED, Fact.PART_REFUSED),
    ),
    contradicted_by=frozenset(
        {
            Fact.UNAUTHENTICATED_ADMITTED,
            Fact.ALL_REFUSED,
            Fact.CREDENTIAL_MISSING,
            Fact.SERVICE_CALLS_FAIL,
            Fact.BEGAN_WITH_REVISION,
            Fact.SIGNATURE_REFUSED,
            Fact.TOKEN_TOO_EARLY,
            Fact.KEY_ID_UNKNOWN,
            Fact.CLOCKS_DIFFER,
        }
    ),
    neighbours=(
        Neighbour("clock_skew", "tokens fail at their end, not at their beginning"),
        Neighbour("key_rotated_without_overlap", "the reason is each token's own"),
    ),
    caught_by=(CaughtBy.RUN_TIME,),
    fix="Nothing, unless the rate jumps; then look at what ended so many at once.",
    prove_by=("the rate is the usual one",),
    is_incident=False,
)
