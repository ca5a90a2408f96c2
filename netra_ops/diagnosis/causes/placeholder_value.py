"""A placeholder or default key is in use."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="placeholder_value",
    title="a placeholder or default key is in use",
    symptom=(
        "It works in one service, and its tokens are refused by the other; or "
        "anybody could forge them."
    ),
    mechanism=(
        "The value was never set, and the program, or a template, supplied one that "
        "everybody knows."
    ),
    expects=(
        decides(Fact.VALUE_IS_PLACEHOLDER, 0.85),
        decides(Fact.DEFAULT_KEY_SAID, 0.6),
        expects(Fact.KEYS_DIFFER, 0.5),
        expects(Fact.SIGNATURE_REFUSED, 0.7),
        expects(Fact.ALL_REFUSED, 0.6),
        expects(Fact.BEGAN_WITH_REVISION, 0.7),
    ),
    shown_by=(
        shown(Fact.VALUE_IS_PLACEHOLDER, Fact.FAILURES),
        shown(Fact.VALUE_IS_PLACEHOLDER, Fact.DEFAULT_KEY_SAID),
        shown(Fact.DEFAULT_KEY_SAID, Fact.FAILURES),
    ),
    contradicted_by=frozenset(
        {Fact.VALUE_IS_REFERENCE_TEXT, Fact.KEYS_AGREE, Fact.ON_EARLIER_REVISIONS_TOO}
    ),
    leads_to=frozenset({"signing_key_mismatch", "startup_failed", "service_secret_mismatch"}),
    neighbours=(
        Neighbour("signing_key_mismatch", "the value is a known default"),
        Neighbour("random_key_per_process", "every process has the same one"),
    ),
    caught_by=(CaughtBy.STATIC,),
    fix=(
        "Make a key of at least 32 random bytes, store it as a secret, and deploy "
        "it to both; whatever was signed with the placeholder is to be refused."
    ),
    prove_by=(
        "no value is a known default",
        "a token signed with the placeholder is refused",
        "the golden path passes",
    ),
    drill="placeholder",
)
