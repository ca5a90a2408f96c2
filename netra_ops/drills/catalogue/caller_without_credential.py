"""Drill: another program calls the backend and sends no credential."""

from netra_ops.drills.drill import Drill
from netra_ops.drills.faults.callers import careless_caller

DRILL = Drill(
    name="caller-without-credential",
    cause="caller_without_credential",
    title="a new program asks for people's threads and sends no credential",
    fault=careless_caller("/api/threads"),
)
