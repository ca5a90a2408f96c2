"""Which processes hold leases on SQLite, and whether they live, by one locked file each.

The kernel lets go of a lock at any death of its process, so a killed one is known to be dead at
once. The files are beside the SQLite file.
"""

import errno
import fcntl
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from netra.ids import row_id
from netra_backend.app.db.outage import outage_translated

_SUFFIX: Final = "-holders"
_HOLDER: Final = re.compile(r"hld_[0-9a-hjkmnp-tv-z]{26}")


class HolderLocks:
    """The lock of this process, and a look at the others'.

    Args:
        file: The database.
    """

    def __init__(self, file: Path) -> None:
        resolved = file.resolve()
        self._directory = resolved.with_name(resolved.name + _SUFFIX)
        self._held: dict[str, int] = {}
        self._name: str | None = None
        self._others: list[Path] = []
        self._read_at: int | None = None

    async def name(self) -> str:
        """Give the name of this process, for as long as it lives.

        Raises:
            DatabaseUnavailable: The file could not be made or locked.
        """
        if self._name is None:
            self._name = self.acquire()
        return self._name

    def acquire(self) -> str:
        """Become a holder, under a name nobody had before.

        Raises:
            DatabaseUnavailable: The file could not be made or locked.
        """
        with outage_translated():
            self._directory.mkdir(mode=0o700, exist_ok=True)
            self._sweep(self._directory)
            while True:
                holder = row_id("hld")
                locked = _locked_new_file(self._directory / holder)
                if locked is not None:
                    self._held[holder] = locked
                    return holder

    async def dead(self, names: Collection[str]) -> frozenset[str]:
        """Say which of these certainly no longer live."""
        return frozenset(
            holder
            for holder in names
            if holder not in self._held
            and _HOLDER.fullmatch(holder)
            and _is_unlocked(self._directory / holder)
        )

    def are_others(self, *, anew: bool = True) -> bool:
        """Say whether another process is there; one whose folder cannot be read is not.

        Args:
            anew: Whether the folder is read in any case, and not only if its time has changed. That
                is a hundred times as cheap, and misses a change in the very moment of the last.
        """
        try:
            changed_at = self._directory.stat().st_mtime_ns
            if anew or changed_at != self._read_at:
                self._others = [
                    file
                    for file in self._directory.iterdir()
                    if file.name not in self._held and _HOLDER.fullmatch(file.name)
                ]
                self._read_at = changed_at
        except OSError:
            return False
        return any(not _is_unlocked(file) for file in self._others)

    async def release(self) -> None:
        """Stop being a holder; whoever holds leases under the name is then dead."""
        while self._held:
            holder, descriptor = self._held.popitem()
            (self._directory / holder).unlink(missing_ok=True)
            os.close(descriptor)

    def _sweep(self, directory: Path) -> None:
        """Remove the files of the dead: who has no file is as dead as who has an unlocked one."""
        for file in directory.iterdir():
            if not _HOLDER.fullmatch(file.name):
                continue
            try:
                descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                file.unlink(missing_ok=True)
            except BlockingIOError:
                continue
            finally:
                os.close(descriptor)


def _locked_new_file(path: Path) -> int | None:
    """Make and lock a file; None if a sweep came between the two and took it away."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _is_unlocked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        return error.errno == errno.ENOENT
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
