"""Drill: the name of a secret is taken for its value."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import given

DRILL = Drill(
    name="unresolved-reference",
    cause="unresolved_reference",
    title="the name of a secret is taken for its value",
    fault=Deployed(given("SERVICE_SECRET", "${SERVICE_SECRET}")),
    stopped_by=Stop.RULES,
    checks=frozenset({"reference_unresolved"}),
)
