"""Drill: the shared key is given to the backend in base64."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import damaged, in_base64, shared_key

DRILL = Drill(
    name="base64",
    cause="encoding_mismatch",
    title="the shared key is given to the backend in base64",
    fault=Deployed(damaged("JWT_SECRET_KEY", in_base64), prepare=shared_key),
    stopped_by=Stop.RULES,
    checks=frozenset({"value_damaged", "services_disagree"}),
)
