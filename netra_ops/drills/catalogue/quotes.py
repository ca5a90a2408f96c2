"""Drill: quotation marks become part of the service's secret."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import damaged, quoted

DRILL = Drill(
    name="quotes",
    cause="quotes_in_value",
    title="quotation marks become part of the service's secret",
    fault=Deployed(damaged("SERVICE_SECRET", quoted)),
    stopped_by=Stop.RULES,
    checks=frozenset({"value_in_quotes", "value_damaged"}),
)
