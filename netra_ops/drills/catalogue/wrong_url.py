"""Drill: the backend is sent to an auth service that is not this environment's."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import given

DRILL = Drill(
    name="wrong-url",
    cause="wrong_auth_service_url",
    title="the backend is sent to an auth service that is not this environment's",
    fault=Deployed(given("AUTH_SERVICE_URL", "https://auth-staging.example.com")),
    stopped_by=Stop.RULES,
    checks=frozenset({"services_disagree"}),
)
