"""The two services as processes of this machine: brought up, watched, looked at, taken down.

Every step that starts or stops something holds the directory's lock and writes the record at
once, so that whatever kills this command leaves a record that the next one can act on.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Self

from netra.clock import Clock
from netra.isolated_environment import ENV_FILE_VARIABLE
from netra_ops.findings import Failed, UsageRefused
from netra_ops.platform.local import configuration, health, ports, processes, record, revisions
from netra_ops.platform.local.inbox import Inbox, ServiceEnded, StopAsked
from netra_ops.platform.local.record import ProcessMark, Record, ServiceRecord
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.settings import AUTH, BACKEND, LOOPBACK, OPS, PROGRAMS, Deadlines, Program

_POLL_SECONDS: Final = 0.05
_OPTIONS: Final = {AUTH: "--auth-port", BACKEND: "--port"}
_URL_NAMES: Final = {AUTH: "AUTH_SERVICE_URL", BACKEND: "BACKEND_URL"}


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service as it is now; without a `pid` it does not run."""

    service: str
    url: str | None
    revision: str | None
    pid: int | None
    health: health.Health


@dataclass(frozen=True, slots=True)
class Up:
    """What `up` found or did; `already` says that everything ran before."""

    services: tuple[ServiceStatus, ...]
    already: bool


class Interrupted(Exception):
    """Somebody asked this command to end while it was at work; nothing it started is left."""


