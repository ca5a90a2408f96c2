"""A bundle while it is written: beside its place, and in it only once it is whole.

`bundle.json` is written last. Whatever kills the writer before leaves a directory of another name
without it, which nobody takes for a bundle.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from netra.ids import random_token
from netra_ops.evidence.files import digest_of
from netra_ops.evidence.records import manifest
from netra_ops.findings import CouldNotTell, UsageRefused, printable

_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_TAKEN: Final = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})

Write = Callable[[bytes], None]


class UnfinishedBundle:
    """What is written so far. Made by `unfinished` only.

    Attributes:
        path: Where it is meanwhile.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self.path = path
        self._target = target
        self._hashes: dict[str, str] = {}

    @property
    def files(self) -> frozenset[str]:
        """The names of the files that are whole."""
        return frozenset(self._hashes)

    def document(self, name: str, document: Any) -> None:
        """Write a file of one JSON document."""
        with self.lines(name) as write:
            write(msgspec.json.format(msgspec.json.encode(document), indent=2))

    @contextmanager
    def lines(self, name: str) -> Iterator[Write]:
        """Write a file line by line; what is given has no end of a line yet."""
        digest = sha256()
        with self._made(name) as file:

            def write(line: bytes) -> None:
                whole = line + b"\n"
                digest.update(whole)
                file.write(whole)

            yield write
            file.flush()
            os.fsync(file.fileno())
        self._hashes[name] = digest.hexdigest()

    def adopt(self, name: str) -> None:
        """Take a file that somebody else wrote here, whole, for one of the bundle's."""
        self._hashes[name] = digest_of(self.path, name)

    def drop(self, name: str) -> None:
        """Leave a file out."""
        (self.path / name).unlink(missing_ok=True)
        self._hashes.pop(name, None)

    def finish(self, said: Mapping[str, Any]) -> None:
        """Write `bundle.json`, and give the bundle its place.

        Args:
            said: What it says besides its version and the hashes.

        Raises:
            UsageRefused: Somebody else put something there meanwhile.
        """
        files = dict(sorted(self._hashes.items()))
        self.document(manifest.FILE, {"version": manifest.VERSION, **said, "files": files})
        _sync(self.path)
        try:
            self.path.rename(self._target)
        except OSError as error:
            if error.errno in _TAKEN:
                raise UsageRefused(f"{_named(self._target)} was made by somebody else.") from None
            raise
        _sync(self._target.parent)

    def _made(self, name: str) -> Any:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        return os.fdopen(os.open(self.path / name, flags, _FILE_MODE), "wb")


@contextmanager
def unfinished(target: Path) -> Iterator[UnfinishedBundle]:
    """Give a bundle to be written; whatever ends this before it is finished leaves nothing of it.

    Args:
        target: Its place, where there is nothing yet, or an empty directory.

    Raises:
        UsageRefused: There is something, or nothing can be made there.
        CouldNotTell: It could not be written.
    """
    place = target.absolute()
    _refuse_what_is_there(place)
    meanwhile = place.with_name(f".{place.name}.unfinished-{random_token()[:8]}")
    try:
        place.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        meanwhile.mkdir(mode=_FOLDER_MODE)
    except OSError as error:
        raise UsageRefused(
            f"{_named(place)} cannot be made: {(error.strerror or '').lower()}."
        ) from None
    try:
        yield UnfinishedBundle(meanwhile, place)
    except OSError as error:
        raise CouldNotTell(
            f"{_named(place)} could not be written: {(error.strerror or str(error)).lower()}. "
            "Nothing of it is left."
        ) from error
    finally:
        shutil.rmtree(meanwhile, ignore_errors=True)


def _refuse_what_is_there(place: Path) -> None:
    if not os.path.lexists(place):
        return
    try:
        is_free = not place.is_symlink() and place.is_dir() and not any(place.iterdir())
    except OSError:
        is_free = False
    if not is_free:
        raise UsageRefused(
            f"{_named(place)} is there already. Name a new or an empty directory with --out."
        )


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _named(path: Path) -> str:
    return printable(str(path))
