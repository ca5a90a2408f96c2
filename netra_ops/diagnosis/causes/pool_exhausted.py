"""No connection of the database pool was free."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="pool_exhausted",
    title="no connection of the database pool was free",
    symptom=(
        "Under load requests fail after exactly the pool's timeout, often as 401; "
        "routes without a database go on."
    ),
    mechanism=(
        "Looking a caller up needs a connection; where its absence is taken for a "
        "refusal it shows as 401."
    ),
    expects=(
        decides(Fact.POOL_EXHAUSTED_SAID, 0.95),
        expects(Fact.FAILS_AFTER_TIMEOUT, 0.6),
        expects(Fact.PART_REFUSED, 0.6),
        expects(Fact.OPEN_ROUTES_WORK, 0.5),
        expects(Fact.BEGAN_WITHOUT_REVISION, 0.5),
    ),
    shown_by=(shown(Fact.POOL_EXHAUSTED_SAID),),
    contradicted_by=frozenset({Fact.DATABASE_PASSWORD_REFUSED}),
    leads_to=frozenset({"auth_service_unreachable", "database_unreachable", "user_token_rejected"}),
    neighbours=(
        Neighbour("database_unreachable", "the database answers those who have a connection"),
        Neighbour("auth_service_unreachable", "what is waited for is a connection of the pool"),
    ),
    caught_by=(CaughtBy.RUN_TIME,),
    fix=(
        "Find what holds connections (sessions that are not closed, slow "
        "statements), then size the pool; answer 503, never 401, when none is free."
    ),
    prove_by=(
        "the load that showed it is served",
        "an exhausted pool answers 503",
    ),
)
