"""A caller sent no credential, and its error was booked on the service."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="caller_without_credential",
    title="a caller sent no credential, and its error was booked on the service",
    symptom=("`Not authenticated` under the service's name, while its own credential works."),
    mechanism=(
        "The refusal of a request without a credential was raised later in the "
        "request and reported by what was running then: a session that had been "
        "made well."
    ),
    expects=(
        decides(Fact.CREDENTIAL_MISSING, 0.6),
        decides(Fact.SESSION_BEFORE_REFUSAL, 0.45),
        decides(Fact.OTHER_SERVICE_CALLS_SUCCEED, 0.75),
        expects(Fact.ON_EARLIER_REVISIONS_TOO, 0.5),
        expects(Fact.FEW_REQUESTS_MANY_LINES, 0.6),
        expects(Fact.USERS_UNAFFECTED, 0.5),
        expects(Fact.CONFIGURATION_UNCHANGED, 0.5),
        expects(Fact.GOOD_CREDENTIAL_WORKS, 0.5),
        expects(Fact.PART_REFUSED, 0.4),
    ),
    shown_by=(
        shown(Fact.SESSION_BEFORE_REFUSAL, Fact.OTHER_SERVICE_CALLS_SUCCEED),
        shown(Fact.CREDENTIAL_MISSING, Fact.OTHER_SERVICE_CALLS_SUCCEED),
        shown(Fact.CREDENTIAL_MISSING, Fact.SESSION_BEFORE_REFUSAL),
        shown(Fact.CREDENTIAL_MISSING, Fact.GOOD_CREDENTIAL_WORKS),
        shown(Fact.CREDENTIAL_MISSING, Fact.ON_EARLIER_REVISIONS_TOO),
        shown(Fact.SESSION_BEFORE_REFUSAL, Fact.GOOD_CREDENTIAL_WORKS),
    ),
    contradicted_by=frozenset(
        {
            Fact.NOT_CONFIGURED_SAID,
            Fact.AUDIT_WRONG_SECRET,
            Fact.AUDIT_UNKNOWN_CLIENT,
            Fact.SIGNATURE_REFUSED,
            Fact.PLATFORM_REFUSED_CALLER,
        }
    ),
    neighbours=(
        Neighbour(
            "env_var_lost",
            (
                "nothing says that a credential is not configured, and other calls of "
                "the service succeed"
            ),
        ),
        Neighbour("wrong_auth_service_url", "other calls succeed at the same address"),
        Neighbour("service_secret_mismatch", "the auth service refuses nobody"),
    ),
    caught_by=(
        CaughtBy.PROBE,
        CaughtBy.RUN_TIME,
    ),
    fix=(
        "Let the caller send its credential (find it by the request's path and "
        "agent), and book the refusal where it arises."
    ),
    prove_by=(
        "the same call with the credential is admitted",
        ("without one it is refused with 401, booked on the caller and not on the service"),
    ),
    drill="caller-without-credential",
)
