"""The processes of revisions: started, waited for, looked at, stopped.

Whoever starts or stops one holds the directory's lock; the record is written at once, so that
whatever kills the command leaves a record that the next one can act on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final

import msgspec

from netra.clock import Clock
from netra.isolated_environment import ENV_FILE_VARIABLE, IsolatedEnvironment
from netra_ops.findings import Failed
from netra_ops.platform.local import configuration, health, processes, record
from netra_ops.platform.local.inbox import Inbox, ServiceEnded, StopAsked
from netra_ops.platform.local.record import ProcessMark, Record, RevisionRecord
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.settings import BACKEND, LOOPBACK, Deadlines, Program

_POLL_SECONDS: Final = 0.05
_STANDBY: Final = "STANDBY_UNTIL_TRAFFIC"
_OPERATIONS_STATE: Final = "OPERATIONS_STATE"
_TRUSTED_PROXIES: Final = "TRUSTED_PROXIES"


class Interrupted(Exception):
    """Somebody asked this command to end while it was at work; nothing it started is left."""


class Launch(Enum):
    """What a revision is started for.

    Attributes:
        SERVES: It has traffic. Its store is brought to its schema first.
        BROUGHT_BACK: It is to have traffic again. The store stays as newer code needs it.
        CANDIDATE: It has none, and leaves the store and everybody else's work alone until it has.
    """

    SERVES = auto()
    BROUGHT_BACK = auto()
    CANDIDATE = auto()


class ProcessEnded(Failed):
    """A process ended while it was waited for."""


@dataclass(frozen=True, slots=True)
class _Started:
    """A process this command started, and where its logs stood then."""

    service: str
    pid: int
    log: Path
    stderr: Path
    log_offset: int
    stderr_offset: int

    def said(self) -> tuple[str, ...]:
        """Give what it wrote since, the loud part of it."""
        loud = health.loud_messages(self.log, self.log_offset)
        return loud or health.last_words(self.stderr, self.stderr_offset)


class RevisionProcesses:
    """The processes of one state directory's revisions.

    Args:
        directory: Where they live.
        clock: For deadlines.
        inbox: Where their ends, and wishes to stop, arrive.
        say: Told, in sentences, what a person would want to know meanwhile.
        deadlines: How long to wait for what.
    """

    def __init__(
        self,
        directory: StateDirectory,
        clock: Clock,
        inbox: Inbox,
        say: Callable[[str], None],
        deadlines: Deadlines,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._inbox = inbox
        self._say = say
        self._deadlines = deadlines
        self._own: dict[str, _Started] = {}

    def start(self, known: Record, program: Program, name: str, launch: Launch) -> Record:
        """Start a recorded revision's process, and write down at once that it was."""
        service = known.services[program.service]
        revision = service.revisions[name]
        log = self._directory.log_file(program.service, name)
        stderr = self._directory.stderr_file(program.service, name)
        offsets = health.length(log), health.length(stderr)
        child = processes.start(
            program.module,
            self._environment(program, name, revision, launch),
            directory=self._directory.root,
            stdout=log,
            stderr=stderr,
            arguments=("--migrate",) if launch is Launch.SERVES else (),
            code=Path(revision.code) if revision.code else None,
        )
        process = processes.mark(child.pid)
        running = msgspec.structs.replace(revision, process=process)
        known = known.with_service(program.service, service.having(name, running))
        record.save(self._directory, known)
        self._own[name] = _Started(program.service, child.pid, log, stderr, *offsets)
        self._inbox.watch(name, child)
        return known

    def wait(
        self,
        question: health.HealthQuestion,
        reached: Callable[[health.Health], bool],
        seconds: float,
    ) -> bool:
        """Wait until a revision's health is as wished; False if it was not in time.

        Raises:
            ProcessEnded: A process that this command started ended meanwhile.
            Interrupted: Somebody asked to stop.
        """
        deadline = self._clock.monotonic() + seconds
        while not reached(health.ask(question, self._deadlines.answer)):
            event = self._inbox.next(_POLL_SECONDS)
            if isinstance(event, StopAsked):
                raise Interrupted
            if event is not None and self._is_of_own(event):
                service = self._own[event.revision].service
                how = f"{service} ended during its start ({how_ended(event.code)})"
                raise ProcessEnded(self.with_log(event.revision, how))
            if self._clock.monotonic() >= deadline:
                return False
        return True

    def _is_of_own(self, event: ServiceEnded) -> bool:
        own = self._own.get(event.revision)
        return own is not None and own.pid == event.pid

    def with_log(self, name: str, what: str) -> str:
        """Add to a sentence what a revision wrote since it was started."""
        own = self._own[name]
        return "\n  ".join((f"{what}:", *own.said(), f"(log: {own.log})"))

    def stop(self, known: Record, service: str, names: Iterable[str]) -> Record:
        """Stop the processes of these revisions, and write down that they have no place now."""
        wanted = frozenset(names)
        for name, revision in reversed(known.services[service].revisions.items()):
            if name not in wanted:
                continue
            if revision.process is not None:
                self._end(name, revision.process)
            stopped = msgspec.structs.replace(revision, process=None, slot=None, tag=None)
            known = known.with_service(service, known.services[service].having(name, stopped))
            record.save(self._directory, known)
        return known

    def _end(self, name: str, process: ProcessMark) -> None:
        seconds = self._deadlines.stop
        if not processes.stop(process, clock=self._clock, seconds=seconds):
            self._say(f"{name} did not end within {seconds:.0f} s and was killed.")

    def _environment(
        self, program: Program, name: str, revision: RevisionRecord, launch: Launch
    ) -> dict[str, str]:
        file = self._directory.revision_env_file(program.service, name)
        given = {ENV_FILE_VARIABLE: str(file), "REVISION": name}
        if revision.slot is not None:
            # Only the front reaches it, and says for whom.
            written = IsolatedEnvironment.resolve({ENV_FILE_VARIABLE: str(file)})
            given["HOST"] = LOOPBACK
            if configuration.written_port(written) is not None:
                # A port that is written wrongly stays: the service says what is wrong with it.
                given[configuration.PORT] = str(revision.port)
            if written.value(_TRUSTED_PROXIES) is None:
                given[_TRUSTED_PROXIES] = LOOPBACK
        if program.service == BACKEND:
            given[_OPERATIONS_STATE] = str(self._directory.root)
        if launch is Launch.CANDIDATE:
            given[_STANDBY] = "true"
        return given


def how_ended(code: int) -> str:
    """Say how a process ended, by the code that `subprocess` gives."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"
