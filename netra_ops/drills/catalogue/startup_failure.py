"""Drill: the new code raises an error while it starts."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.code import edited

DRILL = Drill(
    name="startup-failure",
    cause="startup_failed",
    title="the new code raises an error while it starts",
    fault=Deployed(
        edited(
            "netra_backend/app/main.py",
            "    settings = Settings.from_configuration(loaded)\n",
            "    settings = Settings.from_configuration(loaded)\n"
            '    raise RuntimeError("the table of plans could not be read")\n',
        )
    ),
    stopped_by=Stop.START,
)
