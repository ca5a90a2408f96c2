"""The file of the request log: read while HAProxy writes it, and kept from growing without end.

HAProxy writes each line to the file itself, so that no line waits for anybody. A position counts
all bytes of lines that were ever written, so that it stays true when the file is turned over: what
was written until then becomes the previous file, and what was the previous file is gone. The first
line of a file says at which position it begins.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netra_ops.findings import CouldNotTell
from netra_ops.platform.local.front.requests import Request, parsed
from netra_ops.platform.local.state_directory import FILE_MODE

CURRENT: Final = "requests.ndjson"
PREVIOUS: Final = "requests.previous.ndjson"
_COPY: Final = ".requests.previous.ndjson"
_HEAD: Final = (
    '{{"severity":"INFO","message":"The request log begins here.",'
    '"labels":{{"netra/position":"{position}"}}}}\n'
)
_HEAD_FORM: Final = re.compile(
    re.escape(_HEAD.format(position="@")).replace("@", r"(\d{1,19})").encode()
)
_BLOCK: Final = 1_048_576
_ATTEMPTS: Final = 50
_PAUSE_SECONDS: Final = 0.002


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read.

    Attributes:
        requests: Those that were finished from the position on, in the order they were.
        damaged: How many lines could not be read; what they were is not known.
        lost: Whether lines from the position on are gone, since the file was turned over twice.
        position: Where to read on. A line without its end comes with the next reading.
    """

    requests: tuple[Request, ...]
    damaged: int
    lost: bool
    position: int


@dataclass(frozen=True, slots=True)
class _Part:
    begins: int
    lines: bytes

    @property
    def ends(self) -> int:
        return self.begins + len(self.lines)


class RequestFile:
    """The request log in the front's folder.

    Args:
        folder: The front's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def end(self) -> int:
        """Give the position after the last whole line, to read on from there later.

        Raises:
            CouldNotTell: The file cannot be read.
        """
        parts = self._parts()
        if not parts:
            return 0
        return parts[-1].begins + parts[-1].lines.rfind(b"\n") + 1

    def read(self, position: int = 0) -> Reading:
        """Read what was finished from a position on.

        Raises:
            CouldNotTell: The file cannot be read.
        """
        parts = self._parts()
        requests: list[Request] = []
        damaged, end = 0, position
        for part in parts:
            if part.ends <= position:
                continue
            content = part.lines[max(position - part.begins, 0) :]
            whole = content[: content.rfind(b"\n") + 1]
            for line in whole.split(b"\n")[:-1]:
                request = parsed(line)
                if request is None:
                    damaged += 1
                else:
                    requests.append(request)
            end = part.ends - len(content) + len(whole)
        lost = bool(parts) and (position < parts[0].begins or position > parts[-1].ends)
        return Reading(tuple(requests), damaged, lost, end)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Give every line that is finished and still kept, with the position at which it begins.

        Raises:
            CouldNotTell: The file cannot be read.
        """
        for part in self._parts():
            begins = 0
            while (end := part.lines.find(b"\n", begins)) != -1:
                yield part.begins + begins, part.lines[begins:end]
                begins = end + 1

    def _parts(self) -> list[_Part]:
        """Read both files as they are at one moment."""
        alone = None
        try:
            for _ in range(_ATTEMPTS):
                current = _part(self._folder / CURRENT)
                previous = _part(self._folder / PREVIOUS)
                if current is None and not (self._folder / CURRENT).exists():
                    return []
                if current is not None and _still_begins(self._folder / CURRENT, current):
                    if previous is None:
                        return [current]
                    if previous.ends == current.begins:
                        return [previous, current]
                    alone = current
                time.sleep(_PAUSE_SECONDS)  # It is just being turned over.
        except OSError as error:
            raise CouldNotTell(f"{self._folder / CURRENT} cannot be read: {error}.") from error
        if alone is not None:
            return [alone]
        raise CouldNotTell(f"{self._folder / CURRENT} has no beginning that can be read.")


def prepare(folder: Path) -> None:
    """Make the file fit to be written to; only while nobody writes it."""
    path = folder / CURRENT
    part = _part(path)
    if part is None:
        # It is not there, or it is none of ours, or it was being turned over: a new one goes on
        # where the one before ended.
        previous = _part(folder / PREVIOUS)
        path.unlink(missing_ok=True)
        _append(path, _HEAD.format(position=previous.ends if previous else 0).encode())
    elif part.lines and not part.lines.endswith(b"\n"):
        # Its writer was killed within a line; the next one is not to be part of that.
        _append(path, b"\n")


def is_larger_than(folder: Path, size: int) -> bool:
    """Tell whether the file has more bytes than this."""
    with suppress(FileNotFoundError):
        return (folder / CURRENT).stat().st_size > size
    return False


def opened(folder: Path) -> int:
    """Open the file for the writer, at its end.

    HAProxy takes the mode of appending away from what it is given, so it writes where this stands:
    the one who opened it keeps it open too, and moves both.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
    file = os.open(folder / CURRENT, flags, FILE_MODE)
    os.lseek(file, 0, os.SEEK_END)
    return file


def turn_over(
    folder: Path, writer: int, hold: Callable[[], None], release: Callable[[], None]
) -> None:
    """Make what was written the previous file, and let the writer go on in an empty one.

    The writer has the file open and cannot be given another: so what is in it is copied, and the
    file is emptied. Nearly all is copied while it writes; it is held for the rest alone.

    Args:
        folder: The front's folder.
        writer: What `opened` gave, and the writer has.
        hold: Makes the writer stand still, and returns when it does.
        release: Lets it go on.
    """
    source = os.open(folder / CURRENT, os.O_RDONLY | os.O_CLOEXEC)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        copy = os.open(folder / _COPY, flags, FILE_MODE)
        try:
            copied = _copy(source, copy, 0)
            hold()
            try:
                _copy(source, copy, copied)
                part = _part(folder / _COPY)
                (folder / _COPY).replace(folder / PREVIOUS)
                # A reader that finds the file without its first line tries again.
                os.ftruncate(writer, 0)
                os.lseek(writer, 0, os.SEEK_SET)
                os.write(writer, _HEAD.format(position=part.ends if part else 0).encode())
            finally:
                release()
        finally:
            os.close(copy)
    finally:
        os.close(source)


def _part(path: Path) -> _Part | None:
    """Read a file; None if it is not there or does not say where it begins."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    head = _HEAD_FORM.match(content)
    return None if head is None else _Part(int(head[1]), content[head.end() :])


def _still_begins(path: Path, part: _Part) -> bool:
    """Tell whether a file was not turned over since it was read."""
    with path.open("rb") as file:
        head = _HEAD_FORM.match(file.readline(200))
        size = os.fstat(file.fileno()).st_size
    return head is not None and int(head[1]) == part.begins and size >= len(part.lines)


def _append(path: Path, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
    try:
        os.write(file, content)
    finally:
        os.close(file)


def _copy(source: int, target: int, offset: int) -> int:
    """Copy from an offset to the end, and give the new offset."""
    while part := os.pread(source, _BLOCK, offset):
        written = 0
        while written < len(part):
            written += os.write(target, part[written:])
        offset += len(part)
    return offset
