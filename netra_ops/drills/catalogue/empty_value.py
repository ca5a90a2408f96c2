"""Drill: a variable is set to nothing."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import given

DRILL = Drill(
    name="empty-value",
    cause="empty_value",
    title="a variable is set to nothing",
    fault=Deployed(given("AUTH_SERVICE_URL", "")),
    stopped_by=Stop.RULES,
    checks=frozenset({"variable_empty", "variable_missing"}),
)
