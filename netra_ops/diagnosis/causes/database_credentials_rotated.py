"""The database's password was changed and the service has the old one."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="database_credentials_rotated",
    title="the database's password was changed and the service has the old one",
    symptom=(
        "`password authentication failed`; what is connected goes on, what connects "
        "anew fails, so that failures grow."
    ),
    mechanism=("Connections of the pool were authenticated before; each new one is refused."),
    expects=(
        decides(Fact.DATABASE_PASSWORD_REFUSED, 0.97),
        expects(Fact.GROWS_SLOWLY, 0.4),
        expects(Fact.CONFINED_TO_NEW_INSTANCES, 0.3),
        expects(Fact.SECRET_CHANGED_AT_ONSET, 0.3),
        expects(Fact.BEGAN_WITHOUT_REVISION, 0.5),
    ),
    shown_by=(shown(Fact.DATABASE_PASSWORD_REFUSED),),
    leads_to=frozenset({"pool_exhausted", "startup_failed", "database_unreachable"}),
    neighbours=(
        Neighbour("database_unreachable", "the database answers, and refuses"),
        Neighbour("pool_exhausted", "connections are refused, not awaited"),
    ),
    caught_by=(CaughtBy.RUN_TIME,),
    fix="Give the service the new password as a new version, pinned, and deploy it.",
    prove_by=(
        "a new connection is made",
        "the golden path passes",
    ),
)
