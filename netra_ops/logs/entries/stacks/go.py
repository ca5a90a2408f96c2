"""Go's panics and fatal errors, with the calls of the goroutine that had it."""

import re
from collections.abc import Sequence
from typing import Final

from netra_ops.logs.entries.entry import Frame
from netra_ops.logs.entries.stacks.trace import Trace, raised, stack_of

HEAD: Final = re.compile(r"(panic|fatal error): (.*)")
GOROUTINE: Final = re.compile(r"goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[[^\]]*\]:")
CALL: Final = re.compile(
    r"created by ([^\s]+)(?: in goroutine \d+)?$|([\w./*()\[\]{}~%·-]+)\([^()]*\)$"
)
PLACE: Final = re.compile(r"\s+(\S+\.(?:go|s)):(\d+)(?: \+0x[0-9a-f]+)?$")
_LIBRARIES: Final = ("/usr/local/go/", "/pkg/mod/", "/vendor/", "/libexec/src/", "/go/src/runtime/")


def find(lines: Sequence[str]) -> Trace | None:
    """Find a panic, or a goroutine's calls, among the lines of a text."""
    routine = next((at for at, line in enumerate(lines) if GOROUTINE.match(line)), None)
    if routine is None:
        return None
    begin, what = routine, raised("goroutine", None)
    for at in range(max(routine - 12, 0), routine):
        found = HEAD.search(lines[at])
        if found is not None:
            begin, what = at, raised(found[1], found[2])
            break
    frames, end = _calls(lines, routine + 1)
    return Trace(begin, end, stack_of("go", what, (), [frames], _is_library))


def _calls(lines: Sequence[str], at: int) -> tuple[list[Frame], int]:
    """Read the first goroutine's calls, and find the end of all."""
    frames: list[Frame] = []
    is_first, end = True, at
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            is_first = is_first and not frames
        elif GOROUTINE.match(line) or line.startswith(("exit status", "...additional")):
            end = at + 1
        else:
            call = CALL.match(line)
            place = PLACE.match(lines[at + 1]) if at + 1 < len(lines) else None
            if call is None or place is None:
                break
            if is_first:
                frames.append(Frame(call[1] or call[2], place[1], int(place[2][:9])))
            at += 1
            end = at + 1
        at += 1
    return frames, end


def _is_library(frame: Frame) -> bool:
    """Tell whether a call is of the runtime, the standard library or a module of others."""
    if frame.function.startswith(("runtime.", "panic", "testing.")):
        return True
    return any(part in frame.file for part in _LIBRARIES)
