"""The key of a service account was deleted or has ended."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="workload_key_deleted",
    title="the key of a service account was deleted or has ended",
    symptom=(
        "`invalid_grant: Invalid JWT Signature` wherever the platform's own tokens are needed."
    ),
    mechanism="The workload signs with a key that the platform does not know any more.",
    expects=(
        decides(Fact.WORKLOAD_KEY_REFUSED, 0.95),
        decides(Fact.WORKLOAD_KEY_DELETED, 0.5),
        expects(Fact.BEGAN_WITHOUT_REVISION, 0.6),
    ),
    shown_by=(shown(Fact.WORKLOAD_KEY_REFUSED),),
    leads_to=frozenset({"auth_service_unreachable", "startup_failed"}),
    neighbours=(
        Neighbour("signing_key_mismatch", "it is the platform that refuses, not a service of ours"),
    ),
    caught_by=(CaughtBy.RUN_TIME,),
    fix=(
        "Use the identity attached to the workload instead of a key; if there must "
        "be one, make a new key and deploy it."
    ),
    prove_by=(
        "the workload gets a token of the platform",
        "the old key stays deleted",
    ),
)
