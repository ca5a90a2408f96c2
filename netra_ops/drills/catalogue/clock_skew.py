"""Drill: the backend's clock is five minutes slow."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.code import edited

DRILL = Drill(
    name="clock-skew",
    cause="clock_skew",
    title="the backend's clock is five minutes slow",
    fault=Deployed(edited("netra/clock.py", "return time.time()", "return time.time() - 300")),
    stopped_by=Stop.PROBES,
    checks=frozenset({"golden_path"}),
)
