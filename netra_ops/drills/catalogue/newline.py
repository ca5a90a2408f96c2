"""Drill: the secret's file ends with a line end that is part of it."""

from netra_ops.drills.drill import Deployed, Drill, Stop
from netra_ops.drills.faults.values import from_file, secret_from_file, with_line_end

DRILL = Drill(
    name="newline",
    cause="whitespace_in_value",
    title="the secret's file ends with a line end that is part of it",
    fault=Deployed(from_file("SERVICE_SECRET", with_line_end), prepare=secret_from_file),
    stopped_by=Stop.RULES,
    checks=frozenset({"value_unseen", "value_with_white_space", "value_damaged"}),
)
