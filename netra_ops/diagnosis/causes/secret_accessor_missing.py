"""The service's account may not read a secret."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="secret_accessor_missing",
    title="the service's account may not read a secret",
    symptom="The revision does not become ready: `Permission denied on secret`.",
    mechanism=(
        "The platform reads secrets as the service's account, and that has no access to this one."
    ),
    expects=(
        decides(Fact.SECRET_PERMISSION_SAID, 0.97),
        expects(Fact.REVISION_NOT_READY, 0.8),
        expects(Fact.INGRESS_OR_ACCOUNT_CHANGED, 0.3),
    ),
    shown_by=(shown(Fact.SECRET_PERMISSION_SAID),),
    leads_to=frozenset({"startup_failed", "secret_version_unusable"}),
    neighbours=(
        Neighbour("secret_version_unusable", "the version is there; the right to read it is not"),
        Neighbour("secret_reference_lost", "the reference is there"),
    ),
    caught_by=(CaughtBy.STATIC,),
    fix=(
        "Give the service's account roles/secretmanager.secretAccessor on that one "
        "secret, and deploy again."
    ),
    prove_by=(
        "the revision becomes ready",
        "the golden path passes",
    ),
)
