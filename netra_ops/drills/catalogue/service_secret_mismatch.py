"""Drill: the backend has a secret that is not registered."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import another, damaged

DRILL = Drill(
    name="service-secret-mismatch",
    cause="service_secret_mismatch",
    title="the backend has a secret that is not registered",
    fault=Deployed(damaged("SERVICE_SECRET", another)),
    stopped_by=Stop.PROBES,
    checks=frozenset({"golden_path", "health_well"}),
)
