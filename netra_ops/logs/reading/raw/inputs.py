"""The sources that inputs name: files, all files of directories, standard input."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from netra_ops.logs.reading.account import Skipped

STANDARD_INPUT: Final = "-"


class Input(msgspec.Struct, frozen=True):
    """One source: its name, and its path unless it is standard input."""

    name: str
    path: Path | None

    def open(self, standard_input: BinaryIO | None) -> BinaryIO:
        """Open it for reading.

        Raises:
            OSError: It cannot be.
        """
        if self.path is not None:
            return self.path.open("rb", buffering=0)
        if standard_input is None:
            raise OSError("there is no standard input here")
        return standard_input


def inputs_of(named: Iterable[str]) -> Iterator[Input | Skipped]:
    """Give the sources that were named, a directory's files by name; hidden ones are skipped.

    What does not exist is a source too: opening it says so.
    """
    seen: set[Path] = set()
    for name in named:
        if name == STANDARD_INPUT:
            yield Input(name, None)
            continue
        path = Path(name)
        for found in _files(path) if path.is_dir() else (path,):
            if isinstance(found, Skipped):
                yield found
                continue
            real = found.resolve()
            if real in seen:
                yield Skipped(str(found), "named before")
            else:
                seen.add(real)
                yield Input(str(found), found)


def _files(directory: Path) -> Iterator[Path | Skipped]:
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError as error:
        yield Skipped(str(directory), f"cannot be listed: {error.strerror}")
        return
    for entry in entries:
        if entry.name.startswith("."):
            yield Skipped(entry.path, "hidden")
        elif entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.is_file():
            yield Path(entry.path)
        else:
            yield Skipped(entry.path, "no regular file")
