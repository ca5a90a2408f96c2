"""What a deployment works with, and the few things that all of its stages do with it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from netra.clock import Clock
from netra.contract import Contract
from netra_ops.candidates.candidate import Candidate
from netra_ops.candidates.fingerprints.prints import Fingerprints
from netra_ops.deploy import events
from netra_ops.deploy.checks import configuration, probes, schema, traffic
from netra_ops.deploy.checks.probes import Walked
from netra_ops.deploy.course.recording import Recorder
from netra_ops.findings import CouldNotTell, ExitCode, Failed, Finding, Verdict
from netra_ops.gate.decision import Decision, Judged, Kind, decide
from netra_ops.gate.waivers import Waiver
from netra_ops.ledger.chain import Entry
from netra_ops.ledger.ledger_file import Ledger
from netra_ops.ledger.records import Actor, Record, Stage
from netra_ops.platform.port import Platform
from netra_ops.validation.golden_path import WalkReport
from netra_ops.validation.step import StepResult

LONGEST_WHY: Final = 1000
"""Characters of a reason that are recorded."""
RULES: Final = frozenset({*configuration.CHECKS, *schema.CHECKS})
_CHECKS: Final = {
    Stage.RULES: RULES,
    Stage.PROBES: probes.CHECKS,
    # Of what may show or not a waiver is not refused because it did not show.
    Stage.TRAFFIC: frozenset[str](),
    Stage.BAKE: frozenset[str](),
}
_ALL: Final = RULES | probes.CHECKS | traffic.ALL


@dataclass(frozen=True, slots=True)
class Probed:
    """A revision that the golden path is walked on.

    Attributes:
        service: Of which service.
        revision: Its name.
        address: Where it alone answers; None where it has all of its service's traffic.
        configuration: What it was made with.
    """

    service: str
    revision: str
    address: str | None
    configuration: Candidate


class Prober(Protocol):
    """Walks the golden path on a revision."""

    def walk(self, probed: Probed, on_result: Callable[[StepResult], None]) -> WalkReport:
        """Take every step; each is told when it is done.

        Raises:
            CouldNotTell: There is no way to walk it.
        """


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What deployments and rollbacks work with.

    Attributes:
        platform: Where revisions run.
        prober: Walks the golden path.
        ledger: Where everything is recorded.
        clock: What says the time.
        contracts: Of all services.
        fingerprints: By which values are told apart, under the ledger's key.
        actor: Who does it.
        tell: Told what happens.
        alone: Lets one command at a time move the traffic of a service.
        rollout: The same, and lets no other rollout go on at all.
        pause: Waits for some seconds.
        aside: Does something beside what goes on; gives what comes of it.
        undisturbed: Keeps signals from breaking off what is being put right.
    """

    platform: Platform
    prober: Prober
    ledger: Ledger
    clock: Clock
    contracts: Sequence[Contract]
    fingerprints: Fingerprints
    actor: Actor
    tell: events.Tell
    alone: Callable[[str], AbstractContextManager[None]]
    rollout: Callable[[str], AbstractContextManager[None]]
    pause: Callable[[float], None]
    aside: Callable[[Callable[[], WalkReport]], "Future[WalkReport]"]
    undisturbed: Callable[[], AbstractContextManager[None]]

    def entries(self) -> tuple[Entry, ...]:
        """Read the ledger.

        Raises:
            CouldNotTell: It cannot be read, or has a flaw.
        """
        return self.ledger.read().trusted()

    def record(self, record: Record) -> None:
        """Record something.

        Raises:
            CouldNotTell: It was not recorded: what cannot be recorded is not done either.
        """
        try:
            self.ledger.append(record)
        except Failed as error:
            raise CouldNotTell(str(error)) from error

    def recorder(self, service: str, rollout: str, reason: str) -> Recorder:
        """Give what makes the records of a rollout."""
        return Recorder(service, self.actor, reason, rollout)

    def remark(self, service: str, text: str) -> None:
        """Tell a sentence."""
        self.tell(events.Remarked(service=service, time=self.clock.timestamp(), text=text))

    def shift(self, service: str, split: Mapping[str, int]) -> None:
        """Have revisions serve, and see that they do.

        Raises:
            Failed: The platform did not do it, or says now that others serve.
            CouldNotTell: The platform does not answer.
        """
        self.platform.shift(service, split)
        now = self.platform.state(service).split
        if now != dict(split):
            raise Failed(f"The platform took a split of traffic, but says it is {shares(now)}.")
        told = events.Shifted(service=service, time=self.clock.timestamp(), split=dict(split))
        self.tell(told)

    def probed(self, probed: Probed) -> tuple[Judged, tuple[StepResult, ...]]:
        """Walk the golden path; where it cannot be walked nothing is known."""
        steps: list[StepResult] = []

        def taken(step: StepResult) -> None:
            steps.append(step)
            self.tell_step(probed, step)

        try:
            report = self.prober.walk(probed, taken)
        except CouldNotTell as error:
            return judged_walk(probed, (), str(error)), tuple(steps)
        return judged_walk(probed, report.steps), report.steps

    def tell_strangers(self, service: str, waivers: Collection[Waiver]) -> None:
        """Say which waivers name a service that neither the platform nor a contract knows.

        Raises:
            CouldNotTell: The platform does not answer.
        """
        known = {*self.platform.services(), *(contract.service for contract in self.contracts)}
        for one in waivers:
            if one.service is not None and one.service not in known:
                self.remark(
                    service,
                    f"{one.place}, for {one.check} by {one.person}: it names the service "
                    f"{one.service}, which is not known here, so that it waives nothing. Known are "
                    f"{', '.join(sorted(known))}.",
                )

    def tell_step(self, probed: Probed, step: StepResult) -> None:
        """Tell of a step of the golden path."""
        self.tell(
            events.Probed(
                service=probed.service,
                time=self.clock.timestamp(),
                revision=probed.revision,
                step=step.name,
                verdict=step.verdict,
                got=step.got,
                ms=step.ms,
            )
        )

    def decided(
        self,
        stage: Stage,
        judged: Sequence[Judged],
        waivers: Collection[Waiver],
        service: str,
        revision: str,
    ) -> Decision:
        """Decide on a stage; waivers that are for another service, or a later stage, wait."""
        return decide(
            judged,
            waivers,
            service=service,
            revision=revision,
            now=self.clock.timestamp(),
            later=_ALL - _CHECKS[stage],
        )

    def tell_decision(
        self, stage: Stage, decision: Decision, percent: int = 0, *, overridden: bool = False
    ) -> None:
        """Tell what was decided."""
        self.tell(
            events.Decided(
                service=decision.service,
                time=self.clock.timestamp(),
                revision=decision.revision,
                stage=stage,
                percent=percent,
                verdict=decision.verdict,
                overridden=overridden,
                outcomes=decision.outcomes,
            )
        )


