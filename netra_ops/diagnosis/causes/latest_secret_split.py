"""Instances of one revision read different versions of `latest`."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="latest_secret_split",
    title="instances of one revision read different versions of `latest`",
    symptom=(
        "A part of the requests fails; which part goes by instance and its start, not by revision."
    ),
    mechanism=(
        "`latest` is resolved when an instance starts: those from before the new "
        "version hold the old one."
    ),
    expects=(
        decides(Fact.SPLIT_BY_INSTANCE, 0.7),
        decides(Fact.LATEST_REFERENCED, 0.9),
        decides(Fact.CONFINED_TO_NEW_INSTANCES, 0.4),
        decides(Fact.MIXED_WITHIN_INSTANCES, 0.35),
        expects(Fact.INSTANCES_DISAGREE, 0.6),
        decides(Fact.SECRET_CHANGED_AT_ONSET, 0.5),
        expects(Fact.PART_REFUSED, 0.8),
        expects(Fact.BEGAN_WITHOUT_REVISION, 0.6),
        expects(Fact.SIGNATURE_REFUSED, 0.6),
    ),
    shown_by=(
        shown(Fact.SPLIT_BY_INSTANCE, Fact.LATEST_REFERENCED),
        shown(Fact.CONFINED_TO_NEW_INSTANCES, Fact.SECRET_CHANGED_AT_ONSET, Fact.LATEST_REFERENCED),
        shown(Fact.SPLIT_BY_INSTANCE, Fact.SECRET_CHANGED_AT_ONSET),
        shown(Fact.CONFINED_TO_NEW_INSTANCES, Fact.LATEST_REFERENCED),
        shown(
            Fact.LATEST_REFERENCED,
            Fact.SECRET_CHANGED_AT_ONSET,
            Fact.MIXED_WITHIN_INSTANCES,
            Fact.SIGNATURE_REFUSED,
        ),
    ),
    contradicted_by=frozenset({Fact.KEY_GENERATED_SAID}),
    leads_to=frozenset({"signing_key_mismatch", "service_secret_mismatch"}),
    neighbours=(
        Neighbour("random_key_per_process", "some instances never fail and some always do"),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.RUN_TIME,
    ),
    fix="Pin the number of the version, and deploy a revision for each change.",
    prove_by=(
        "the serving revision names a number",
        "all instances give the same probe the same answer",
    ),
)
