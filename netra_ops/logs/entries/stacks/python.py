"""Python's tracebacks: chained ones, and groups of exceptions."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from netra_ops.logs.entries.entry import Frame, Raised
from netra_ops.logs.entries.stacks.trace import Trace, raised, stack_of

HEAD: Final = "Traceback (most recent call last):"
_FRAME: Final = re.compile(r'\s*File "([^"\n]+)", line (\d+)(?:, in (.+))?')
_EXCEPTION: Final = re.compile(r"([A-Za-z_][\w.]*(?:\[[\w, .]*\])?)(?::(?:\s(.*))?)?$")
_BAR: Final = re.compile(r"\s*\| ?(.*)$")
_DRAWN: Final = frozenset("+- .0123456789")
_GROUP: Final = re.compile(r"\s*\+ (Exception Group Traceback .*)$")
_CHAINED: Final = ("During handling of the above", "The above exception was")
_LIBRARIES: Final = ("site-packages", "dist-packages", "/lib/python", "\\lib\\", "<frozen ")


class _Block(msgspec.Struct):
    calls: list[str]
    raised: Raised | None = None
    is_group: bool = False


def is_library(frame: Frame) -> bool:
    """Tell whether a call is not of the application."""
    return frame.file.startswith("<") or any(part in frame.file for part in _LIBRARIES)


def find(lines: Sequence[str]) -> Trace | None:
    """Find the traceback among the lines of a text, whole chains as one."""
    begin = next((at for at, line in enumerate(lines) if HEAD in line), None)
    if begin is None:
        return None
    reader = _Reader()
    end = begin
    for at in range(begin, len(lines)):
        line, in_group = _unbarred(lines[at])
        if line is not None and not line.strip():
            continue
        if reader.takes(line, in_group=in_group):
            end = at + 1
        elif not any(further.startswith(_CHAINED) for further in lines[at + 1 : at + 12]):
            break
    return _trace(reader.blocks, begin, end)


class _Reader:
    """Takes a traceback line by line."""

    def __init__(self) -> None:
        self.blocks: list[_Block] = []
        self._is_open = False
        self._after_fork = False

    def takes(self, line: str | None, *, in_group: bool) -> bool:
        """Take a line, None for one that only draws a group; tell whether it belongs here."""
        if line is None:
            self._after_fork, self._is_open = True, False
            return True
        if HEAD in line:
            self.blocks.append(_Block([], is_group="Exception Group" in line))
            self._is_open, self._after_fork = True, False
            return True
        if self._is_open and line[0].isspace():
            if line.lstrip().startswith("File "):
                self.blocks[-1].calls.append(line)
            return True
        found = _EXCEPTION.match(line)
        if self._is_open:
            # What has no name of that form ends the traceback all the same.
            kind = (found[1], found[2]) if found else ("exception", line)
            self.blocks[-1].raised, self._is_open = raised(*kind), False
            return True
        if self._after_fork and in_group and found:
            self.blocks.append(_Block([], raised(found[1], found[2])))
            self._after_fork = False
            return True
        return in_group or line.startswith(_CHAINED)


def _unbarred(line: str) -> tuple[str | None, bool]:
    """Take off what draws a group; None for a line that only draws."""
    if "|" in line or "+" in line:
        head = _GROUP.match(line)
        if head is not None:
            return head[1], True
        drawn = line.strip()
        if drawn[:1] == "+" and "--" in drawn and _DRAWN.issuperset(drawn):
            return None, True
        bar = _BAR.match(line)
        if bar is not None:
            return bar[1], True
    return line, False


def _frames(calls: Sequence[str]) -> Iterator[Frame]:
    """Read the calls of a traceback, the innermost first."""
    for line in reversed(calls):
        found = _FRAME.match(line)
        if found is not None:
            yield Frame(found[3] or "<module>", found[1], int(found[2][:9]))


def _trace(blocks: Sequence[_Block], begin: int, end: int) -> Trace:
    broken_off = raised("Traceback", "broken off")
    known = [block.raised or broken_off for block in blocks]
    if blocks[0].is_group:
        last, causes, order = known[0], known[1:], list(blocks)
    else:
        last, causes, order = known[-1], known[-2::-1], list(blocks[::-1])
    calls = (_frames(block.calls) for block in order)
    return Trace(begin, end, stack_of("python", last, causes, calls, is_library))
