"""A reference to a secret was lost by a deployment."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="secret_reference_lost",
    title="a reference to a secret was lost by a deployment",
    symptom="As when a variable is lost; the literal variables are all there.",
    mechanism=("The new revision was made from a list of secret references that lacked one."),
    expects=(
        decides(Fact.SECRET_REFERENCE_LOST, 0.95),
        decides(Fact.NOT_CONFIGURED_SAID, 0.6),
        expects(Fact.BEGAN_WITH_REVISION, 0.9),
        expects(Fact.ALL_REFUSED, 0.5),
        expects(Fact.START_FAILED, 0.35),
        expects(Fact.SERVICE_CALLS_FAIL, 0.5),
    ),
    shown_by=(
        shown(Fact.SECRET_REFERENCE_LOST, Fact.FAILURES),
        shown(Fact.SECRET_REFERENCE_LOST, Fact.NOT_CONFIGURED_SAID),
    ),
    contradicted_by=frozenset(
        {
            Fact.VARIABLE_RENAMED,
            Fact.ON_EARLIER_REVISIONS_TOO,
            Fact.BEGAN_WITHOUT_REVISION,
            Fact.CONFIGURATION_UNCHANGED,
        }
    ),
    leads_to=frozenset(
        {
            "startup_failed",
            "code_error",
            "auth_service_unreachable",
            "wrong_issuer",
            "wrong_audience",
            "origin_blocked",
        }
    ),
    neighbours=(
        Neighbour("env_var_lost", "which kind the lost name was"),
        Neighbour("secret_accessor_missing", "the reference is gone, not the right to read it"),
        Neighbour("service_secret_mismatch", "nothing is presented at all"),
    ),
    caught_by=(CaughtBy.STATIC,),
    fix=(
        "Deploy again with the reference restored (`netra deploy --secret "
        "NAME=REF`); with gcloud use --update-secrets, never --set-secrets."
    ),
    prove_by=(
        "the reference is there on the serving revision and resolves",
        "the golden path passes",
    ),
    drill="lost-reference",
)
