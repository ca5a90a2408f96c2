"""Takes a drill's installation down once the drill is over: `python -m` this module.

It is started beside the drill, in a session of its own, and reads from it. Where there is only the
end of what can be read, the drill is over, whatever ended it: by itself, by a signal, or killed.
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from netra_ops.drills import commands


def main(argv: Sequence[str]) -> int:
    """Wait for the end, stop what runs in a state directory, and remove a folder."""
    state, folder = (Path(one) for one in argv)
    sys.stdin.buffer.read()
    if state.exists():
        commands.run(("down",), state)
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
