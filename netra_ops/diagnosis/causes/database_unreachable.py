"""The database cannot be reached."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="database_unreachable",
    title="the database cannot be reached",
    symptom=(
        "Connections are refused or time out at the configured limit; raising the "
        "limit moves the line and not the rate."
    ),
    mechanism=(
        "Whatever needs the database waits for it and fails; where that is taken "
        "for a refusal it shows as 401."
    ),
    expects=(
        decides(Fact.DATABASE_SILENT, 0.95),
        expects(Fact.FAILS_AFTER_TIMEOUT, 0.3),
        expects(Fact.START_FAILED, 0.3),
        expects(Fact.BEGAN_WITHOUT_REVISION, 0.5),
        expects(Fact.OPEN_ROUTES_WORK, 0.4),
        expects(Fact.ALL_REFUSED, 0.3),
    ),
    shown_by=(shown(Fact.DATABASE_SILENT),),
    contradicted_by=frozenset({Fact.DATABASE_PASSWORD_REFUSED}),
    leads_to=frozenset(
        {"pool_exhausted", "startup_failed", "auth_service_unreachable", "code_error"}
    ),
    neighbours=(
        Neighbour("pool_exhausted", "new connections fail, not only waits for the pool"),
        Neighbour("auth_service_unreachable", "what does not answer is the database"),
    ),
    caught_by=(
        CaughtBy.PROBE,
        CaughtBy.RUN_TIME,
    ),
    fix=("Bring the database, or the way to it, back; answer 503 with Retry-After meanwhile."),
    prove_by=(
        "a connection is made from where the service runs",
        "the golden path passes",
    ),
)
