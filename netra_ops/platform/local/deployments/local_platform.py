"""This machine as a platform for the gate: revisions are processes behind a front."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from netra.clock import Clock
from netra.schema_fit import SchemaJudgement
from netra_ops.candidates.candidate import Candidate
from netra_ops.candidates.file_text import read_text
from netra_ops.candidates.forms.env_file import read_env_file
from netra_ops.findings import Failed, UsageRefused
from netra_ops.platform.local import configuration, health, processes, record, revisions
from netra_ops.platform.local.deployments import migration, revision_files
from netra_ops.platform.local.deployments.changed_configuration import changed
from netra_ops.platform.local.deployments.fronting import Fronting
from netra_ops.platform.local.deployments.revision_processes import (
    Interrupted,
    Launch,
    RevisionProcesses,
)
from netra_ops.platform.local.inbox import Inbox
from netra_ops.platform.local.record import Record, RevisionRecord, ServiceRecord
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.platform.port import Change, Observed, Plan, Revision, ServiceState
from netra_ops.settings import LOOPBACK, PROGRAMS, Deadlines, Program

_SHORT: Final = 12


class LocalPlatform:
    """The platform port for one state directory, whose services run.

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
        self._front = Fronting(directory, clock, say)
        self._processes = RevisionProcesses(directory, clock, Inbox(), say, self._deadlines)
        self._planned: dict[str, _Planned] = {}

    def services(self) -> tuple[str, ...]:
        """Name the services it knows."""
        return tuple(program.service for program in PROGRAMS)

    def state(self, service: str) -> ServiceState:
        """Look at a service.

        Raises:
            UsageRefused: There is no such service, or it was never started.
        """
        known = self._known(program_of(service))
        revisions_ = tuple(
            Revision(
                service=service,
                name=name,
                code=_code_name(revision.digest),
                percent=known.split.get(name, 0),
                tag=revision.tag,
                address=_address(service, known, revision),
                is_running=processes.is_alive(revision.process),
            )
            for name, revision in known.revisions.items()
        )
        url = configuration.public_url(self._directory, service, known.port)
        return ServiceState(service, url, revisions_)

    def planned(self, service: str, change: Change) -> Plan:
        """Say what a change would make; makes nothing.

        The configuration it begins with is the service's env file, which a person may have edited
        since the last start.

        Raises:
            UsageRefused: The change contradicts itself, or cannot be read or written.
        """
        program = program_of(service)
        known = self._known(program)
        file = self._directory.env_file(service)
        merged = None if change.file is None else read_text(str(change.file))
        text = changed(read_text(str(file)), change, merged)
        code = code_folder(program, change.code) if change.code else None
        code = code or (known.serving.code if known.serving else None)
        after = read_env_file(text, str(file), service)
        environment = revision_files.read_as_service(self._directory, text)
        digest = revision_files.code_digest(program, code)
        name = revisions.next_name(service, known.newest)
        fingerprint = revisions.fingerprint(digest, environment)
        self._planned[name] = _Planned(service, text, code, digest, fingerprint)
        serving = known.revision
        return Plan(
            service=service,
            name=name,
            code=_code_name(digest),
            before=self.configuration(service, serving) if serving else None,
            after=after,
            peers=tuple(self._peers(service)),
        )

    def create(self, plan: Plan, tag: str) -> Revision:
        """Make the revision, without traffic, and wait until it is ready to serve.

        Raises:
            Failed: It did not get ready, or nothing stands before the services that could keep
                traffic from it; nothing of it runs.
        """
        program, made = program_of(plan.service), self._planned[plan.name]
        try:
            with self._directory.locked():
                known = self._running(program)
                revision_files.keep(self._directory, plan.service, plan.name, made.text)
                service = known.services[plan.service].with_new(
                    plan.name, RevisionRecord(0, made.fingerprint, made.digest, made.code, tag=tag)
                )
                known = known.with_service(plan.service, service)
                known = self._front.with_place(known, plan.service, plan.name)
                record.save(self._directory, known)
                self._front.apply(known)
                self._front.observe_from_now()
                known = self._processes.start(known, program, plan.name, Launch.CANDIDATE)
            self._await(known, plan.service, plan.name)
        except BaseException:
            self._forget(plan.service, plan.name)
            raise
        revision = self.state(plan.service).revision(plan.name)
        if revision is None:
            raise Failed(f"{plan.name} was taken away while it was made.")
        return revision

    def shift(self, service: str, split: Mapping[str, int]) -> None:
        """Have these revisions serve these shares from now on.

        Raises:
            Failed: A revision of it is not there, or cannot be brought back.
        """
        program = program_of(service)
        with self._directory.locked():
            known = self._running(program)
            there = known.services[service].revisions
            for name in split:
                if name not in there:
                    raise Failed(f"{service} has no revision {name}.")
                if not processes.is_alive(there[name].process):
                    known = self._brought_back(known, program, name)
            left = known.services[service].revision
            known = known.with_service(service, known.services[service].split_as(split))
            record.save(self._directory, known)
            self._front.apply(known)
            if len(split) == 1 and left is not None:
                revision_files.follow(self._directory, service, left, next(iter(split)))

    def retire(self, service: str, revision: str) -> None:
        """Take a revision without traffic out of service; `shift` may bring it back.

        Raises:
            Failed: It has traffic.
        """
        program = program_of(service)
        with self._directory.locked():
            known = record.load(self._directory)
            mine = known.services.get(program.service)
            if mine is None or revision not in mine.revisions:
                return
            if revision in mine.split:
                raise Failed(f"{revision} has traffic.")
            known = self._processes.stop(known, service, [revision])
            self._front.apply(known)

    def configuration(self, service: str, revision: str) -> Candidate:
        """Give the configuration a revision was made with.

        Raises:
            Failed: There is no such revision any more.
        """
        file = self._directory.revision_env_file(service, revision)
        if not file.exists():
            raise Failed(f"{service} has no revision {revision} whose configuration was kept.")
        return read_env_file(read_text(str(file)), str(file), service)

    def schema_fit(self, service: str, code: str) -> SchemaJudgement | None:
        """Have the code say whether it may serve on the service's store as it is now.

        None where it cannot: it is code of before that could be asked, or is not there any more as
        it was, or the store does not answer.
        """
        program = program_of(service)
        if (found := self._code_and_text(program, code)) is None:
            return None
        folder, text = found
        try:
            return migration.told_fit(
                self._directory, program, folder, text, self._deadlines.schema
            )
        except Failed as error:
            self._say(f"Whether {code} may serve on the store of {service} is not known: {error}")
            return None

    def _code_and_text(self, program: Program, code: str) -> tuple[str | None, str] | None:
        """Find code by its name, and a configuration that it is to run with or was made with."""
        for plan in self._planned.values():
            if _code_name(plan.digest) == code and plan.service == program.service:
                return plan.code, plan.text
        known = self._known(program)
        for name, one in reversed(known.revisions.items()):
            file = self._directory.revision_env_file(program.service, name)
            if _code_name(one.digest) != code or not file.exists():
                continue
            if revision_files.code_digest(program, one.code) == one.digest:
                return one.code, read_text(str(file))
        return None

    def observed(self, service: str, since: float, until: float) -> Mapping[str, Observed]:
        """Count what was asked of each revision between two times, seconds since the epoch.

        Raises:
            CouldNotTell: It cannot be counted.
        """
        return self._front.observed(service, since, until)

    def _known(self, program: Program) -> ServiceRecord:
        known = record.load(self._directory).services.get(program.service)
        if known is None:
            raise UsageRefused(f"{program.service} was never started here. Begin with `netra up`.")
        return known

    def _running(self, program: Program) -> Record:
        known = record.load(self._directory)
        service = known.services.get(program.service)
        if not known.run or service is None or service.serving is None:
            raise Failed("Netra does not run here. Start it with `netra up --detach`.")
        if service.serving.slot is None:
            raise Failed(_no_front(self._front.why_not(program.service)))
        self._front.ensure(known)
        return known

    def _brought_back(self, known: Record, program: Program, name: str) -> Record:
        known = self._front.with_place(known, program.service, name)
        record.save(self._directory, known)
        self._front.apply(known)
        known = self._processes.start(known, program, name, Launch.BROUGHT_BACK)
        try:
            self._await(known, program.service, name)
        except BaseException:
            self._processes.stop(known, program.service, [name])
            raise
        return known

    def _await(self, known: Record, service: str, name: str) -> None:
        port = known.services[service].revisions[name].port
        question = health.HealthQuestion(f"http://{LOOPBACK}:{port}", service, name)
        seconds = self._deadlines.ready
        try:
            if not self._processes.wait(question, lambda state: state.ready, seconds):
                what = f"{name} did not get ready in {seconds:.0f} s"
                raise Failed(self._processes.with_log(name, what))
        except Interrupted:
            raise Failed(
                f"{name} was waited for no longer: this command was asked to end."
            ) from None

    def _forget(self, service: str, name: str) -> None:
        """Leave nothing of a revision that did not come to be but its log."""
        with self._directory.locked():
            known = record.load(self._directory)
            mine = known.services.get(service)
            if mine is None or name not in mine.revisions:
                return
            known = self._processes.stop(known, service, [name])
            known = known.with_service(service, known.services[service].without(name))
            record.save(self._directory, known)
            self._directory.revision_env_file(service, name).unlink(missing_ok=True)
            if known.run:
                self._front.apply(known)

    def _peers(self, service: str) -> list[Candidate]:
        known = record.load(self._directory).services
        return [
            self.configuration(name, other.revision)
            for name, other in known.items()
            if name != service and other.revision is not None
        ]


