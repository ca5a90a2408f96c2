"""Drill: each process makes a key of its own. It cannot be staged on one machine."""

from netra_ops.drills.drill import Drill

DRILL = Drill(
    name="random-key-per-process",
    cause="random_key_per_process",
    title="each process makes a key of its own",
    not_here=(
        "a revision is one process on this machine, and what shows this cause is that two disagree"
    ),
)
