"""Drill: the database takes new credentials only. It cannot be staged on one machine."""

from netra_ops.drills.drill import Drill

DRILL = Drill(
    name="database-credentials-rotated",
    cause="database_credentials_rotated",
    title="the database takes new credentials only",
    not_here=("the store of an installation on one machine is a file, without credentials"),
)
