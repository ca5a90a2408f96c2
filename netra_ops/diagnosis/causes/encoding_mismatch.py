"""One side has a key in base64 and the other has it raw."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="encoding_mismatch",
    title="one side has a key in base64 and the other has it raw",
    symptom="Signatures are invalid both ways, from the first request.",
    mechanism=(
        "One side decodes the value before it uses it and the other does not: the bytes differ."
    ),
    expects=(
        decides(Fact.KEYS_AGREE_DECODED, 0.95),
        expects(Fact.SIGNATURE_REFUSED, 0.8),
        expects(Fact.ALL_REFUSED, 0.7),
        expects(Fact.BEGAN_WITH_REVISION, 0.6),
    ),
    shown_by=(shown(Fact.KEYS_AGREE_DECODED, Fact.FAILURES),),
    contradicted_by=frozenset({Fact.KEYS_AGREE, Fact.ON_EARLIER_REVISIONS_TOO}),
    leads_to=frozenset({"startup_failed", "signing_key_mismatch", "service_secret_mismatch"}),
    neighbours=(
        Neighbour("signing_key_mismatch", "equal once decoded"),
        Neighbour("whitespace_in_value", "equal once decoded, not once stripped"),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.PROBE,
    ),
    fix="Agree on one form, and write the same form on both sides.",
    prove_by=(
        "the fingerprints agree as they are",
        "the golden path passes",
    ),
    drill="base64",
)
