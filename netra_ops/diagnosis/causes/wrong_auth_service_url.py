"""The auth service's address is wrong, or of another environment."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="wrong_auth_service_url",
    title="the auth service's address is wrong, or of another environment",
    symptom=(
        "Good-looking tokens are refused, the issuer's host is of another "
        "environment, or a page comes instead of JSON."
    ),
    mechanism=(
        "The service asks, and trusts, another installation than the one that "
        "issues its callers' tokens."
    ),
    expects=(
        decides(Fact.URL_CHANGED, 0.7),
        decides(Fact.FOREIGN_ENVIRONMENT_CALLED, 0.6),
        decides(Fact.HTML_INSTEAD_OF_JSON, 0.2),
        decides(Fact.AUTH_HOST_UNKNOWN, 0.2),
        expects(Fact.BEGAN_WITH_REVISION, 0.85),
        expects(Fact.ISSUER_REFUSED, 0.2),
        expects(Fact.KEY_ID_UNKNOWN, 0.15),
        expects(Fact.AUTH_SERVICE_SILENT, 0.4),
        expects(Fact.ALL_REFUSED, 0.6),
        expects(Fact.CLIENT_REFUSED, 0.15),
    ),
    shown_by=(
        shown(Fact.URL_CHANGED, Fact.FAILURES),
        shown(Fact.FOREIGN_ENVIRONMENT_CALLED, Fact.FAILURES),
        shown(Fact.HTML_INSTEAD_OF_JSON, Fact.BEGAN_WITH_REVISION),
        shown(Fact.AUTH_HOST_UNKNOWN, Fact.BEGAN_WITH_REVISION),
    ),
    contradicted_by=frozenset(
        {Fact.ON_EARLIER_REVISIONS_TOO, Fact.CONFIGURATION_UNCHANGED, Fact.BEGAN_WITHOUT_REVISION}
    ),
    leads_to=frozenset(
        {
            "auth_service_unreachable",
            "wrong_issuer",
            "stale_jwks",
            "service_secret_mismatch",
            "service_unregistered",
            "startup_failed",
            "signing_key_mismatch",
        }
    ),
    neighbours=(
        Neighbour("auth_service_unreachable", "the address changed; the right one answers"),
        Neighbour("env_var_lost", "the name is there, its value is wrong"),
        Neighbour("wrong_issuer", "the host is another one"),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.PROBE,
    ),
    fix=("Set the address of this environment; let the contract hold its pattern per environment."),
    prove_by=(
        "the address matches the environment's pattern",
        "its metadata name the issuer of fresh tokens",
        "the golden path passes",
    ),
    drill="wrong-url",
)
