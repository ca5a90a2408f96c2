"""Quotes became a part of a value."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="quotes_in_value",
    title="quotes became a part of a value",
    symptom="Signatures or secrets are refused; both sides seem to hold the same value.",
    mechanism=(
        "Some readers of env files take quotes away and some do not; where they "
        "stay, the value is another one."
    ),
    expects=(
        decides(Fact.VALUE_CARRIES_QUOTES, 0.6),
        decides(Fact.KEYS_AGREE_UNQUOTED, 0.95),
        expects(Fact.SIGNATURE_REFUSED, 0.5),
        expects(Fact.CLIENT_REFUSED, 0.3),
        expects(Fact.ALL_REFUSED, 0.6),
        expects(Fact.BEGAN_WITH_REVISION, 0.7),
    ),
    shown_by=(
        shown(Fact.VALUE_CARRIES_QUOTES, Fact.FAILURES),
        shown(Fact.KEYS_AGREE_UNQUOTED, Fact.FAILURES),
    ),
    contradicted_by=frozenset({Fact.KEYS_AGREE, Fact.KEYS_DIFFER, Fact.ON_EARLIER_REVISIONS_TOO}),
    leads_to=frozenset(
        {
            "startup_failed",
            "signing_key_mismatch",
            "service_secret_mismatch",
            "wrong_issuer",
            "wrong_audience",
        }
    ),
    neighbours=(
        Neighbour("whitespace_in_value", "equal once unquoted, not once stripped"),
        Neighbour("signing_key_mismatch", "equal once unquoted"),
    ),
    caught_by=(CaughtBy.STATIC,),
    fix="Write the value without the quotes and deploy it.",
    prove_by=(
        "no value begins and ends with the same quote",
        "the fingerprints agree as they are",
        "the golden path passes",
    ),
    drill="quotes",
)
