"""Drill: the new code reads an attribute that is not there."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.code import edited

DRILL = Drill(
    name="code-error",
    cause="code_error",
    title="the new code reads an attribute that is not there",
    fault=Deployed(
        edited(
            "netra_backend/app/routes/me.py",
            "        principal=str(principal),\n",
            "        principal=principal.display_name,\n",
        )
    ),
    stopped_by=Stop.PROBES,
    checks=frozenset({"golden_path"}),
)
