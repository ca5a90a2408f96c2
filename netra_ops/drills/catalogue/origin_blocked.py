"""Drill: the page that people chat on is not among the allowed origins."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import given

DRILL = Drill(
    name="origin-blocked",
    cause="origin_blocked",
    title="the page that people chat on is not among the allowed origins",
    fault=Deployed(given("ALLOWED_ORIGINS", "https://chat.example.com")),
    stopped_by=Stop.PROBES,
    checks=frozenset({"golden_path"}),
)
