"""The auth service does not know the service, or has disabled it."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="service_unregistered",
    title="the auth service does not know the service, or has disabled it",
    symptom="From outside as with a wrong secret; only the audit record tells.",
    mechanism="The id is not in the registry, or its entry was disabled.",
    expects=(
        decides(Fact.AUDIT_UNKNOWN_CLIENT, 0.95),
        expects(Fact.CLIENT_REFUSED, 0.85),
        expects(Fact.SERVICE_CALLS_FAIL, 0.8),
        expects(Fact.USERS_UNAFFECTED, 0.5),
    ),
    shown_by=(shown(Fact.AUDIT_UNKNOWN_CLIENT),),
    contradicted_by=frozenset({Fact.AUDIT_WRONG_SECRET, Fact.OTHER_SERVICE_CALLS_SUCCEED}),
    leads_to=frozenset({"breaker_stuck_open", "caller_without_credential"}),
    neighbours=(
        Neighbour("service_secret_mismatch", "the audit record says which of the two it was"),
    ),
    caught_by=(
        CaughtBy.PROBE,
        CaughtBy.RUN_TIME,
    ),
    fix="Register or enable the service (`netra services`), and check SERVICE_ID.",
    prove_by=(
        "the service gets a token of its own",
        "an unknown id is still refused",
    ),
    drill="service-disabled",
)
