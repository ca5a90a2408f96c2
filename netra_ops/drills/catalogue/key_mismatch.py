"""Drill: the backend verifies with another shared key."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import another, damaged, shared_key

DRILL = Drill(
    name="key-mismatch",
    cause="signing_key_mismatch",
    title="the backend verifies with another shared key",
    fault=Deployed(damaged("JWT_SECRET_KEY", another), prepare=shared_key),
    stopped_by=Stop.RULES,
    checks=frozenset({"services_disagree"}),
)