class _Planned(msgspec.Struct, frozen=True):
    """What a plan's configuration is written like, and what it runs."""

    service: str
    text: str
    code: str | None
    digest: str
    fingerprint: str

    def __repr__(self) -> str:
        return f"_Planned({self.fingerprint[:12]})"


def _no_front(why: str) -> str:
    if not why:
        return "Nothing stands before the services: run `netra down` and `netra up` first."
    return f"Nothing can stand before the services and split their traffic: {why.rstrip('.')}."


def program_of(service: str) -> Program:
    """Give what runs a service.

    Raises:
        UsageRefused: There is no such service on this machine.
    """
    for program in PROGRAMS:
        if program.service == service:
            return program
    names = " and ".join(program.service for program in PROGRAMS)
    raise UsageRefused(f"There is no service of that name. This machine has {names}.")


def code_folder(program: Program, code: Path) -> str:
    """Take a folder for a service's code.

    Raises:
        UsageRefused: It does not hold it.
    """
    root = code.absolute()
    missing = [package for package in program.packages if not (root / package).is_dir()]
    if missing:
        raise UsageRefused(f"{code} holds no {' and no '.join(missing)}: it is no folder of code.")
    return str(root)


def _code_name(digest: str) -> str:
    return f"local-{digest[:_SHORT] or 'unknown'}"


def _address(service: str, known: ServiceRecord, revision: RevisionRecord) -> str | None:
    if revision.tag is None or revision.slot is None:
        return None
    return f"http://{revision.tag}---{service}.localhost:{known.port}"
