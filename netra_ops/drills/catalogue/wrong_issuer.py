"""Drill: tokens are expected from the auth service under another name of its host."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import by_another_name, given

DRILL = Drill(
    name="wrong-issuer",
    cause="wrong_issuer",
    title="tokens are expected from the auth service under another name of its host",
    fault=Deployed(given("TOKEN_ISSUER", by_another_name)),
    stopped_by=Stop.RULES,
    checks=frozenset({"services_disagree"}),
)
