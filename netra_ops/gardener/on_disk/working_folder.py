"""The folder in which a run keeps what does not fit into memory, and which goes with it.

It goes when the run ends, whatever ends it but SIGKILL or the machine's end. What those leave is
removed by the next run that works beside it: a run holds a lock in its folder, and a lock ends
with its process.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from netra_ops.findings import CouldNotTell, UsageRefused, printable

_PREFIX: Final = "netra-logs-"
_LOCK: Final = "held"
_FILE: Final = 0o600


@contextmanager
def working_folder(beside: Path | None) -> Iterator[Path]:
    """Give a folder of one's own, readable by nobody else, and remove it afterwards.

    Args:
        beside: A directory in which it is made; None for the system's for temporary files.

    Raises:
        UsageRefused: `beside` is no directory, or nothing can be made there.
        CouldNotTell: No folder could be made where the system keeps temporary files.
    """
    try:
        place = Path(tempfile.gettempdir()) if beside is None else beside
        _sweep(place)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    except OSError as error:
        if beside is None:
            raise CouldNotTell(f"No working folder could be made: {error.strerror}.") from error
        name = printable(str(beside))
        raise UsageRefused(f"No working folder can be made in {name}: {error.strerror}.") from error
    try:
        with _held(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    making = folder / f"{_LOCK}.new"
    descriptor = os.open(making, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # It has its name only once it is held, or a sweep could come between.
        making.rename(folder / _LOCK)
        yield
    finally:
        os.close(descriptor)


def _sweep(place: Path) -> None:
    """Remove folders of runs that are no more; those of others cannot be opened."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            # One without a lock is just being made, or was left in that very moment.
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
