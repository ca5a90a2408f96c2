"""Escapes in a value were not resolved, or were where none are meant."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="escaped_value",
    title="escapes in a value were not resolved, or were where none are meant",
    symptom="A key cannot be parsed, or a value is shorter or longer than it should be.",
    mechanism=(
        "A PEM on one line has `\\n` written out, or a `$` was taken for a variable: "
        "what arrives is no key."
    ),
    expects=(
        decides(Fact.KEYS_AGREE_UNESCAPED, 0.5),
        decides(Fact.KEY_UNREADABLE, 0.55),
        decides(Fact.VALUE_SHORTENED, 0.5),
        expects(Fact.SIGNATURE_REFUSED, 0.4),
        expects(Fact.BEGAN_WITH_REVISION, 0.75),
        expects(Fact.START_FAILED, 0.5),
        expects(Fact.ALL_REFUSED, 0.5),
        expects(Fact.KEY_CHANGED, 0.5),
    ),
    shown_by=(
        shown(Fact.KEYS_AGREE_UNESCAPED, Fact.FAILURES),
        shown(Fact.KEY_UNREADABLE),
        shown(Fact.VALUE_SHORTENED, Fact.ALL_REFUSED),
        shown(Fact.VALUE_SHORTENED, Fact.SIGNATURE_REFUSED),
        shown(Fact.VALUE_SHORTENED, Fact.KEYS_DIFFER),
        shown(Fact.VALUE_SHORTENED, Fact.CLIENT_REFUSED),
        shown(Fact.VALUE_SHORTENED, Fact.SERVICE_SECRETS_DIFFER),
    ),
    contradicted_by=frozenset(
        {
            Fact.KEYS_AGREE,
            Fact.ON_EARLIER_REVISIONS_TOO,
            Fact.VALUE_EMPTY,
            Fact.ONLY_LIBRARIES_CHANGED,
        }
    ),
    leads_to=frozenset(
        {"startup_failed", "signing_key_mismatch", "code_error", "service_secret_mismatch"}
    ),
    neighbours=(
        Neighbour("encoding_mismatch", "equal once escapes are resolved, not once decoded"),
        Neighbour("signing_key_mismatch", "the key does not parse at all"),
    ),
    caught_by=(CaughtBy.STATIC,),
    fix="Store the PEM as a file or with real line breaks, and deploy it.",
    prove_by=(
        "the key parses at start",
        "the golden path passes",
    ),
)
