"""The key of the fingerprints that outlive a command: a private file, made on first use."""

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from netra.secret import Secret
from netra_ops.findings import CouldNotTell

FILE_NAME: Final = "ledger.key"
_FORM: Final = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES: Final = 128


def ledger_key(directory: Path) -> Secret:
    """Give the key kept in a private directory; made there if there is none.

    Two commands that make it at once get the same one.

    Raises:
        CouldNotTell: It cannot be made, or there is one that cannot be taken: damaged, no regular
            file, or not private.
    """
    path = directory / FILE_NAME
    if not os.path.lexists(path):
        try:
            _make(path)
        except OSError as error:
            why = (error.strerror or "").lower()
            raise CouldNotTell(f"{path} cannot be made: {why}.") from None
    return _read(path)


def passing_key() -> Secret:
    """Make a key that nobody keeps."""
    return Secret(secrets.token_hex(32))


def _make(path: Path) -> None:
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(passing_key().reveal())
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a renaming, never takes the place of a key another command just made.
        with suppress(FileExistsError):
            os.link(unfinished, path)
    finally:
        unfinished.unlink()


def _read(path: Path) -> Secret:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise CouldNotTell(f"{path} cannot be read: {(error.strerror or '').lower()}.") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        is_private = status.st_uid == os.geteuid() and not stat.S_IMODE(status.st_mode) & 0o077
        if not stat.S_ISREG(status.st_mode) or not is_private:
            raise CouldNotTell(
                f"{path} is not a file that you alone may read. Fingerprints made with it can be "
                "tried out by others: remove it, and a new one is made."
            )
        text = file.read(_MOST_BYTES).decode("ascii", "replace")
    if not _FORM.fullmatch(text):
        raise CouldNotTell(f"{path} is damaged. Remove it, and a new one is made.")
    return Secret(text)
