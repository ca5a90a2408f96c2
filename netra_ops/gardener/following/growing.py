"""A file that grows, is renamed, cut off or written anew: what was added since the last look."""

import os
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import Final, NamedTuple

_TAIL: Final = 64
"""So many bytes before the place that was read up to must still be there: a file that was cut off
and has grown beyond that place since is another text."""

_SHORTEST_COPY: Final = 256
COMPRESSED: Final = "it is compressed"
_COMPRESSED: Final = (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd")
_OTHER_ENCODINGS: Final = (b"\xff\xfe", b"\xfe\xff")
_SAMPLE: Final = 1_024


class Identity(NamedTuple):
    """Which file it is, whatever it is called."""

    device: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> "Identity":
        """Take it from what the system says of a file."""
        return cls(found.st_dev, found.st_ino)


class Mark(NamedTuple):
    """Up to where a text was read, and what stands just before that."""

    offset: int
    tail: bytes


class Grown(NamedTuple):
    """What was added; `anew` if the file was written anew, so that this is its beginning."""

    content: bytes
    anew: bool = False


class GrowingFile:
    """One file, which keeps its identity under all names.

    While it is open it is followed under whatever name; after `close` it is looked for under its
    path, and a file of another identity there is not it.

    Args:
        path: Where it is.

    Attributes:
        path: Where it is, or was last.
        identity: Which file it is.
        offset: Up to where it was read.
        former: Up to where it was read before it was written anew; None if it never was.

    Raises:
        OSError: It cannot be opened, or is no regular file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.former: Mark | None = None
        self._tail = b""
        self._descriptor: int | None = None
        found = self._open()
        if found is None:
            raise OSError(f"{path} is no regular file")
        self.identity = Identity.of(found)

    @property
    def is_open(self) -> bool:
        """Whether it uses a descriptor."""
        return self._descriptor is not None

    @property
    def mark(self) -> Mark:
        """Up to where it was read."""
        return Mark(self.offset, self._tail)

    def has(self, mark: Mark) -> bool:
        """Tell whether it is a copy of what was read up to a mark, so far as that can be seen."""
        length = len(mark.tail)
        return (
            mark.offset >= _SHORTEST_COPY and self._read(mark.offset - length, length) == mark.tail
        )

    def size(self) -> int | None:
        """Give how long it is; None if it is no more, as far as can be seen."""
        try:
            found = self.path.stat() if self._descriptor is None else os.fstat(self._descriptor)
        except OSError:
            return None
        return found.st_size if Identity.of(found) == self.identity else None

    def skip_to(self, offset: int) -> None:
        """Go on from a place, as if it had been read up to there."""
        self.offset = offset
        self._tail = self._read(max(0, offset - _TAIL), min(_TAIL, offset))

    def head(self, length: int) -> bytes:
        """Give its first bytes."""
        return self._read(0, length)

    def grown(self, most: int) -> Grown:
        """Give what was added since, at most so many bytes of it."""
        size = self.size()
        if size is None or size == self.offset:
            return Grown(b"")
        anew = size < self.offset or (size > self.offset and not self._has_tail())
        if anew:
            self.former = self.mark
            self.offset, self._tail = 0, b""
        content = self._read(self.offset, min(most, size - self.offset))
        self.offset += len(content)
        self._tail = (self._tail + content[-_TAIL:])[-_TAIL:]
        return Grown(content, anew)

    def close(self) -> None:
        """Let its descriptor go; it is opened again when it has grown."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None

    def _has_tail(self) -> bool:
        length = len(self._tail)
        return self._read(self.offset - length, length) == self._tail

    def _read(self, offset: int, length: int) -> bytes:
        if length <= 0:
            return b""
        try:
            if self._descriptor is None:
                found = self._open()
                if found is None or Identity.of(found) != self.identity:
                    self.close()
                    return b""
            return b"" if self._descriptor is None else os.pread(self._descriptor, length, offset)
        except OSError:
            return b""

    def _open(self) -> os.stat_result | None:
        """Open it; a pipe of that name must not keep the opening waiting."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        found = os.fstat(descriptor)
        if not S_ISREG(found.st_mode):
            os.close(descriptor)
            return None
        self._descriptor = descriptor
        return found


def unreadable(head: bytes) -> str | None:
    """Say why what begins like this cannot be followed; None if it can be."""
    if head.startswith(_COMPRESSED):
        return COMPRESSED
    if head.startswith(_OTHER_ENCODINGS) or head[:_SAMPLE].count(0) * 10 > len(head[:_SAMPLE]):
        return "it is no UTF-8 text"
    return None
