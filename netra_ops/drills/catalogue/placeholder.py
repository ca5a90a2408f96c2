"""Drill: a placeholder was never filled in."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import given

DRILL = Drill(
    name="placeholder",
    cause="placeholder_value",
    title="a placeholder was never filled in",
    fault=Deployed(given("SERVICE_SECRET", "changeme-changeme-changeme-changeme")),
    stopped_by=Stop.RULES,
    checks=frozenset({"value_is_placeholder"}),
)
