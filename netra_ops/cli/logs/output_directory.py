"""A directory into which a command writes its files, each of which is whole or not there."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from netra.ids import random_token
from netra_ops.findings import CouldNotTell, UsageRefused, printable

_FOLDER: Final = 0o700
_FILE: Final = 0o600


class OutputDirectory:
    """A directory that is there; what it holds under the same names is replaced.

    Attributes:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def made(cls, path: Path) -> Self:
        """Make it, if it is not there.

        Raises:
            UsageRefused: It cannot be made, or is no directory.
        """
        try:
            path.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageRefused(
                f"{printable(str(path))} cannot be made: {error.strerror}."
            ) from error
        if not os.access(path, os.W_OK | os.X_OK):
            raise UsageRefused(f"Nothing can be written in {printable(str(path))}.")
        return cls(path)

    def write(self, name: str, content: bytes) -> None:
        """Write a file, readable by nobody else.

        Raises:
            CouldNotTell: It could not be written; a file of that name stays as it was.
        """
        self.write_blocks(name, (content,))

    def write_blocks(self, name: str, content: Iterable[bytes]) -> None:
        """Write a file as `write` does, of blocks that need not all be in memory at once.

        Raises:
            CouldNotTell: It could not be written; a file of that name stays as it was.
        """
        unfinished = self.path / f".{name}.{random_token()[:8]}"
        try:
            with os.fdopen(
                os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE), "wb"
            ) as file:
                file.writelines(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.path / name)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink()
            raise CouldNotTell(
                f"{printable(str(self.path / name))} could not be written: {error.strerror}."
            ) from error