class LocalServices:
    """The services of one state directory; leave it as a context to have signals strike again.

    Args:
        directory: Where they live.
        clock: For deadlines.
        say: Told, in sentences, what a person would want to know meanwhile.
        deadlines: How long to wait for what.
    """

    def __init__(
        self,
        directory: StateDirectory,
        clock: Clock,
        say: Callable[[str], None],
        deadlines: Deadlines | None = None,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._say = say
        self._deadlines = deadlines or Deadlines()
        self._inbox = Inbox()
        self._own: dict[str, _Started] = {}
        self._until_left = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._until_left.close()

    def up(self, asked: Mapping[str, int | None]) -> Up:
        """Bring the services up, or find that they are.

        Args:
            asked: Per service the port of the command line: None for none, 0 for any free one.

        Raises:
            UsageRefused: A port that was asked for cannot be had.
            Failed: A service did not start; what it said is in the message.
            Interrupted: Somebody asked to stop meanwhile.
        """
        with self._directory.locked():
            # From here on, and until this object is left, a signal waits its turn: it must not
            # strike between a service's start and its being written down, or being watched.
            self._until_left.enter_context(self._inbox.taking_signals())
            known = record.load(self._directory)
            running = [name for name in _names() if processes.is_alive(_process(known, name))]
            if len(running) == len(PROGRAMS):
                return self._found_running(known, asked)
            if running:
                self._say(f"Only {' and '.join(running)} still ran; starting everything anew.")
                known = self._stopped(known, running)
            self._configure(known, asked)
            for added in configuration.bring_up_to_date(self._directory):
                self._say(added)
            try:
                return self._started(known)
            except BaseException:
                self._stopped(record.load(self._directory), self._own)
                raise

    def down(self) -> tuple[str, ...]:
        """Stop what runs; gives the names of the services that ran."""
        with self._directory.locked():
            known = record.load(self._directory)
            running = tuple(n for n in _names() if processes.is_alive(_process(known, n)))
            self._stopped(known, _names())
            return running

    def status(self) -> tuple[ServiceStatus, ...]:
        """Look at every service; changes nothing."""
        known = record.load(self._directory)
        return tuple(self._status(known, name) for name in _names())

    def watch(self) -> str | None:
        """Stay until somebody asks to stop or a service ends, then leave none of ours running.

        Returns:
            None if it was asked for (by a signal or `netra down`), else what ended, and how.
        """
        event = self._inbox.next()
        with self._directory.locked():
            known = record.load(self._directory)
            # `netra down` clears the record before it frees the lock; and what another command
            # started since is not ours to stop.
            ours = [n for n, own in self._own.items() if _process(known, n) == own.process]
            self._stopped(known, ours)
        if not isinstance(event, ServiceEnded) or event.service not in ours:
            return None
        return f"{event.service} ended by itself ({_how(event.code)})."

    def _found_running(self, known: Record, asked: Mapping[str, int | None]) -> Up:
        for program in PROGRAMS:
            name, service = program.service, known.services[program.service]
            if (wanted := asked.get(name)) and wanted != service.port:
                raise UsageRefused(
                    f"{name} already runs, on port {service.port}. To move it: `netra down`, "
                    f"then `netra up {_OPTIONS[name]} {wanted}`."
                )
            environment = configuration.read(self._directory, name)
            if revisions.fingerprint(program, environment) != service.fingerprint:
                self._say(
                    f"The code or configuration of {name} changed since it was started; "
                    "`netra down` and `netra up` put the change into effect."
                )
        return Up(self.status(), already=True)

    def _configure(self, known: Record, asked: Mapping[str, int | None]) -> None:
        """Have env files with ports that are free."""
        there = configuration.exists(self._directory)
        wishes = [self._wish(p, asked.get(p.service), configured=there) for p in PROGRAMS]
        # A port that is written wrongly stays as it is: the service says what is wrong with it.
        wishes = [w for w in wishes if not there or w.kept is not None or w.asked is not None]
        choices = ports.choose(tuple(wishes))
        for choice in choices:
            if choice.remark:
                self._say(choice.remark)
        chosen = {w.service: c.port for w, c in zip(wishes, choices, strict=True)}
        if not there:
            configuration.make(self._directory, chosen)
            return
        started = {s: known.services[s].port for s in chosen if s in known.services}
        kept = {w.service: w.kept for w in wishes if w.kept is not None}
        moved = {old: chosen[s] for ports_of in (started, kept) for s, old in ports_of.items()}
        if any(old != new for old, new in moved.items()) or kept != chosen:
            changed = {s: port for s, port in chosen.items() if kept.get(s) != port}
            configuration.move_ports(self._directory, changed, moved)

    def _wish(self, program: Program, asked: int | None, *, configured: bool) -> ports.PortWish:
        kept, host = None, LOOPBACK
        if configured:
            environment = configuration.read(self._directory, program.service)
            kept, host = configuration.written_port(environment), environment.get("HOST") or host
            if kept == 0:
                kept, asked = None, asked or 0
        return ports.PortWish(
            service=program.service,
            option=_OPTIONS[program.service],
            host=host,
            asked=asked,
            kept=kept,
            default=program.default_port,
        )

    def _started(self, known: Record) -> Up:
        for program in PROGRAMS:
            before = known.services.get(program.service)
            known = self._start(program, known)
            # A service that was ready before will be so soon: the next one, which calls it when
            # it has loaded itself, may load meanwhile. A new revision may have stores to migrate.
            same = (
                before is not None and before.revision == known.services[program.service].revision
            )
            patience = self._deadlines.head_start if same else self._deadlines.ready
            self._await(known, program.service, _is_ready, patience)
        for name in _names():
            if not self._await(known, name, _is_ready, self._deadlines.ready):
                what = f"{name} did not get ready in {self._deadlines.ready:.0f} s"
                raise Failed(self._with_log(name, what))
        for name in reversed(_names()):
            # What is not well now stays to be seen in the result: users can be served without.
            self._await(known, name, _is_well, self._deadlines.settled)
        return Up(tuple(self._status(known, name) for name in _names()), already=False)

    def _start(self, program: Program, known: Record) -> Record:
        """Start one service and write down at once that it was."""
        name, last = program.service, known.services.get(program.service)
        environment = configuration.read(self._directory, name)
        fingerprint = revisions.fingerprint(program, environment)
        if last and last.fingerprint == fingerprint:
            revision = last.revision
        else:
            revision = revisions.next_name(name, last.revision if last else None)
        log = self._directory.log_file(name, revision)
        stderr = self._directory.stderr_file(name, revision)
        offsets = health.length(log), health.length(stderr)
        child = processes.start(
            program.module,
            {ENV_FILE_VARIABLE: str(self._directory.env_file(name)), "REVISION": revision},
            directory=self._directory.root,
            stdout=log,
            stderr=stderr,
        )
        process = processes.mark(child.pid)
        port = configuration.written_port(environment) or program.default_port
        known = known.with_service(name, ServiceRecord(port, revision, fingerprint, process))
        record.save(self._directory, known)
        self._own[name] = _Started(process, revision, *offsets)
        self._inbox.watch(name, child)
        return known

    def _await(
        self, known: Record, name: str, reached: Callable[[health.Health], bool], seconds: float
    ) -> bool:
        """Wait until a service's health is as wished; False if it was not in time."""
        deadline = self._clock.monotonic() + seconds
        while not reached(self._status(known, name).health):
            event = self._inbox.next(_POLL_SECONDS)
            if isinstance(event, StopAsked):
                raise Interrupted
            if event is not None:
                how = f"{event.service} ended during its start ({_how(event.code)})"
                raise Failed(self._with_log(event.service, how))
            if self._clock.monotonic() >= deadline:
                return False
        return True

    def _with_log(self, name: str, what: str) -> str:
        """Add to a sentence what the service wrote since it was started."""
        own = self._own[name]
        log = self._directory.log_file(name, own.revision)
        stderr = self._directory.stderr_file(name, own.revision)
        said = health.loud_messages(log, own.log_offset)
        said = said or health.last_words(stderr, own.stderr_offset)
        return "\n  ".join((f"{what}:", *said, f"(log: {log})"))

    def _stopped(self, known: Record, names: Iterable[str]) -> Record:
        """Stop these services in reverse order, and write down that they are."""
        wanted = set(names)
        for name in reversed(_names()):
            service = known.services.get(name)
            if service is None or service.process is None or name not in wanted:
                continue
            seconds = self._deadlines.stop
            if not processes.stop(service.process, clock=self._clock, seconds=seconds):
                self._say(f"{name} did not end within {seconds:.0f} s and was killed.")
            stopped = ServiceRecord(service.port, service.revision, service.fingerprint)
            known = known.with_service(name, stopped)
            record.save(self._directory, known)
        return known

    def _status(self, known: Record, name: str) -> ServiceStatus:
        service = known.services.get(name)
        if service is None:
            return ServiceStatus(name, None, None, None, health.NOT_RUNNING)
        address = configuration.read(self._directory, OPS).get(_URL_NAMES[name])
        url = (address or f"http://{LOOPBACK}:{service.port}").rstrip("/")
        if service.process is None or not processes.is_alive(service.process):
            return ServiceStatus(name, url, service.revision, None, health.NOT_RUNNING)
        question = health.HealthQuestion(url, name, service.revision)
        state = health.ask(question, self._deadlines.answer)
        return ServiceStatus(name, url, service.revision, service.process.pid, state)


@dataclass(frozen=True, slots=True)
class _Started:
    """A service this command started, and where its logs stood then."""

    process: ProcessMark | None
    revision: str
    log_offset: int
    stderr_offset: int


def _names() -> tuple[str, ...]:
    return tuple(program.service for program in PROGRAMS)


def _process(known: Record, name: str) -> ProcessMark | None:
    service = known.services.get(name)
    return service.process if service else None


def _is_ready(state: health.Health) -> bool:
    return state.ready


def _is_well(state: health.Health) -> bool:
    return state.well


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
