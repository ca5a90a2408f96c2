"""Issuer and verifier have different keys."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="signing_key_mismatch",
    title="issuer and verifier have different keys",
    symptom=(
        "Tokens are good at the auth service and refused at the other one, all of "
        "them, from the first request."
    ),
    mechanism=("The key was changed or set on one side only; no form of the one is the other."),
    expects=(
        decides(Fact.KEYS_DIFFER, 0.92),
        expects(Fact.SIGNATURE_REFUSED, 0.9),
        expects(Fact.LOGIN_WORKS_LATER_FAILS, 0.6),
        expects(Fact.ALL_REFUSED, 0.8),
        expects(Fact.BEGAN_WITH_REVISION, 0.7),
        decides(Fact.KEY_CHANGED, 0.6),
        expects(Fact.KEY_ID_UNKNOWN, 0.15),
    ),
    shown_by=(
        shown(Fact.KEYS_DIFFER, Fact.SIGNATURE_REFUSED),
        shown(Fact.KEYS_DIFFER, Fact.ALL_REFUSED),
        shown(Fact.KEYS_DIFFER, Fact.KEY_ID_UNKNOWN),
        shown(Fact.KEYS_DIFFER, Fact.FAILURES),
        shown(Fact.KEY_CHANGED, Fact.SIGNATURE_REFUSED, Fact.ALL_REFUSED, Fact.BEGAN_WITH_REVISION),
    ),
    contradicted_by=frozenset(
        {
            Fact.KEYS_AGREE,
            Fact.KEYS_AGREE_STRIPPED,
            Fact.KEYS_AGREE_UNQUOTED,
            Fact.KEYS_AGREE_DECODED,
            Fact.KEYS_AGREE_UNESCAPED,
            Fact.OLD_TOKENS_REFUSED,
            Fact.NEW_TOKENS_REFUSED,
            Fact.SPLIT_BY_INSTANCE,
            Fact.ON_EARLIER_REVISIONS_TOO,
        }
    ),
    neighbours=(
        Neighbour("whitespace_in_value", "no normal form makes the two equal"),
        Neighbour("encoding_mismatch", "no normal form makes the two equal"),
        Neighbour("placeholder_value", "neither is a known default"),
        Neighbour("key_rotated_without_overlap", "new tokens fail as well as old ones"),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.PROBE,
    ),
    fix=(
        "Give both services the same key, in one step and with the previous one "
        "accepted for an overlap."
    ),
    prove_by=(
        "the fingerprints agree as they are",
        "a fresh token is accepted by the verifier",
        "a token signed by another key is still refused",
    ),
    drill="key-mismatch",
)
