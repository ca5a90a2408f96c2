"""The services of one state directory: brought up, watched, looked at, taken down.

What people reach is the front, where this machine has one, with the revisions behind it; else each
service itself. Every step that starts or stops something holds the directory's lock and writes the
record at once, so that whatever kills this command leaves a record that the next one can act on.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final, Self

import msgspec

from netra.clock import Clock
from netra.ids import random_token
from netra_ops.findings import Failed, UsageRefused
from netra_ops.platform.local import configuration, health, ports, processes, record
from netra_ops.platform.local.deployments import revision_files
from netra_ops.platform.local.deployments.fronting import Fronting
from netra_ops.platform.local.deployments.revision_processes import (
    Interrupted,
    Launch,
    RevisionProcesses,
    how_ended,
)
from netra_ops.platform.local.inbox import Inbox, ServiceEnded
from netra_ops.platform.local.record import Record
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.settings import AUTH, BACKEND, LOOPBACK, PROGRAMS, Deadlines, Program

__all__ = ["Interrupted", "LocalServices", "ServiceStatus", "Up"]

_OPTIONS: Final = {AUTH: "--auth-port", BACKEND: "--port"}
_LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service as it is now; without a `pid` it does not run.

    Attributes:
        service: Its name.
        url: Where people reach it.
        revision: The revision that serves, or the most of it.
        pid: That revision's process.
        health: How that revision is, as people reach it.
        split: Who serves which share.
    """

    service: str
    url: str | None
    revision: str | None
    pid: int | None
    health: health.Health
    split: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Up:
    """What `up` found or did; `already` says that everything ran before."""

    services: tuple[ServiceStatus, ...]
    already: bool


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
        self._say = say
        self._deadlines = deadlines or Deadlines()
        self._inbox = Inbox()
        self._front = Fronting(directory, clock, say)
        self._processes = RevisionProcesses(directory, clock, self._inbox, say, self._deadlines)
        self._until_left = ExitStack()
        self._run = ""

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
            running = [name for name in _names() if _serves(known, name)]
            if len(running) == len(PROGRAMS):
                return self._found_running(known, asked)
            if running:
                self._say(f"Only {' and '.join(running)} still ran; starting everything anew.")
            known = self._all_stopped(known)
            self._configure(known, asked)
            for added in configuration.bring_up_to_date(self._directory):
                self._say(added)
            try:
                return self._started(known)
            except BaseException:
                self._all_stopped(record.load(self._directory))
                raise

    def down(self) -> tuple[str, ...]:
        """Stop what runs; gives the names of the services that ran."""
        with self._directory.locked():
            known = record.load(self._directory)
            running = tuple(name for name in _names() if any(_alive(known, name)))
            self._all_stopped(known)
            return running

    def status(self) -> tuple[ServiceStatus, ...]:
        """Look at every service; changes nothing."""
        known = record.load(self._directory)
        return tuple(self._status(known, name) for name in _names())

    def watch(self) -> str | None:
        """Stay until somebody asks to stop or a revision that serves ends, then leave none running.

        Returns:
            None if it was asked for (by a signal or `netra down`), else what ended, and how.
        """
        while True:
            event = self._inbox.next(_LOOK_SECONDS)
            if event is None and self._all_serve(record.load(self._directory)):
                continue
            with self._directory.locked():
                known = record.load(self._directory)
                if known.run != self._run:
                    # `netra down` ended this run before it freed the lock; and what another
                    # command started since is not ours to stop.
                    return None
                if isinstance(event, ServiceEnded) and self._all_serve(known):
                    continue  # A deployment stopped what had no traffic any more.
                missing = [name for name in _names() if not _serves(known, name)]
                self._all_stopped(known)
            if isinstance(event, ServiceEnded):
                name = _service_of(known, event.revision)
                return f"{name} ended by itself ({how_ended(event.code)})."
            return f"{' and '.join(missing)} ended by itself." if event is None else None

    def _all_serve(self, known: Record) -> bool:
        return known.run == self._run and all(_serves(known, name) for name in _names())

    def _found_running(self, known: Record, asked: Mapping[str, int | None]) -> Up:
        for program in PROGRAMS:
            name, service = program.service, known.services[program.service]
            if (wanted := asked.get(name)) and wanted != service.port:
                raise UsageRefused(
                    f"{name} already runs, on port {service.port}. To move it: `netra down`, "
                    f"then `netra up {_OPTIONS[name]} {wanted}`."
                )
            if not revision_files.is_current(self._directory, program, service):
                self._say(
                    f"The code or configuration of {name} changed since it was started; "
                    "`netra down` and `netra up` put the change into effect."
                )
        if self._front.is_needed(known) and not self._front.is_running():
            self._say("What stands before the services did not run; starting it again.")
            self._front.ensure(known)
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
        before = {name: service.revision for name, service in known.services.items()}
        self._run = random_token()
        known = msgspec.structs.replace(known, run=self._run)
        for program in PROGRAMS:
            known = revision_files.with_current(self._directory, program, known)
            for name in known.services[program.service].split:
                known = self._front.with_place(known, program.service, name)
        record.save(self._directory, known)
        for program in PROGRAMS:
            service = program.service
            for name in known.services[service].split:
                known = self._processes.start(known, program, name, Launch.SERVES)
            if program is PROGRAMS[0] and self._front.is_needed(known):
                # The others reach it through the front, which starts while this one loads.
                self._front.ensure(known)
            # A service that was ready before will be so soon: the next one, which calls it when
            # it has loaded itself, may load meanwhile. A new revision may have stores to migrate.
            if before.get(service) != known.services[service].revision:
                self._wait(known, service, _is_ready, self._deadlines.ready)
        for service in _names():
            if not self._wait(known, service, _is_ready, self._deadlines.ready):
                revision = known.services[service].revision or service
                what = f"{service} did not get ready in {self._deadlines.ready:.0f} s"
                raise Failed(self._processes.with_log(revision, what))
        for service in reversed(_names()):
            # What is not well now stays to be seen in the result: users can be served without.
            self._wait(known, service, _is_well, self._deadlines.settled)
        return Up(tuple(self._status(known, name) for name in _names()), already=False)

    def _wait(
        self, known: Record, name: str, reached: Callable[[health.Health], bool], seconds: float
    ) -> bool:
        """Wait until every revision of a service that has traffic is as wished."""
        service = known.services[name]
        return all(
            self._processes.wait(self._question(known, name, revision), reached, seconds)
            for revision in service.split
        )

    def _all_stopped(self, known: Record) -> Record:
        """Stop every revision of every service, the last first, and what stands before them."""
        self._front.stop()
        known = msgspec.structs.replace(known, run="")
        for name in reversed(_names()):
            if name in known.services:
                known = self._processes.stop(known, name, known.services[name].revisions)
        record.save(self._directory, known)
        return known

    def _status(self, known: Record, name: str) -> ServiceStatus:
        service = known.services.get(name)
        if service is None or service.revision is None or service.serving is None:
            return ServiceStatus(name, None, None, None, health.NOT_RUNNING)
        url = configuration.public_url(self._directory, name, service.port)
        process = service.serving.process
        if process is None or not processes.is_alive(process):
            found, pid = health.NOT_RUNNING, None
        elif service.serving.slot is not None and not self._front.is_running():
            found, pid = health.UNREACHED, process.pid
        else:
            question = self._question(known, name, service.revision)
            found, pid = health.ask(question, self._deadlines.answer), process.pid
        return ServiceStatus(name, url, service.revision, pid, found, service.split)

    def _question(self, known: Record, name: str, revision: str) -> health.HealthQuestion:
        service = known.services[name]
        behind = service.revisions[revision]
        if behind.slot is not None:
            return health.HealthQuestion(f"http://{LOOPBACK}:{behind.port}", name, revision)
        url = configuration.public_url(self._directory, name, service.port)
        return health.HealthQuestion(url, name, revision)


def _names() -> tuple[str, ...]:
    return tuple(program.service for program in PROGRAMS)


def _alive(known: Record, name: str) -> Iterable[bool]:
    service = known.services.get(name)
    revisions = service.revisions.values() if service else ()
    return (processes.is_alive(revision.process) for revision in revisions)


def _serves(known: Record, name: str) -> bool:
    """Tell whether every revision of a service that has traffic runs."""
    service = known.services.get(name)
    if service is None or not service.split:
        return False
    return all(processes.is_alive(service.revisions[one].process) for one in service.split)


def _service_of(known: Record, revision: str) -> str:
    services = known.services.items()
    return next((name for name, one in services if revision in one.revisions), revision)


def _is_ready(state: health.Health) -> bool:
    return state.ready


def _is_well(state: health.Health) -> bool:
    return state.well
