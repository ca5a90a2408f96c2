"""A program reads an old copy of its configuration."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="stale_fallback_config",
    title="a program reads an old copy of its configuration",
    symptom="A value that the manager has is missing, or old, in the program.",
    mechanism=(
        "The source could not be read at start, and a cached or bundled file was taken instead."
    ),
    expects=(
        decides(Fact.FALLBACK_FILE_SAID, 0.95),
        expects(Fact.NOT_CONFIGURED_SAID, 0.3),
        expects(Fact.BEGAN_WITHOUT_REVISION, 0.3),
    ),
    shown_by=(shown(Fact.FALLBACK_FILE_SAID, Fact.FAILURES),),
    leads_to=frozenset(
        {
            "env_var_lost",
            "signing_key_mismatch",
            "startup_failed",
            "wrong_issuer",
            "service_secret_mismatch",
            "wrong_auth_service_url",
            "stale_jwks",
        }
    ),
    neighbours=(
        Neighbour(
            "env_var_lost", "the deployment has the variable, the program does not read it there"
        ),
    ),
    caught_by=(CaughtBy.RUN_TIME,),
    fix=("Remove the fallback: a program that cannot read its configuration must not start."),
    prove_by=(
        "without its source the program does not start",
        "with it the golden path passes",
    ),
)
