"""Drill: the new code lacks a module that it imports."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.code import lacking

DRILL = Drill(
    name="missing-module",
    cause="missing_module",
    title="the new code lacks a module that it imports",
    fault=Deployed(lacking("netra_backend/app/routes/me.py")),
    stopped_by=Stop.START,
)
