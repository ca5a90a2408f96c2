"""The signing key was rotated without an overlap."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="key_rotated_without_overlap",
    title="the signing key was rotated without an overlap",
    symptom="Every session from before a moment fails; new log-ins work.",
    mechanism=("The previous key was withdrawn while tokens signed with it were still alive."),
    expects=(
        decides(Fact.OLD_TOKENS_REFUSED, 0.85),
        decides(Fact.AUDIT_KEY_ROTATED, 0.6),
        decides(Fact.KEY_NOT_PUBLISHED, 0.5),
        expects(Fact.AUDIT_KEY_WITHDRAWN, 0.3),
        expects(Fact.SIGNATURE_REFUSED, 0.6),
        expects(Fact.KEY_ID_UNKNOWN, 0.5),
        expects(Fact.PART_REFUSED, 0.5),
        expects(Fact.KEY_CHANGED, 0.3),
        expects(Fact.SECRET_CHANGED_AT_ONSET, 0.3),
    ),
    shown_by=(
        shown(Fact.OLD_TOKENS_REFUSED, Fact.SIGNATURE_REFUSED),
        shown(Fact.OLD_TOKENS_REFUSED, Fact.KEY_ID_UNKNOWN),
        shown(Fact.OLD_TOKENS_REFUSED, Fact.AUDIT_KEY_ROTATED),
        shown(Fact.OLD_TOKENS_REFUSED, Fact.KEY_CHANGED),
        shown(Fact.OLD_TOKENS_REFUSED, Fact.SECRET_CHANGED_AT_ONSET),
        shown(Fact.OLD_TOKENS_REFUSED, Fact.KEY_NOT_PUBLISHED),
        shown(Fact.KEY_ID_UNKNOWN, Fact.KEY_NOT_PUBLISHED, Fact.BEGAN_WITHOUT_REVISION),
        shown(Fact.KEY_ID_UNKNOWN, Fact.KEY_NOT_PUBLISHED, Fact.PART_REFUSED),
        shown(Fact.KEY_ID_UNKNOWN, Fact.KEY_NOT_PUBLISHED, Fact.AUDIT_KEY_ROTATED),
        shown(Fact.AUDIT_KEY_WITHDRAWN, Fact.KEY_ID_UNKNOWN),
        shown(Fact.AUDIT_KEY_WITHDRAWN, Fact.SIGNATURE_REFUSED),
    ),
    contradicted_by=frozenset(
        {
            Fact.NEW_TOKENS_REFUSED,
            Fact.CURED_BY_RESTART,
            Fact.SPLIT_BY_INSTANCE,
            Fact.KEY_STILL_PUBLISHED,
        }
    ),
    leads_to=frozenset({"user_token_rejected", "signing_key_mismatch"}),
    neighbours=(
        Neighbour(
            "stale_jwks",
            (
                "old tokens fail and new ones pass; it is the other way round with a "
                "stale set of keys"
            ),
        ),
        Neighbour("signing_key_mismatch", "new tokens pass"),
    ),
    caught_by=(CaughtBy.RUN_TIME,),
    fix=(
        "Bring the previous key back as one that verifies only, until the last "
        "token signed with it has ended. Rotate with `netra keys rotate`, which "
        "keeps it."
    ),
    prove_by=(
        ("a token from before the rotation and one from after it are both accepted"),
        "a token of a key that is gone is refused",
    ),
    drill="rotation-without-overlap",
)
