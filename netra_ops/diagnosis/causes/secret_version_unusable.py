"""A version of a secret is disabled, destroyed or was never there."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="secret_version_unusable",
    title="a version of a secret is disabled, destroyed or was never there",
    symptom="What runs goes on; what is started new, scaled up or rolled back fails.",
    mechanism=(
        "Secrets are read when an instance starts, and this version cannot be read "
        "any more; `latest` is the highest number whatever its state."
    ),
    expects=(
        decides(Fact.SECRET_VERSION_SAID, 0.97),
        expects(Fact.REVISION_NOT_READY, 0.5),
        expects(Fact.CONFINED_TO_NEW_INSTANCES, 0.3),
        expects(Fact.SECRET_CHANGED_AT_ONSET, 0.4),
    ),
    shown_by=(shown(Fact.SECRET_VERSION_SAID),),
    leads_to=frozenset({"startup_failed", "rollback_target_broken", "latest_secret_split"}),
    neighbours=(
        Neighbour("secret_accessor_missing", "the state of the version, not the right to read it"),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.RUN_TIME,
    ),
    fix=(
        "Add a new version with the value that worked, and pin its number. Before a "
        "rollback look at the versions its target needs."
    ),
    prove_by=(
        ("every version that the serving revision and the rollback target name is enabled"),
        "a new instance starts",
        "the golden path passes",
    ),
)
