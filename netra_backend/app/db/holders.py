"""Which processes hold leases, and whether they live: one locked file for each of them.

The kernel lets go of a lock at any death of its process, so a killed one is known to be dead at
once. The files are beside the SQLite file; for a database that is no file nobody is ever said to be
dead, and leases expire.
"""

import errno
import fcntl
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from netra.errors import InternalError
from netra.ids import row_id
from netra.secret import Secret
from netra_backend.app.db.outage import outage_translated

_SUFFIX: Final = "-holders"
_HOLDER: Final = re.compile(r"hld_[0-9a-hjkmnp-tv-z]{26}")


class HolderLocks:
    """The lock of this process, and a look at the others'.

    Args:
        directory: Where the files are, the same for all processes of one database; None if there
            is no such place.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._held: dict[str, int] = {}

    @classmethod
    def beside(cls, url: Secret) -> "HolderLocks":
        """Make the locks of the processes that use the database at an address."""
        address = make_url(url.reveal())
        if address.get_backend_name() != "sqlite" or not address.database:
            return cls(None)
        file = Path(address.database).resolve()
        return cls(file.with_name(file.name + _SUFFIX))

    def acquire(self) -> str:
        """Become a holder, under a name nobody had before.

        Raises:
            DatabaseUnavailable: The file could not be made or locked.
        """
        if self._directory is None:
            return row_id("hld")
        with outage_translated():
            self._directory.mkdir(mode=0o700, exist_ok=True)
            self._sweep(self._directory)
            while True:
                holder = row_id("hld")
                locked = _locked_new_file(self._directory / holder)
                if locked is not None:
                    self._held[holder] = locked
                    return holder

    def dead(self, holder_ids: Collection[str]) -> frozenset[str]:
        """Say which of these certainly no longer live."""
        if self._directory is None:
            return frozenset()
        return frozenset(
            holder
            for holder in holder_ids
            if holder not in self._held
            and _HOLDER.fullmatch(holder)
            and _is_unlocked(self._directory / holder)
        )

    def release(self) -> None:
        """Stop being a holder; whoever holds leases under the name is then dead."""
        while self._held:
            holder, descriptor = self._held.popitem()
            if self._directory is None:
                raise InternalError("a lock without a place")
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
