"""A process that files issues and dies at a given moment, as if it was killed there.

Run as `python tracker_killed.py FOLDER`: for each moment it makes FOLDER/MOMENT, in which one issue
is filed already, and has a child file more there that dies when it is about to touch the disk for
the so many-th time. It prints a line for each child that died, and ends with the first that did
not.
"""

import os
import sys
from pathlib import Path
from typing import Any, Final

from fakes.sightings import NOW, sighting
from netra.clock import SystemClock
from netra_ops.issue_tracker.applying import applied
from netra_ops.issue_tracker.files import FileTracker

TOUCHES: Final = frozenset({"open", "os.rename", "os.remove", "os.mkdir"})
KILLED: Final = 9
BEFORE: Final = (sighting("v1:aaaa"),)
AFTER: Final = (
    sighting("v1:aaaa", 2),
    sighting("v1:bbbb", related=("v1:aaaa",)),
    sighting("v2:aaaa", 3, aliases=("v1:aaaa",)),
)


def die_at(moment: int) -> None:
    """Have this process die when it is about to touch the disk for the so many-th time."""
    left = moment

    def count(event: str, _: tuple[Any, ...]) -> None:
        nonlocal left
        if event in TOUCHES:
            left -= 1
            if left == 0:
                os._exit(KILLED)

    sys.addaudithook(count)


def main() -> None:
    """Die at every moment there is."""
    root = Path(sys.argv[1])
    moment = 0
    while True:
        moment += 1
        folder = root / str(moment)
        applied(BEFORE, FileTracker(folder, SystemClock()))
        child = os.fork()
        if child == 0:
            die_at(moment)
            applied(AFTER, FileTracker(folder, SystemClock()))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != KILLED:
            return
        sys.stdout.write(f"{moment} {NOW}\n")


if __name__ == "__main__":
    main()
