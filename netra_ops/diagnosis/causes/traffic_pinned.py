"""Traffic is pinned to an older revision, so that the new one never serves."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="traffic_pinned",
    title="traffic is pinned to an older revision, so that the new one never serves",
    symptom=("The fix was deployed and nothing changes; the version that answers is the old one."),
    mechanism="Traffic names a revision; what is deployed afterwards gets none.",
    expects=(
        decides(Fact.NEWEST_WITHOUT_TRAFFIC, 0.95),
        expects(Fact.OTHER_REVISION_ANSWERED, 0.2),
    ),
    shown_by=(shown(Fact.NEWEST_WITHOUT_TRAFFIC, Fact.FAILURES),),
    leads_to=frozenset(
        {
            "signing_key_mismatch",
            "wrong_issuer",
            "wrong_audience",
            "env_var_lost",
            "secret_reference_lost",
            "encoding_mismatch",
            "whitespace_in_value",
            "quotes_in_value",
            "escaped_value",
            "placeholder_value",
            "empty_value",
            "service_secret_mismatch",
            "wrong_auth_service_url",
            "dependency_upgrade",
            "code_error",
        }
    ),
    neighbours=(Neighbour("wrong_revision_answered", "traffic as a whole, not a tag"),),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.PROBE,
    ),
    fix=("Move traffic to the new revision by the gate (`netra deploy`), or say latest."),
    prove_by=(
        "the new revision answers, and its share is what was meant",
        "the golden path passes on it",
    ),
)
