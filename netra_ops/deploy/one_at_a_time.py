"""One command at a time works on a service; one that died does not keep the next from it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from netra_ops.findings import CouldNotTell, printable

_FILE_MODE: Final = 0o600
_LONGEST: Final = 200


@contextmanager
def alone(folder: Path, service: str, who: str) -> Iterator[None]:
    """Work on a service while no other command does.

    The lock belongs to the open file, so it ends with the process, however that ends.

    Args:
        folder: A private directory that all commands on this installation share.
        service: Which service.
        who: What another command is told of this one.

    Raises:
        CouldNotTell: Another command works on it, or the lock cannot be made.
    """
    path = folder / f"deploy-{service}.lock"
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        lock = os.open(path, flags, _FILE_MODE)
    except OSError as error:
        raise CouldNotTell(f"{path} cannot be made: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = printable(os.pread(lock, _LONGEST, 0).decode(errors="replace")).strip()
            raise CouldNotTell(
                f"Another deployment or rollback of {service} goes on ({holder or 'it just began'})"
                ". Nothing was changed; try again when it is over."
            ) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, who.encode(errors="replace")[:_LONGEST], 0)
        yield
    finally:
        os.close(lock)
