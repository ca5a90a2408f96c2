"""The auth service cannot be reached."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="auth_service_unreachable",
    title="the auth service cannot be reached",
    symptom=("500 or 503, or 401 where it should be 503; connections are refused or time out."),
    mechanism=(
        "Verifying, or getting a token, needs an answer of the auth service, and there is none."
    ),
    expects=(
        decides(Fact.AUTH_SERVICE_SILENT, 0.92),
        decides(Fact.DEPENDENCY_DOWN, 0.6),
        decides(Fact.AUTH_HOST_UNKNOWN, 0.2),
        expects(Fact.BREAKER_OPEN_SAID, 0.4),
        expects(Fact.SERVICE_CALLS_FAIL, 0.5),
        expects(Fact.BEGAN_WITHOUT_REVISION, 0.55),
        expects(Fact.FAILS_AFTER_TIMEOUT, 0.3),
        expects(Fact.ALL_REFUSED, 0.4),
    ),
    shown_by=(
        shown(Fact.AUTH_SERVICE_SILENT),
        shown(Fact.DEPENDENCY_DOWN, Fact.FAILURES),
        shown(Fact.AUTH_HOST_UNKNOWN, Fact.BEGAN_WITHOUT_REVISION),
    ),
    contradicted_by=frozenset(
        {
            Fact.DEPENDENCY_HEALTHY,
            Fact.BREAKER_OPEN_AFTER_RECOVERY,
            Fact.URL_CHANGED,
            Fact.FOREIGN_ENVIRONMENT_CALLED,
            Fact.POOL_EXHAUSTED_SAID,
            Fact.DATABASE_SILENT,
        }
    ),
    leads_to=frozenset({"breaker_stuck_open", "startup_failed", "stale_jwks"}),
    neighbours=(
        Neighbour("breaker_stuck_open", "a direct call fails too"),
        Neighbour("wrong_auth_service_url", "the address is the one of before"),
        Neighbour("pool_exhausted", "the call goes to the auth service, not to a pool"),
        Neighbour("database_unreachable", "what does not answer is the auth service"),
    ),
    caught_by=(
        CaughtBy.PROBE,
        CaughtBy.RUN_TIME,
    ),
    fix=(
        "Bring the auth service, or the way to it, back. What can be verified by "
        "keys already held goes on; let the rest answer 503 with Retry-After, never "
        "401."
    ),
    prove_by=(
        ("the auth service answers its health and its keys from where the service runs"),
        "the breaker is closed",
        "the golden path passes",
    ),
    drill="auth-service-down",
)
