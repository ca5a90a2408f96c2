"""A plain variable was lost by a deployment."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="env_var_lost",
    title="a plain variable was lost by a deployment",
    symptom=(
        "Errors of the program, 401 or 403 right after a deployment, or a feature "
        "that is silently off."
    ),
    mechanism=(
        "The new revision was made from a list of variables that lacked one; what "
        "needs it fails or switches itself off."
    ),
    expects=(
        decides(Fact.VARIABLE_LOST, 0.93),
        decides(Fact.NOT_CONFIGURED_SAID, 0.6),
        expects(Fact.BEGAN_WITH_REVISION, 0.9),
        expects(Fact.ALL_REFUSED, 0.5),
        expects(Fact.START_FAILED, 0.35),
        expects(Fact.SERVICE_CALLS_FAIL, 0.4),
    ),
    shown_by=(
        shown(Fact.VARIABLE_LOST, Fact.FAILURES),
        shown(Fact.VARIABLE_LOST, Fact.NOT_CONFIGURED_SAID),
        shown(Fact.NOT_CONFIGURED_SAID, Fact.BEGAN_WITH_REVISION),
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
        Neighbour(
            "secret_reference_lost", "which kind the lost name was: a literal or a secret reference"
        ),
        Neighbour(
            "caller_without_credential",
            (
                "a name that is gone, and a line that says it is not configured; a "
                "caller without a credential comes on good revisions too"
            ),
        ),
        Neighbour("wrong_auth_service_url", "a name that is gone, not one whose value changed"),
        Neighbour(
            "service_secret_mismatch",
            (
                "the auth service hears nothing at all from a service that has lost its "
                "secret; of a wrong one it hears and refuses"
            ),
        ),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.PROBE,
    ),
    fix=(
        "Deploy again with the variables merged, not replaced: `netra deploy` "
        "merges; with gcloud use --update-env-vars, never --set-env-vars. Let the "
        "contract name the variable as required."
    ),
    prove_by=(
        "the variable is there on the serving revision, as before",
        "no line says that it is not configured",
        "the golden path passes",
    ),
    drill="lost-secret",
)
