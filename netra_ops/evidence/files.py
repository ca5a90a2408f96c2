"""The files of a bundle: opened only where they lie in it, read within bounds, hashed."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from netra_ops.evidence.records.taking import MOST_RECORDS, Part, Remarks, parts_of
from netra_ops.logs.entries.objects import NotReadable, decoded_any

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a document that is read as a whole."""
LONGEST_LINE: Final = 1024 * 1024
_CHUNK: Final = 1024 * 1024


class NotInBundle(Exception):
    """There is no such file in a bundle's directory, or nothing that can be read as one.

    Attributes:
        is_missing: Whether there is nothing of that name at all.
    """

    def __init__(self, says: str, *, is_missing: bool = False) -> None:
        super().__init__(says)
        self.is_missing = is_missing


@contextmanager
def opened(directory: Path, name: str) -> Iterator[BinaryIO]:
    """Open a regular file that lies in a directory itself; no link out of it is followed.

    Raises:
        NotInBundle: There is none, or it cannot be read.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(directory / name, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotInBundle("is a link, which is not followed") from None
        is_missing = error.errno in {errno.ENOENT, errno.ENOTDIR}
        says = f"cannot be read: {(error.strerror or 'it cannot be opened').lower()}"
        raise NotInBundle(says, is_missing=is_missing) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotInBundle("is no regular file")
    with os.fdopen(descriptor, "rb") as file:
        try:
            yield file
        except OSError as error:
            says = f"cannot be read: {(error.strerror or 'reading failed').lower()}"
            raise NotInBundle(says) from None


def content_of(directory: Path, name: str, largest: int = LARGEST) -> bytes:
    """Read a file as a whole.

    Raises:
        NotInBundle: There is none, it cannot be read, or it is larger than such a file can be.
    """
    with opened(directory, name) as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise NotInBundle(f"is larger than {largest // 1024 // 1024} MiB, and was not read")
    return content


def digest_of(directory: Path, name: str) -> str:
    """Give a file's SHA-256, in hexadecimal digits.

    Raises:
        NotInBundle: There is none, or it cannot be read.
    """
    digest = sha256()
    with opened(directory, name) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def lines_in(directory: Path, name: str, remarks: Remarks) -> Iterator[Part]:
    """Read one JSON document a line, or a file that is one list of them.

    Raises:
        NotInBundle: There is no such file, or it cannot be read.
    """
    with opened(directory, name) as file:
        if file.read(_CHUNK).lstrip()[:1] == b"[":
            yield from _list_in(directory, name, remarks)
            return
        file.seek(0)
        number = 0
        while number < 2 * MOST_RECORDS and (line := file.readline(LONGEST_LINE)):
            number += 1
            where = f"{name}:{number}"
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                remarks.add(where, "is too long for a record, and was not read")
                _skip_line(file)
            elif line.strip():
                try:
                    yield Part(decoded_any(line), where)
                except (NotReadable, UnicodeDecodeError):
                    remarks.add(where, "is no JSON")


def _list_in(directory: Path, name: str, remarks: Remarks) -> tuple[Part, ...]:
    try:
        return parts_of(decoded_any(content_of(directory, name)), name)
    except (NotReadable, UnicodeDecodeError):
        remarks.add(name, "cannot be read: it is no JSON")
        return ()


def _skip_line(file: BinaryIO) -> None:
    while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass
