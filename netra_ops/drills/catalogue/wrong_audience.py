"""Drill: tokens are expected for another audience."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import given

DRILL = Drill(
    name="wrong-audience",
    cause="wrong_audience",
    title="tokens are expected for another audience",
    fault=Deployed(given("TOKEN_AUDIENCE", "netra-chat")),
    stopped_by=Stop.RULES,
    checks=frozenset({"services_disagree"}),
)
