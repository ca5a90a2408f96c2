"""A verifier holds an old set of keys."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="stale_jwks",
    title="a verifier holds an old set of keys",
    symptom=(
        "New tokens fail and older ones pass; the key is in the published set; a restart cures it."
    ),
    mechanism=(
        "The verifier keeps the set of keys longer than the issuer keeps a new key "
        "unused, and does not ask again for a key it does not know."
    ),
    expects=(
        decides(Fact.NEW_TOKENS_REFUSED, 0.8),
        decides(Fact.KEY_ID_UNKNOWN, 0.85),
        decides(Fact.CURED_BY_RESTART, 0.4),
        decides(Fact.KEY_STILL_PUBLISHED, 0.6),
        expects(Fact.PART_REFUSED, 0.5),
        expects(Fact.DEPENDENCY_HEALTHY, 0.4),
        expects(Fact.AUDIT_KEY_ROTATED, 0.6),
        expects(Fact.SPLIT_BY_INSTANCE, 0.2),
    ),
    shown_by=(
        shown(Fact.NEW_TOKENS_REFUSED, Fact.KEY_ID_UNKNOWN),
        shown(Fact.KEY_ID_UNKNOWN, Fact.CURED_BY_RESTART),
        shown(Fact.NEW_TOKENS_REFUSED, Fact.AUDIT_KEY_ROTATED),
        shown(Fact.NEW_TOKENS_REFUSED, Fact.DEPENDENCY_HEALTHY),
        shown(Fact.NEW_TOKENS_REFUSED, Fact.KEY_STILL_PUBLISHED),
        shown(Fact.KEY_ID_UNKNOWN, Fact.KEY_STILL_PUBLISHED, Fact.BEGAN_WITHOUT_REVISION),
        shown(Fact.KEY_ID_UNKNOWN, Fact.KEY_STILL_PUBLISHED, Fact.PART_REFUSED),
        shown(Fact.KEY_ID_UNKNOWN, Fact.KEY_STILL_PUBLISHED, Fact.AUDIT_KEY_ROTATED),
    ),
    contradicted_by=frozenset(
        {Fact.OLD_TOKENS_REFUSED, Fact.DEPENDENCY_DOWN, Fact.KEY_NOT_PUBLISHED}
    ),
    leads_to=frozenset({"signing_key_mismatch"}),
    neighbours=(Neighbour("key_rotated_without_overlap", "new tokens fail and old ones pass"),),
    caught_by=(CaughtBy.RUN_TIME,),
    fix=(
        "Restart the verifier now. Then let it fetch the keys again when it meets "
        "an unknown `kid` (bounded), and let the issuer publish a key for longer "
        "than caches live before it signs with it."
    ),
    prove_by=(
        "a token signed with the newest key is accepted by every instance",
        "an unknown `kid` leads to one fetch and no more",
    ),
)
