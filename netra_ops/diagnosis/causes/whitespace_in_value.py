"""Blanks or a line break came into a value."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="whitespace_in_value",
    title="blanks or a line break came into a value",
    symptom=(
        "Signatures are invalid, or a header is called illegal; both sides seem to "
        "hold the same value."
    ),
    mechanism=(
        "A value written by `echo`, or pasted, ends with a line break: it is "
        "another key, and no header may hold it."
    ),
    expects=(
        decides(Fact.VALUE_CARRIES_BLANKS, 0.6),
        decides(Fact.KEYS_AGREE_STRIPPED, 0.9),
        decides(Fact.HEADER_ILLEGAL, 0.4),
        expects(Fact.SIGNATURE_REFUSED, 0.5),
        expects(Fact.CLIENT_REFUSED, 0.3),
        expects(Fact.ALL_REFUSED, 0.6),
        expects(Fact.BEGAN_WITH_REVISION, 0.6),
    ),
    shown_by=(
        shown(Fact.VALUE_CARRIES_BLANKS, Fact.FAILURES),
        shown(Fact.KEYS_AGREE_STRIPPED, Fact.FAILURES),
        shown(Fact.HEADER_ILLEGAL),
    ),
    contradicted_by=frozenset({Fact.KEYS_AGREE, Fact.KEYS_DIFFER, Fact.ON_EARLIER_REVISIONS_TOO}),
    leads_to=frozenset(
        {
            "startup_failed",
            "signing_key_mismatch",
            "service_secret_mismatch",
            "auth_service_unreachable",
            "wrong_issuer",
            "wrong_audience",
        }
    ),
    neighbours=(
        Neighbour("signing_key_mismatch", "equal once the ends are stripped"),
        Neighbour("encoding_mismatch", "equal once stripped, not once decoded"),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.PROBE,
    ),
    fix=(
        "Write a new version of the secret without the line break (`printf %s`, not "
        "`echo`), and deploy it."
    ),
    prove_by=(
        ("the fingerprint of the value is that of its stripped form, and of its peer"),
        "the golden path passes",
    ),
    drill="newline",
)
