"""One command at a time moves the traffic of a service, and one rollout at a time goes on at all.

A golden path leads through all services: beside a rollout of another one it would walk a mixture.
A rollback waits for no rollout of another service, since people may be waiting for it. A command
that died keeps nobody from beginning: a lock belongs to its open file, and ends with the process.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from netra_ops.findings import CouldNotTell, printable

_FILE_MODE: Final = 0o600
_LONGEST: Final = 200
_ALL: Final = "deploy.lock"
"""A rollout holds it alone; who moves traffic at once holds it with others, if it is to be had."""
_LATER: Final = "Nothing was changed; try again when it is over."


@contextmanager
def alone(folder: Path, service: str, who: str) -> Iterator[None]:
    """Move the traffic of a service while no other command does, and no rollout begins.

    Args:
        folder: A private directory that all commands on this installation share.
        service: Which service.
        who: What another command is told of this one.

    Raises:
        CouldNotTell: Another command moves it, or the lock cannot be made.
    """
    with _own(folder, service, who), _opened(folder / _ALL) as everybody:
        # Where a rollout of another service goes on, this goes on beside it.
        with suppress(BlockingIOError):
            _take(everybody, fcntl.LOCK_SH, f"{service}: {who}")
        yield


@contextmanager
def alone_at_all(folder: Path, service: str, who: str) -> Iterator[None]:
    """Roll something out while nothing moves the traffic of that service, or rolls out another.

    Args:
        folder: A private directory that all commands on this installation share.
        service: Which service.
        who: What another command is told of this one.

    Raises:
        CouldNotTell: Another command does, or a lock cannot be made.
    """
    with _own(folder, service, who), _opened(folder / _ALL) as everybody:
        try:
            _take(everybody, fcntl.LOCK_EX, f"{service}: {who}")
        except BlockingIOError as error:
            raise CouldNotTell(
                f"Another deployment or rollback goes on ({_holder(everybody)}), and a golden path "
                f"would walk a mixture of both. {_LATER} `netra rollback` need not wait."
            ) from error
        yield


@contextmanager
def _own(folder: Path, service: str, who: str) -> Iterator[None]:
    with _opened(folder / f"deploy-{service}.lock") as lock:
        try:
            _take(lock, fcntl.LOCK_EX, who)
        except BlockingIOError as error:
            raise CouldNotTell(
                f"Another deployment or rollback of {service} goes on ({_holder(lock)}). {_LATER}"
            ) from error
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        lock = os.open(path, flags, _FILE_MODE)
    except OSError as error:
        raise CouldNotTell(f"{path} cannot be made: {error.strerror}.") from error
    try:
        yield lock
    finally:
        os.close(lock)


def _take(lock: int, how: int, who: str) -> None:
    fcntl.flock(lock, how | fcntl.LOCK_NB)
    os.ftruncate(lock, 0)
    os.pwrite(lock, who.encode(errors="replace")[:_LONGEST], 0)


def _holder(lock: int) -> str:
    said = os.pread(lock, _LONGEST, 0).decode(errors="replace")
    return printable(said).strip() or "it just began"
