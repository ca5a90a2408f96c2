"""Drill: every connection to the database is taken. It cannot be staged on one machine."""

from netra_ops.drills.drill import Drill

DRILL = Drill(
    name="pool-exhausted",
    cause="pool_exhausted",
    title="every connection to the database is taken",
    not_here=(
        "the store of an installation on one machine is a file, which nobody waits for in a pool"
    ),
)
