"""Makes a bundle of a state directory: what is on the disk, and what others can be asked for.

What asks running services stands above this room and is handed in; where it has nothing, the
bundle says so, and is made all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import netra
from netra.clock import Clock, as_iso
from netra_ops.evidence.bundle import LOGS
from netra_ops.evidence.collectors.commits import CommitsUnknown, commits_in, is_repository
from netra_ops.evidence.collectors.configurations import Configurations
from netra_ops.evidence.collectors.log_entries import written
from netra_ops.evidence.collectors.log_files import LogFiles, Window
from netra_ops.evidence.records import commits
from netra_ops.evidence.writing.cleaning import Cleaner
from netra_ops.evidence.writing.unfinished import UnfinishedBundle, unfinished
from netra_ops.findings import CouldNotTell, OpsError
from netra_ops.ledger.chain import Entry
from netra_ops.ledger.ledger_file import Ledger
from netra_ops.platform.local import record
from netra_ops.platform.local.state_directory import StateDirectory

_CODE: Final = Path(netra.__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a bundle is to be of.

    Attributes:
        state: The state directory.
        target: Where it is to be.
        window: Which part of time.
        service: Which service it is about, if about one; the others are in it all the same.
        repository: The repository of the code; None to look where the code is run from.
    """

    state: StateDirectory
    target: Path
    window: Window
    service: str | None = None
    repository: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Something that asks a running service.

    Attributes:
        what: What it fetches, as notes name it.
        file: The file it writes.
        write: Writes it, and gives how many records there are, and what is to be noted of them.
    """

    what: str
    file: str
    write: Callable[[UnfinishedBundle, Cleaner], tuple[int, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Progress:
    """Who is told how far it is.

    Attributes:
        doing: Is told what is being done.
        size: Is told how many bytes of logs there are, about.
        read: Is told how many more of them were read.
    """

    doing: Callable[[str], None] = lambda _: None
    size: Callable[[int], None] = lambda _: None
    read: Callable[[int], None] = lambda _: None


@dataclass(slots=True)
class Collected:
    """What was collected.

    Attributes:
        target: Where it is.
        records: How many records there are in each file.
        notes: What could not be had, in sentences.
        cleaned: How many lines and documents had a secret in them, which was hidden.
    """

    target: Path
    records: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    cleaned: int = 0


def collect_bundle(
    wanted: Wanted, clock: Clock, asking: Sequence[Asking], progress: Progress | None = None
) -> Collected:
    """Make a bundle, whole or not at all.

    Args:
        wanted: What it is to be of.
        clock: Says when it was made.
        asking: What asks running services, in the order in which they are asked.
        progress: Who is told how far it is.

    Raises:
        UsageRefused: There is something at its place.
        CouldNotTell: There is no log at all, or it could not be written.
    """
    done = Collected(wanted.target)
    with unfinished(wanted.target) as bundle:
        _Collecting(wanted, clock, bundle, done, progress or Progress()).collect(asking)
    return done


class _Collecting:
    """One collection."""

    def __init__(
        self,
        wanted: Wanted,
        clock: Clock,
        bundle: UnfinishedBundle,
        done: Collected,
        progress: Progress,
    ) -> None:
        self._wanted = wanted
        self._clock = clock
        self._bundle = bundle
        self._done = done
        self._progress = progress
        entries = self._ledger()
        self._configurations = Configurations(wanted.state, entries)
        self._cleaner = Cleaner(self._configurations.secrets())

    def collect(self, asking: Sequence[Asking]) -> None:
        """Write all of it."""
        created = as_iso(self._clock.timestamp())
        # What is asked leaves its own lines in the logs, which are read after it.
        for one in asking:
            self._ask(one)
        first, last = self._logs()
        self._progress.doing("Reading configurations")
        documents = self._configurations.documents(self._cleaner)
        for name, document in documents.items():
            self._bundle.document(name, document)
            self._done.records[name] = _records(document)
        self._done.notes += self._configurations.notes
        self._progress.doing("Reading commits")
        self._commits()
        window = self._wanted.window
        said = {
            "created": created,
            "window": {
                "start": _moment(first if window.start is None else window.start),
                "end": _moment(last if window.end is None else window.end),
            },
            "service": self._wanted.service,
            "environment": self._configurations.environment(),
            "notes": [self._cleaner.texts({"": note})[""] for note in self._done.notes],
        }
        self._bundle.finish({name: one for name, one in said.items() if one is not None})
        self._done.cleaned = self._cleaner.cleaned

    def _ask(self, one: Asking) -> None:
        self._progress.doing(f"Asking for {one.what}")
        try:
            number, notes = one.write(self._bundle, self._cleaner)
        except OpsError as error:
            self._bundle.drop(one.file)
            self._done.notes.append(f"There is no {one.file}: {one.what} could not be had. {error}")
            return
        self._done.records[one.file] = number
        self._done.notes += notes

    def _logs(self) -> tuple[int | None, int | None]:
        """Write the log, and give the times of its first and its last entry."""
        files = LogFiles(self._wanted.state, self._wanted.window, self._progress.read)
        self._progress.doing("Reading logs")
        self._progress.size(files.size)
        first = last = None
        number = 0
        with self._bundle.lines(LOGS) as write:
            for line in files.lines():
                write(self._cleaner.line(line.entry))
                number += 1
                if line.time:
                    first = line.time if first is None else min(first, line.time)
                    last = line.time if last is None else max(last, line.time)
        if not number:
            why = " ".join(files.notes) or "Nothing was written in the time asked for."
            raise CouldNotTell(f"There is no log at all, so there is no bundle. {why}")
        self._done.records[LOGS] = number
        self._done.notes += files.notes
        return first, last

    def _commits(self) -> None:
        folder = self._wanted.repository or self._repository()
        if folder is None:
            self._done.notes.append(
                f"There is no {commits.FILE}: the code is not run from a repository. "
                "Name one with --repository."
            )
            return
        end = self._wanted.window.end
        try:
            found = commits_in(folder, _moment(end), self._cleaner)
        except CommitsUnknown as error:
            self._done.notes.append(f"There is no {commits.FILE}: {error}.")
            return
        self._bundle.document(commits.FILE, found)
        self._done.records[commits.FILE] = len(found)

    def _repository(self) -> Path | None:
        """Find the repository that the newest revision is run from, or this command itself."""
        try:
            services = record.load(self._wanted.state).services
        except OpsError:
            services = {}
        folders = [
            Path(one.code)
            for name in sorted(services, key=lambda name: name != self._wanted.service)
            for one in reversed(services[name].revisions.values())
            if one.code is not None
        ]
        return next((one for one in (*folders, _CODE) if is_repository(one)), None)

    def _ledger(self) -> tuple[Entry, ...]:
        try:
            reading = Ledger(self._wanted.state.ledger_folder, self._clock).read()
        except OpsError as error:
            self._done.notes.append(f"The ledger could not be read: {error}")
            return ()
        if reading.flaw is not None:
            self._done.notes.append(f"The ledger is read up to a flaw. {reading.complaint}")
        return reading.entries


def _moment(time: int | None) -> str | None:
    return None if time is None else written(time)


def _records(document: Any) -> int:
    if isinstance(document, Mapping):
        return sum(len(one) for one in document.values())
    return len(document)
