"""A process that writes a bundle and dies at a given moment, as if it was killed there.

Run as `python bundle_killed.py FOLDER`: for each moment a child writes FOLDER/MOMENT/bundle and
dies when it is about to touch the disk for the so many-th time. It prints a line for each that
died, and ends with the first that did not.
"""

import os
import sys
from pathlib import Path
from typing import Any, Final

from netra_ops.evidence.writing.unfinished import unfinished

TOUCHES: Final = frozenset({"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"})
KILLED: Final = 9


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


def write(target: Path) -> None:
    """Write a small bundle."""
    with unfinished(target) as bundle:
        with bundle.lines("logs.ndjson") as line:
            line(b'{"textPayload":"hello"}')
        bundle.document("commits.json", [])
        bundle.finish({"created": "2026-11-05T10:00:00Z"})


def main() -> None:
    """Die at every moment there is."""
    root = Path(sys.argv[1])
    moment = 0
    while True:
        moment += 1
        folder = root / str(moment)
        folder.mkdir()
        child = os.fork()
        if child == 0:
            die_at(moment)
            write(folder / "bundle")
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != KILLED:
            return
        sys.stdout.write(f"{moment}\n")


if __name__ == "__main__":
    main()
