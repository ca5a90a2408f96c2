"""Drill: a variable is renamed in the configuration and not in the code."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import renamed, replaced

DRILL = Drill(
    name="half-renamed",
    cause="variable_half_renamed",
    title="a variable is renamed in the configuration and not in the code",
    fault=Deployed(replaced(renamed("AUTH_SERVICE_URL", "AUTH_URL"))),
    stopped_by=Stop.RULES,
    checks=frozenset({"variable_renamed", "variable_lost", "variable_missing"}),
)
