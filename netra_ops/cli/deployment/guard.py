"""Brings traffic back when the command that moves it is killed: `python -m` this module.

It is started beside the command, in a session of its own, and reads from it. A command that comes
to an end of its own says so, whatever the end is. Where there is only the end of what can be read,
the command is no more, and what it began has no end: traffic goes back to who served before.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from netra_ops.cli.deployment.composition import guarding
from netra_ops.cli.deployment.stopping import CAME_TO_ITS_END
from netra_ops.cli.output import remark
from netra_ops.deploy.putting_right import end_abandoned, walk_after
from netra_ops.deploy.surroundings import Surroundings
from netra_ops.findings import ExitCode, OpsError
from netra_ops.platform.local.state_directory import StateDirectory

_TRIES: Final = 10
_PAUSE_SECONDS: Final = 1.0


def keep_watch(around: Surroundings, service: str) -> ExitCode:
    """Wait for the end of the command whose traffic this is, and put right what it left.

    Returns:
        Whether all is right: PASS also where there was nothing to be put right.
    """
    if sys.stdin.buffer.read(1) == CAME_TO_ITS_END:
        return ExitCode.PASS
    for left in reversed(range(_TRIES)):
        try:
            with around.alone(service):
                walk_after(around, service, end_abandoned(around, service))
        except OpsError as error:
            remark(str(error))
            if left:
                time.sleep(_PAUSE_SECONDS)
        else:
            return ExitCode.PASS
    return ExitCode.FAIL


def main(argv: Sequence[str]) -> int:
    """Guard a service of a state directory."""
    folder, service = argv
    with guarding(StateDirectory(Path(folder)), service) as around:
        return keep_watch(around, service)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
