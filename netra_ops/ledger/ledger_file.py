"""The ledger's file: one writer at a time, whole lines for whoever reads meanwhile.

What is acknowledged is on the disk. A writer that died may leave a line without its end, which
nobody was told was recorded: the next writer puts it aside. Anything else that is not as it was
written stops reading and writing, and nobody mends it by guessing.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from netra.clock import Clock, as_iso
from netra.telemetry.redaction import redact_text
from netra_ops.findings import CouldNotTell, Failed, Outcome
from netra_ops.ledger.chain import Entry, Flaw, Followed, Position, follow, line_of
from netra_ops.ledger.records import Actor, Judgement, Record

RECORDS: Final = "records.ndjson"
_LOCK: Final = "lock"
_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700
_OTHERS: Final = 0o077
_PAUSE_SECONDS: Final = 0.01
_BLOCK_BYTES: Final = 1_048_576
# Without O_NONBLOCK a pipe in the place of a file would keep whoever opens it waiting for ever.
_FLAGS: Final = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class Reading:
    """What the ledger says.

    Attributes:
        path: The file.
        entries: The records, up to the flaw if there is one.
        flaw: Where the file cannot be read any further.
        unfinished: How many bytes of a line without an end there are; they are no record.
        head: The hash of the last record, for whoever wants to know later that none was cut off.
    """

    path: Path
    entries: tuple[Entry, ...]
    flaw: Flaw | None
    unfinished: int
    head: str

    @property
    def complaint(self) -> str:
        """What is wrong with the file, where, and what to do; empty if nothing is."""
        if self.flaw is None:
            return ""
        where = f"{self.path}, line {self.flaw.line} (byte {self.flaw.offset}): {self.flaw.says}."
        if not self.flaw.is_damage:
            return f"{where} Use the version of netra that wrote it, or a newer one."
        return (
            f"{where} Records from there on are not used, and none is added. Keep the file as it "
            "is for whoever finds out what happened, restore it from a backup, or move it away: "
            "a new ledger begins with the next record, and nothing is proven in it yet."
        )

    def trusted(self) -> tuple[Entry, ...]:
        """Give the records for a decision.

        Raises:
            CouldNotTell: The file has a flaw, so that what it says may not be all.
        """
        if self.flaw is not None:
            raise CouldNotTell(self.complaint)
        return self.entries


class Ledger:
    """The record of what happened to revisions, in a folder of the state directory.

    Args:
        folder: Where it is, or is to be made.
        clock: What says when something was recorded.
        say: Is told what was put aside.
        patience: Seconds to wait for another writer.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        say: Callable[[str], None] = lambda _: None,
        patience: float = 10.0,
    ) -> None:
        self._folder = folder
        self._path = folder / RECORDS
        self._clock = clock
        self._say = say
        self._patience = patience
        self._is_named = False

    def append(self, record: Record) -> Entry:
        """Record something; once this returns, it is on the disk.

        Raises:
            Failed: It could not be written: nothing was recorded, and what was stays whole.
            CouldNotTell: The file has a flaw, or another writer does not come to an end.
            ValueError: The record is too large.
        """
        safe = _without_secrets(record)
        try:
            self._make_folder()
            with self._locked(fcntl.LOCK_EX), self._opened() as file:
                end = self._end(file)
                entry, line = line_of(safe, end, as_iso(self._clock.timestamp()))
                _write_at(file, line, end.offset)
                if not self._is_named or end.offset == 0:
                    # Until its name is on the disk too, a crash could take the whole file.
                    _sync_folder(self._folder)
                    _sync_folder(self._folder.parent)
                    self._is_named = True
                return entry
        except OSError as error:
            raise Failed(
                f"{self._path} cannot be written: {error.strerror}. Nothing was recorded, and what "
                "was recorded before is whole. Mend that, and try again."
            ) from error

    def read(self) -> Reading:
        """Read everything; a record that is just being written is not there yet.

        Raises:
            CouldNotTell: The file cannot be read.
        """
        try:
            found = self._followed()
            if found.flaw or found.unfinished:
                found = self._followed_undisturbed(found)
        except OSError as error:
            raise CouldNotTell(f"{self._path} cannot be read: {error.strerror}.") from error
        return Reading(self._path, found.entries, found.flaw, len(found.unfinished), found.end.hash)

    def _followed(self) -> Followed:
        try:
            file = os.open(self._path, os.O_RDONLY | _FLAGS)
        except FileNotFoundError:
            return follow(b"")
        try:
            return follow(_content(file))
        finally:
            os.close(file)

    def _followed_undisturbed(self, before: Followed) -> Followed:
        """Read again while nobody writes, to tell a dead writer's traces from a living one's."""
        try:
            with self._locked(fcntl.LOCK_SH):
                return self._followed()
        except FileNotFoundError:
            return before  # Nobody can be writing where there is no lock.

    def _end(self, file: int) -> Position:
        """Find where the next line goes, and put aside what a dead writer left there."""
        # All of it, each time: what this process wrote may have been replaced since.
        found = follow(_content(file))
        if found.flaw:
            reading = Reading(self._path, (), found.flaw, 0, found.end.hash)
            raise CouldNotTell(reading.complaint)
        if found.unfinished:
            self._put_aside(found.unfinished, found.end)
            os.ftruncate(file, found.end.offset)
            os.fsync(file)
        return found.end

    def _put_aside(self, unfinished: bytes, end: Position) -> None:
        number = 1
        while (path := self._folder / f"unfinished-after-{end.seq}.{number}").exists():
            number += 1
        copy = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
        try:
            _write_at(copy, unfinished, 0)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(copy)
        _sync_folder(self._folder)
        self._say(
            f"{self._path} ended in a line that a writer did not finish ({len(unfinished)} bytes "
            f"after record {end.seq}); it was never acknowledged, and is in {path.name} now."
        )

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        if stat.S_IMODE(self._folder.stat().st_mode) & _OTHERS:
            self._folder.chmod(_FOLDER_MODE)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | _FLAGS, _FILE_MODE)
        try:
            if stat.S_IMODE(os.fstat(file).st_mode) & _OTHERS:
                os.fchmod(file, _FILE_MODE)
            yield file
        finally:
            os.close(file)

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        """Hold the lock, which ends with the process that holds it, however that ends."""
        flags = os.O_RDONLY | _FLAGS
        if kind == fcntl.LOCK_EX:
            flags |= os.O_CREAT
        lock = os.open(self._folder / _LOCK, flags, _FILE_MODE)
        try:
            deadline = self._clock.monotonic() + self._patience
            while True:
                try:
                    fcntl.flock(lock, kind | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if self._clock.monotonic() >= deadline:
                        raise CouldNotTell(
                            f"{self._path} has been in use for {self._patience:.0f} s. "
                            "See which netra command hangs, and end it."
                        ) from error
                time.sleep(_PAUSE_SECONDS)
            yield
        finally:
            os.close(lock)


def _content(file: int) -> bytes:
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise OSError(errno.EINVAL, "It is no regular file")
    parts: list[bytes] = []
    offset = 0
    while part := os.pread(file, _BLOCK_BYTES, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _write_at(file: int, content: bytes, offset: int) -> None:
    """Write to the disk, or leave the file as long as it was."""
    written = 0
    try:
        while written < len(content):
            written += os.pwrite(file, content[written:], offset + written)
        os.fsync(file)
    except BaseException:
        with suppress(OSError):
            os.ftruncate(file, offset)
            os.fsync(file)
        raise


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _without_secrets(record: Record) -> Record:
    """Hide what looks like a secret in what people and checks wrote."""
    actor = Actor(redact_text(record.actor.person), redact_text(record.actor.origin))
    safe = msgspec.structs.replace(record, actor=actor, reason=redact_text(record.reason))
    if not isinstance(safe, Judgement):
        return safe
    outcomes = tuple(
        Outcome(
            msgspec.structs.replace(
                outcome.finding,
                reason=redact_text(outcome.finding.reason),
                evidence=tuple(redact_text(pointer) for pointer in outcome.finding.evidence),
            ),
            redact_text(outcome.waived),
        )
        for outcome in safe.outcomes
    )
    return msgspec.structs.replace(safe, outcomes=outcomes)
