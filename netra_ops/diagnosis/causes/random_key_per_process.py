"""Every process makes a key of its own."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="random_key_per_process",
    title="every process makes a key of its own",
    symptom=(
        "A part of the requests gets 401, about (n-1)/n with n processes, and "
        "everybody is logged out by each deployment."
    ),
    mechanism=(
        "Where no key is set the program makes one at start; a token is good only "
        "in the process that signed it."
    ),
    expects=(
        decides(Fact.KEY_GENERATED_SAID, 0.75),
        decides(Fact.INSTANCES_DISAGREE, 0.7),
        decides(Fact.MIXED_WITHIN_INSTANCES, 0.7),
        expects(Fact.SIGNATURE_REFUSED, 0.85),
        expects(Fact.PART_REFUSED, 0.9),
        expects(Fact.RARE_AND_NEAR_ISSUE, 0.05),
    ),
    shown_by=(
        shown(Fact.KEY_GENERATED_SAID, Fact.SIGNATURE_REFUSED),
        shown(Fact.KEY_GENERATED_SAID, Fact.PART_REFUSED),
        shown(Fact.INSTANCES_DISAGREE, Fact.SIGNATURE_REFUSED, Fact.MIXED_WITHIN_INSTANCES),
        shown(Fact.INSTANCES_DISAGREE, Fact.SIGNATURE_REFUSED, Fact.PART_REFUSED),
        shown(Fact.KEY_GENERATED_SAID, Fact.INSTANCES_DISAGREE),
    ),
    contradicted_by=frozenset(
        {Fact.KEYS_AGREE, Fact.SPLIT_BY_INSTANCE, Fact.LATEST_REFERENCED, Fact.KEYS_DIFFER}
    ),
    neighbours=(
        Neighbour(
            "latest_secret_split",
            ("each instance refuses tokens of the others and accepts its own; none fails always"),
        ),
    ),
    caught_by=(
        CaughtBy.PROBE,
        CaughtBy.RUN_TIME,
    ),
    fix=(
        "Set one key for all processes as a secret, and let the program refuse to "
        "start without one."
    ),
    prove_by=(
        "two probes to different instances agree",
        "a token survives a restart",
        "the golden path passes",
    ),
)
