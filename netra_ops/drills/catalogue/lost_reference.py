"""Drill: a deployment replaces the configuration and loses the reference to a secret."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import replaced, secret_from_file, without

DRILL = Drill(
    name="lost-reference",
    cause="secret_reference_lost",
    title="a deployment replaces the configuration and loses the reference to a secret",
    fault=Deployed(replaced(without("SERVICE_SECRET_FILE")), prepare=secret_from_file),
    stopped_by=Stop.RULES,
    checks=frozenset({"variable_lost", "secret_reference_lost", "variable_missing"}),
)
