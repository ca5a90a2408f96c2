"""The service's secret is not the one that is registered."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="service_secret_mismatch",
    title="the service's secret is not the one that is registered",
    symptom=(
        "The token endpoint answers `invalid_client` to this service alone; others "
        "get their tokens."
    ),
    mechanism=(
        "One side was changed: the service presents a secret that the auth service does not hold."
    ),
    expects=(
        decides(Fact.AUDIT_WRONG_SECRET, 0.9),
        decides(Fact.SERVICE_SECRETS_DIFFER, 0.8),
        expects(Fact.CLIENT_REFUSED, 0.85),
        expects(Fact.SERVICE_CALLS_FAIL, 0.8),
        expects(Fact.USERS_UNAFFECTED, 0.5),
        expects(Fact.BEGAN_WITH_REVISION, 0.4),
    ),
    shown_by=(
        shown(Fact.AUDIT_WRONG_SECRET),
        shown(Fact.SERVICE_SECRETS_DIFFER, Fact.CLIENT_REFUSED),
        shown(Fact.SERVICE_SECRETS_DIFFER, Fact.FAILURES),
    ),
    contradicted_by=frozenset(
        {
            Fact.AUDIT_UNKNOWN_CLIENT,
            Fact.KEYS_AGREE_STRIPPED,
            Fact.KEYS_AGREE_UNQUOTED,
            Fact.OTHER_SERVICE_CALLS_SUCCEED,
        }
    ),
    leads_to=frozenset({"breaker_stuck_open", "caller_without_credential"}),
    neighbours=(
        Neighbour("service_unregistered", "the audit record says which of the two it was"),
        Neighbour("env_var_lost", "a secret is presented"),
    ),
    caught_by=(
        CaughtBy.STATIC,
        CaughtBy.PROBE,
        CaughtBy.RUN_TIME,
    ),
    fix=(
        "Rotate the service's secret with an overlap (`netra services "
        "rotate-secret`) and deploy the new one."
    ),
    prove_by=(
        "the service gets a token of its own",
        "the audit record shows which secret it used",
        "a wrong secret is still refused",
    ),
    drill="service-secret-mismatch",
)
