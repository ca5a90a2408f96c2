"""Drill: a deployment replaces the configuration and loses SERVICE_SECRET."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import replaced, without

DRILL = Drill(
    name="lost-secret",
    cause="env_var_lost",
    title="a deployment replaces the configuration and loses SERVICE_SECRET",
    fault=Deployed(replaced(without("SERVICE_SECRET"))),
    stopped_by=Stop.RULES,
    checks=frozenset({"variable_lost", "secret_reference_lost", "variable_missing"}),
)
