"""Copies of a store that is one SQLite file: made while it is in use, checked, put in its place.

What a restored store needs besides is in `netra_auth.recovery`. Other databases have tools of
their own; `docs/runbooks/back_up_and_restore.md` names them.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from netra.errors import ConfigurationInvalid
from netra.secret import Secret

_OWNER_ONLY: Final = 0o600
_FOUND_OK: Final = [("ok",)]


class BackupRefused(ConfigurationInvalid):
    """A copy cannot be made, is not good, or must not be put in the store's place."""

    code = "backup_refused"


def store_file(url: Secret) -> Path:
    """Give the file a store is.

    Raises:
        BackupRefused: It is none.
    """
    parsed = make_url(url.reveal())
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise BackupRefused(
            "The store is not a file: back it up with pg_dump and restore it with pg_restore, as "
            "docs/runbooks/back_up_and_restore.md says."
        )
    return Path(parsed.database)


def url_of(file: Path) -> Secret:
    """Write the address of a store that is a file."""
    return Secret(f"sqlite+aiosqlite:///{file}")


def copy_of(store: Path, target: Path) -> Path:
    """Copy a store as of one moment, also while it is in use, to an unfinished file by the target.

    Raises:
        BackupRefused: The store is missing, the target is there already, or there is no room.
    """
    if not store.is_file():
        raise BackupRefused(f"There is no store at {store}.")
    if target.exists():
        raise BackupRefused(f"{target} is there already; a backup never replaces a file.")
    unfinished = _new_file(target.with_name(f"{target.name}.unfinished"))
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            connection.execute("VACUUM INTO ?", (str(unfinished),))
    except sqlite3.Error as error:
        unfinished.unlink(missing_ok=True)
        raise BackupRefused(f"The store cannot be copied: {error}.") from error
    return unfinished


def second_copy(source: Path, store: Path) -> Path:
    """Copy a backup to an unfinished file by the store it is to become.

    Raises:
        BackupRefused: There is no such backup, or no room.
    """
    if not source.is_file():
        raise BackupRefused(f"There is no backup at {source}.")
    unfinished = _new_file(store.with_name(f"{store.name}.unfinished"))
    try:
        with source.open("rb") as read, unfinished.open("wb") as written:
            shutil.copyfileobj(read, written)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise BackupRefused(f"{source} cannot be copied: {error.strerror}.") from error
    return unfinished


def require_sound(file: Path) -> None:
    """Check a store's pages, indexes and references.

    Raises:
        BackupRefused: It is no store, or a damaged one.
    """
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchall()
            dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.Error as error:
        raise BackupRefused(f"{file} cannot be read as a store: {error}.") from error
    if found != _FOUND_OK or dangling:
        raise BackupRefused(f"{file} is damaged; restore an earlier backup.")


def require_unused(store: Path) -> None:
    """Fold a store's write-ahead log in, which only succeeds when nobody else has it open.

    Raises:
        BackupRefused: A service still has it open.
    """
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=rw", uri=True, timeout=0)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise BackupRefused(f"{store} is in use; stop the service first ({error}).") from error
    except sqlite3.DatabaseError:
        return  # What is no store any more is in nobody's use as one.


def finish(unfinished: Path, target: Path) -> None:
    """Give a finished file its name, durably."""
    descriptor = os.open(unfinished, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    unfinished.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def set_aside(store: Path, moment: str) -> Path:
    """Move a store out of the way under a name that says when; nothing of it is lost."""
    aside = store.with_name(f"{store.name}.before-{moment}")
    for suffix in ("-wal", "-shm", ""):
        part = Path(f"{store}{suffix}")
        if part.exists():
            part.rename(f"{aside}{suffix}")
    return aside


def _new_file(path: Path) -> Path:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY))
    except FileExistsError:
        raise BackupRefused(
            f"{path} is there already, from an attempt that was cut off; remove it."
        ) from None
    except OSError as error:
        raise BackupRefused(f"{path} cannot be written: {error.strerror}.") from error
    return path
