"""The logs of a state directory, as entries in the order of time: services, front, requests.

Files grow while they are read: each is read up to where it ended when that began. They are never
held: a few hundred lines of each are in memory.
"""

import heapq
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from netra.principal import is_service_id
from netra_ops.evidence.collectors.log_entries import (
    STDERR,
    STDOUT,
    Origin,
    entry_of,
    request_entry,
)
from netra_ops.evidence.files import NotInBundle, opened
from netra_ops.findings import OpsError, printable
from netra_ops.platform.local.front.keeper import COMPLAINTS, EVENTS, LAST_WORDS
from netra_ops.platform.local.front.request_file import RequestFile
from netra_ops.platform.local.state_directory import StateDirectory

LONGEST_LINE: Final = 256 * 1024
"""Bytes of an entry, as the platform bounds it."""
_FRONT: Final = "netra-front"
_REVISION: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,126}")
_OUT, _BESIDE = ".ndjson", ".stderr.log"
_BLOCK: Final = 256
_PAST_EACH_OTHER: Final = 256
"""Lines by which one may be later in its file than it was in time."""


class Window(NamedTuple):
    """A part of time, nanoseconds since the epoch; None for no end."""

    start: int | None = None
    end: int | None = None

    def holds(self, time: int | None) -> bool:
        """Tell whether a time lies in it; what has none is kept."""
        if time is None:
            return True
        return (self.start is None or time >= self.start) and (self.end is None or time <= self.end)


class Line(NamedTuple):
    """An entry, in the order in which entries are written."""

    time: int
    source: int
    number: int
    entry: dict[str, Any]


class LogFiles:
    """The logs of a state directory.

    Args:
        state: The directory.
        window: Which part of time is wanted.
        told: Is told now and then how many more bytes were read.

    Attributes:
        notes: What could not be had, in sentences; complete once all lines were given.
    """

    def __init__(
        self, state: StateDirectory, window: Window, told: Callable[[int], None] = lambda _: None
    ) -> None:
        self._state = state
        self._window = window
        self._told = told
        self._files = tuple(_files(state))
        self.notes: list[str] = []

    @property
    def size(self) -> int:
        """How many bytes there are to read, about."""
        return sum(_size(path) for path, _ in self._files)

    def lines(self) -> Iterator[Line]:
        """Give every entry of the window."""
        sources = [
            self._of_file(number, path, origin) for number, (path, origin) in enumerate(self._files)
        ]
        sources.append(self._requests(len(sources)))
        merged = heapq.merge(*map(_in_order, sources))
        return (line for line in merged if self._window.holds(line.time or None))

    def _of_file(self, source: int, path: Path, origin: Origin) -> Iterator[Line]:
        try:
            with opened(path.parent, path.name) as file:
                status = os.fstat(file.fileno())
                changed = status.st_mtime_ns
                if self._window.start is not None and changed < self._window.start:
                    return
                # What is written beside events says no time; nothing of it is later than this.
                latest = changed if self._window.end is None else min(changed, self._window.end)
                time = latest if origin.log == STDERR else None
                told = 0
                for number, end, line in _lines(file, status.st_size):
                    entry, time = entry_of(line, origin, _id(path, number), time)
                    yield Line(time or 0, source, number, entry)
                    if number % _BLOCK == 0:
                        self._told(end - told)
                        told = end
                self._told(status.st_size - told)
        except NotInBundle as error:
            if not error.is_missing:
                self.notes.append(f"{printable(path.name)} {error}.")

    def _requests(self, source: int) -> Iterator[Line]:
        damaged = number = 0
        try:
            for position, line in RequestFile(self._state.front_folder).lines():
                number += 1
                found = request_entry(line, position)
                if found is None:
                    damaged += 1
                    continue
                entry, time = found
                yield Line(time or 0, source, number, entry)
        except OpsError as error:
            self.notes.append(f"The request log could not be had: {error}")
        if damaged:
            self.notes.append(f"Of the request log, {damaged} lines are damaged and left out.")


def _files(state: StateDirectory) -> Iterator[tuple[Path, Origin]]:
    """Find what revisions wrote, and what stands before them, by the names of the files."""
    for folder in _listed(state.root / "logs"):
        if not is_service_id(folder.name) or folder.is_symlink() or not folder.is_dir():
            continue
        for path in _listed(folder):
            for ending, log in ((_OUT, STDOUT), (_BESIDE, STDERR)):
                revision = path.name.removesuffix(ending)
                if path.name.endswith(ending) and _REVISION.fullmatch(revision):
                    yield path, Origin(folder.name, revision, log)
    yield state.front_folder / EVENTS, Origin(_FRONT, None, STDOUT)
    for name in (LAST_WORDS, COMPLAINTS):
        yield state.front_folder / name, Origin(_FRONT, None, STDERR)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _id(path: Path, number: int) -> str:
    return f"{path.name.removesuffix(_OUT).removesuffix('.log')}-{number}"


def _in_order(lines: Iterator[Line]) -> Iterator[Line]:
    """Give lines in the order of time; threads and processes write a few past each other."""
    held: list[Line] = []
    for line in lines:
        if len(held) < _PAST_EACH_OTHER:
            heapq.heappush(held, line)
        else:
            yield heapq.heappushpop(held, line)
    while held:
        yield heapq.heappop(held)


def _lines(file: BinaryIO, size: int) -> Iterator[tuple[int, int, bytes]]:
    """Give the lines up to a size that are not blank: number, where each ends, and content.

    One that is too long is said to be so: a part of it could hold a part of a secret.
    """
    end = number = 0
    while end < size and (line := file.readline(LONGEST_LINE)):
        number += 1
        length = len(line)
        if length == LONGEST_LINE and not line.endswith(b"\n"):
            length += _length_of_rest(file)
            line = b"(a line of %d bytes, which was left out)" % length
        end += length
        if line.strip():
            yield number, end, line.rstrip(b"\r\n")


def _length_of_rest(file: BinaryIO) -> int:
    length = 0
    while rest := file.readline(LONGEST_LINE):
        length += len(rest)
        if rest.endswith(b"\n"):
            break
    return length


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
