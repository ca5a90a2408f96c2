"""The private directory one local installation lives in: its layout, its rights, its lock.

What the files say is known by their own modules; this one keeps them private and whole.
"""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netra_ops.findings import UsageRefused

DIRECTORY_MODE: Final = 0o700
FILE_MODE: Final = 0o600
_LOCK: Final = "lock"
_RECORD: Final = "state.json"
_SUBDIRECTORIES: Final = ("env", "data", "logs", "revisions")


@dataclass(frozen=True, slots=True)
class StateDirectory:
    """Where everything of one installation is. Made by `created` or `opened` only.

    Attributes:
        root: Its absolute path.
        mended: What others could have read or changed until now, in sentences.
    """

    root: Path
    mended: tuple[str, ...] = ()

    @property
    def record_file(self) -> Path:
        """What runs and ran: ports, revisions, processes."""
        return self.root / _RECORD

    @property
    def front_folder(self) -> Path:
        """What stands before the services: its configuration, its socket, its log."""
        return self.root / "front"

    @property
    def ledger_folder(self) -> Path:
        """What happened to which revision; the ledger makes it with its first record."""
        return self.root / "ledger"

    def env_file(self, service: str) -> Path:
        """Give the service's configuration, which a person may edit."""
        return self.root / "env" / f"{service}.env"

    def revision_env_file(self, service: str, revision: str) -> Path:
        """Give the configuration a revision was made with; nobody edits it."""
        return self.root / "revisions" / service / f"{revision}.env"

    def store_file(self, service: str) -> Path:
        """Give the service's database."""
        return self.root / "data" / f"{service}.db"

    def log_file(self, service: str, revision: str) -> Path:
        """Give the events a revision wrote, one JSON document a line."""
        return self.root / "logs" / service / f"{revision}.ndjson"

    def stderr_file(self, service: str, revision: str) -> Path:
        """Give what a revision wrote beside its events; normally empty."""
        return self.root / "logs" / service / f"{revision}.stderr.log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other command that starts or stops services waiting meanwhile.

        The lock belongs to the open file, so it ends with the process, however that ends.
        """
        descriptor = os.open(self.root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def created(path: Path) -> StateDirectory:
    """Open the state directory at `path`, or make it.

    Raises:
        UsageRefused: It cannot be made, is someone else's, or holds something not Netra's.
    """
    root = path.absolute()
    if not root.exists():
        try:
            root.mkdir(mode=DIRECTORY_MODE, parents=True)
        except OSError as error:
            raise UsageRefused(f"{path} cannot be made: {error.strerror}.") from error
    _check_owner(root)
    known = _is_ours(root)
    if not known and any(root.iterdir()):
        raise UsageRefused(
            f"{path} is not empty and not a Netra state directory. "
            "Name a new or an empty directory with --state."
        )
    mended = _mended_rights(root)
    (root / _LOCK).touch(mode=FILE_MODE)
    for name in _SUBDIRECTORIES:
        (root / name).mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    return StateDirectory(root, mended if known else ())


def opened(path: Path) -> StateDirectory | None:
    """Open the state directory at `path`; None if nothing was ever started there.

    Raises:
        UsageRefused: It is someone else's, or holds something that is not Netra's.
    """
    root = path.absolute()
    if not root.exists():
        return None
    _check_owner(root)
    if _is_ours(root):
        return StateDirectory(root, _mended_rights(root))
    if any(root.iterdir()):
        raise UsageRefused(f"{path} is not a Netra state directory.")
    return None


def made_directory(path: Path) -> Path:
    """Make a private directory if it is not there."""
    path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    return path


def write_whole(path: Path, content: str) -> None:
    """Write a private file so that a reader, or a crash, sees the old content or the new."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_ours(root: Path) -> bool:
    return (root / _LOCK).is_file()


def _check_owner(root: Path) -> None:
    status = root.stat()
    if not stat.S_ISDIR(status.st_mode):
        raise UsageRefused(f"{root} is not a directory. Name a directory with --state.")
    if status.st_uid != os.geteuid():
        raise UsageRefused(
            f"{root} belongs to another user (uid {status.st_uid}), who could read or replace the "
            "secrets in it. Name a directory of your own with --state."
        )


def _mended_rights(root: Path) -> tuple[str, ...]:
    mended: list[str] = []
    for path in (root, *sorted(root.rglob("*"))):
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue  # Another command wrote it whole and moved it to its place meanwhile.
        if status.st_uid != os.geteuid():
            raise UsageRefused(
                f"{path} belongs to another user (uid {status.st_uid}). "
                "Remove it, or name another directory with --state."
            )
        if stat.S_ISLNK(status.st_mode):
            continue
        wanted = DIRECTORY_MODE if stat.S_ISDIR(status.st_mode) else FILE_MODE
        if stat.S_IMODE(status.st_mode) & ~wanted:
            path.chmod(wanted)
            mended.append(
                f"{path} could be read or changed by others; it is private now. "
                "Replace its secrets if others use this machine."
            )
    return tuple(mended)
