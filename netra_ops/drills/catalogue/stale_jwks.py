"""Drill: the backend does not learn of a new key. It cannot be staged on one machine."""

from netra_ops.drills.drill import Drill

DRILL = Drill(
    name="stale-jwks",
    cause="stale_jwks",
    title="the backend does not learn of a new key",
    not_here=(
        "a key is published minutes before it signs, so that it is known by then, and the backend "
        "asks at once for one it does not know: nothing from outside makes it stale"
    ),
)
