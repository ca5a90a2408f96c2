"""A proxy or load balancer ends connections after a fixed time."""

from netra_ops.diagnosis.cause import CaughtBy, Cause, Neighbour, decides, expects, shown
from netra_ops.diagnosis.facts import Fact

CAUSE = Cause(
    code="proxy_timeout",
    title="a proxy or load balancer ends connections after a fixed time",
    symptom=(
        "Sockets close at one age, such as 30 s or 300 s, with 1006, whatever goes over them."
    ),
    mechanism="The time that a proxy allows for a whole response holds for a socket too.",
    expects=(
        decides(Fact.SOCKETS_END_AT_ONE_AGE, 0.95),
        expects(Fact.SOCKETS_ONLY, 0.8),
        expects(Fact.BEGAN_WITHOUT_REVISION, 0.4),
    ),
    shown_by=(shown(Fact.SOCKETS_END_AT_ONE_AGE),),
    neighbours=(
        Neighbour("upgrade_stripped", "handshakes succeed"),
        Neighbour("user_token_rejected", "all sockets end at one age, not at their tokens' ends"),
    ),
    caught_by=(
        CaughtBy.PROBE,
        CaughtBy.RUN_TIME,
    ),
    fix=(
        "Raise the backend timeout of the load balancer above the longest socket, "
        "and let clients resume."
    ),
    prove_by=(
        "a socket lives past the old limit",
        "a client that is cut off resumes without loss",
    ),
)