class Telling:
    """Tells how a deployment or a rollback ended; made when it begins.

    Args:
        around: What it works with.
        service: Of which service.
    """

    def __init__(self, around: Surroundings, service: str) -> None:
        self._around = around
        self._service = service
        self._began = around.clock.monotonic()

    def ended(
        self,
        revision: str,
        ending: str,
        exit_code: ExitCode,
        reasons: tuple[str, ...] = (),
        serving: Mapping[str, int] | None = None,
        *,
        golden_path: Verdict | None = None,
    ) -> events.Ended:
        """Tell it; what is given is what `events.Ended` says of its attributes."""
        ended = events.Ended(
            service=self._service,
            time=self._around.clock.timestamp(),
            revision=revision,
            ending=ending,
            exit_code=exit_code,
            serving=None if serving is None else dict(serving),
            golden_path=golden_path,
            reasons=reasons,
            seconds=round(self._around.clock.monotonic() - self._began, 3),
        )
        self._around.tell(ended)
        return ended


def exit_of(verdict: Verdict) -> ExitCode:
    """Give the exit code for what was decided."""
    codes = {Verdict.PASS: ExitCode.PASS, Verdict.FAIL: ExitCode.FAIL}
    return codes.get(verdict, ExitCode.UNKNOWN)


def judged_walk(probed: Probed, steps: Sequence[StepResult], why_not: str = "") -> Judged:
    """Give what a walk says, or why there was none."""
    walked = Walked(probed.service, probed.revision, steps)
    found: tuple[Finding, ...] = probes.findings(walked)
    if why_not:
        found = (walked.says(probes.GOLDEN_PATH, Verdict.UNKNOWN, f"not walked: {why_not}"),)
    return Judged(Kind.PROBES, len(steps), found, probes.checks_for(steps))


def shares(split: Mapping[str, int]) -> str:
    """Write who serves."""
    return ", ".join(f"{part} % {name}" for name, part in split.items()) or "nobody's"
