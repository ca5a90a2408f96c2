"""One rollout from its first record to its end: traffic in steps, and the way back at any moment.

Where a revision gains traffic the record comes first, where it loses traffic the shift does: so a
gate that is killed in between leaves a ledger in which the candidate served at most longer than it
did, and never a time in which it served and no record says so.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Final

from netra_ops.deploy import events
from netra_ops.deploy.checks import traffic
from netra_ops.deploy.checks.said import findings_of
from netra_ops.deploy.checks.traffic import Window
from netra_ops.deploy.course.pace import Move, Pace, Progress, next_move, split_at, steps_for
from netra_ops.deploy.course.recording import Recorder
from netra_ops.deploy.surroundings import Probed, Surroundings, judged_walk, shares
from netra_ops.findings import CouldNotTell, OpsError, Verdict
from netra_ops.gate.decision import Decision, Judged, Kind
from netra_ops.gate.waivers import Waiver
from netra_ops.ledger.records import WHOLE, Ending, Record, Stage
from netra_ops.platform.port import Observed
from netra_ops.validation.golden_path import WalkReport

POLL_SECONDS: Final = 0.25
"""Between two samples, so that a fault is acted on within a second or two."""
BASELINE_SECONDS: Final = 300.0
"""How far back the stable revision is looked at, where it has no traffic beside the candidate."""
_TRIES: Final = 6
_FIRST_PAUSE: Final = 0.1
_SETTLING_SECONDS: Final = 10.0


class NotPassed(Exception):
    """A stage was not passed; ends the rollout from within."""

    def __init__(self, stage: Stage, decision: Decision) -> None:
        super().__init__("\n".join(decision.reasons))
        self.stage = stage
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Left:
    """How a rollout was left.

    Attributes:
        ending: REFUSED if the revision never had traffic, else ROLLED_BACK; None where traffic
            could not be brought back, so that the rollout stays open.
        problems: What went wrong meanwhile.
    """

    ending: Ending | None
    problems: tuple[str, ...] = ()


class Rollout:
    """The traffic of one revision that was made and probed.

    Args:
        around: What it works with.
        recorder: Makes its records.
        probed: The revision.
        before: Who serves which share: one revision all of it, or nobody.
        pace: Steps and times.
        waivers: What need not pass.

    Attributes:
        may_exist: Whether the platform was asked to make the revision, so that it may be there.
    """

    def __init__(
        self,
        around: Surroundings,
        recorder: Recorder,
        probed: Probed,
        before: dict[str, int],
        pace: Pace,
        waivers: Sequence[Waiver],
    ) -> None:
        self._around = around
        self._recorder = recorder
        self._probed = probed
        self._before = before
        self._pace = pace
        self._waivers = waivers
        self._stable = next(iter(before), None)
        self._begun = around.clock.timestamp()
        self._had_traffic = False
        self.may_exist = False
        self._baseline = Observed()
        self._walks = _Walks(around, probed)

    @property
    def _service(self) -> str:
        return self._recorder.service

    @property
    def _candidate(self) -> str:
        return self._probed.revision

    def go(self) -> None:
        """Give it all of the traffic, step by step, and look at it for the time of the baking.

        Raises:
            NotPassed: Something was refused, or could not be told.
            Failed: The platform did not do what it was asked to.
            CouldNotTell: The platform does not answer, or the ledger cannot be written.
        """
        for percent in steps_for(self._pace.steps, self._stable):
            self._shift(percent)
            self._look(percent, Stage.TRAFFIC)
        self._look(WHOLE, Stage.BAKE)
        self._around.record(self._recorder.promoted(self._candidate))

    def _shift(self, percent: int) -> None:
        split = split_at(percent, self._candidate, self._stable)
        if percent == WHOLE and self._stable is not None:
            self._baseline = self._observed(self._begun - BASELINE_SECONDS, self._stable)
        self._had_traffic = True
        self._around.record(self._recorder.traffic(self._candidate, split))
        self._around.shift(self._service, split)

    def _look(self, percent: int, stage: Stage) -> None:
        """Look at the revision until the step has seen enough, or shows a fault."""
        clock, since = self._around.clock, self._around.clock.timestamp()
        began, bakes = clock.monotonic(), stage is Stage.BAKE
        walks = self._walks = _Walks(self._around, self._probed)
        while True:
            walking = walks.goes_on
            window = self._window(since, percent)
            seconds = clock.monotonic() - began
            decision = self._decided(stage, window, walks.judged)
            self._tell_sample(window, percent, seconds, decision.verdict, bakes=bakes)
            if decision.verdict is Verdict.FAIL:
                break
            people, probes = window.candidate.people.total, window.candidate.probes.total
            progress = Progress(seconds, people, probes, walks.number)
            move = Move.WAIT if walking else next_move(self._pace, progress, bakes=bakes)
            if move is Move.JUDGE:
                break
            if move is Move.PROBE:
                walks.begin()
            else:
                self._around.pause(POLL_SECONDS)
        if decision.verdict is not Verdict.FAIL:
            decision = self._decided(stage, window, (*walks.judged, self._whole(window, percent)))
        self._around.tell_decision(stage, decision, percent)
        if decision.verdict is not Verdict.PASS:
            raise NotPassed(stage, decision)
        self._around.record(self._recorder.judged(stage, decision))

    def _whole(self, window: Window, percent: int) -> Judged:
        """Judge what only the end of a step tells: whether it saw enough, and its share held."""
        split = split_at(percent, self._candidate, self._stable)
        now = self._around.platform.state(self._service).split
        found = (traffic.traffic_seen(window), traffic.split_held(window, split, now))
        return Judged(Kind.TRAFFIC, window.seen, found, frozenset(f.check for f in found))

    def _decided(self, stage: Stage, window: Window, besides: Sequence[Judged]) -> Decision:
        found = findings_of(traffic.CHECKS, window)
        judged = Judged(Kind.TRAFFIC, window.seen, found, frozenset(traffic.CHECKS))
        return self._around.decided(
            stage, (judged, *besides), self._waivers, self._service, self._candidate
        )

    def _window(self, since: float, percent: int) -> Window:
        until = self._around.clock.timestamp()
        seen = self._around.platform.observed(self._service, since, until)
        stable = seen.get(self._stable or "", Observed()) if percent < WHOLE else self._baseline
        ours = seen.get(self._candidate, Observed())
        return Window(self._service, self._candidate, ours, stable, self._pace.min_requests)

    def _observed(self, since: float, revision: str) -> Observed:
        until = self._around.clock.timestamp()
        return self._around.platform.observed(self._service, since, until).get(revision, Observed())

    def _tell_sample(
        self, window: Window, percent: int, seconds: float, verdict: Verdict, *, bakes: bool
    ) -> None:
        self._around.tell(
            events.Sampled(
                service=self._service,
                time=self._around.clock.timestamp(),
                revision=self._candidate,
                percent=percent,
                bakes=bakes,
                seconds=round(seconds, 3),
                of_seconds=self._pace.bake if bakes else self._pace.hold,
                people=window.candidate.people.total,
                probes=window.candidate.probes.total,
                needed=max(self._pace.min_requests, 1),
                verdict=Verdict.FAIL if verdict is Verdict.FAIL else Verdict.UNKNOWN,
            )
        )

    def leave(self, why: str, not_passed: NotPassed | None = None) -> Left:
        """Bring traffic back to where it was, take the revision out of service, and record it.

        Goes on whatever fails on the way, and tells it.

        Args:
            why: Why it is left.
            not_passed: What was not passed, if that is not recorded yet.
        """
        problems: list[str] = []
        if self._had_traffic and (problem := self._brought_back()):
            text = (
                f"TRAFFIC WAS NOT BROUGHT BACK: {problem} {shares(self._before)} served before. "
                f"Do it with `netra rollback {self._service} --to {self._stable or 'REVISION'}`."
            )
            self._around.remark(self._service, text)
            return Left(None, (text,))
        if not_passed is not None:
            stage, decision = not_passed.stage, not_passed.decision
            problems += self._noted(lambda: self._recorder.judged(stage, decision))
        if self._had_traffic:
            to = self._stable or self._candidate
            problems += self._noted(lambda: self._recorder.traffic(to, self._before, why))
        self._walks.settle()
        if self.may_exist:
            problems += self._tried(
                f"{self._candidate} was not taken out of service",
                lambda: self._around.platform.retire(self._service, self._candidate),
            )
        if self._had_traffic and (stable := self._stable) is not None:
            problems += self._noted(lambda: self._recorder.back(stable, self._candidate, why))
        ending = Ending.ROLLED_BACK if self._had_traffic else Ending.REFUSED
        problems += self._noted(lambda: self._recorder.ended(self._candidate, ending, why))
        return Left(ending, tuple(problems))

    def _brought_back(self) -> str:
        """Shift back, and try again where that did not work; give why it did not in the end."""
        problem, pause = "", _FIRST_PAUSE
        for _ in range(_TRIES):
            try:
                self._around.shift(self._service, self._before)
            except OpsError as error:
                problem = str(error)
                self._around.pause(pause)
                pause *= 2
            else:
                return ""
        return problem

    def _noted(self, make: Callable[[], Record]) -> list[str]:
        return self._tried("It was not recorded", lambda: self._around.record(make()))

    def _tried(self, what: str, do: Callable[[], None]) -> list[str]:
        try:
            do()
        except OpsError as error:
            text = f"{what}: {error}"
            self._around.remark(self._service, text)
            return [text]
        return []


class _Walks:
    """Golden paths on the candidate, one after the other, beside what people do with it.

    Attributes:
        judged: What those that came to their end say.
        number: How many were begun.
    """

    def __init__(self, around: Surroundings, probed: Probed) -> None:
        self._around = around
        self._probed = probed
        self._going: Future[WalkReport] | None = None
        self.judged: tuple[Judged, ...] = ()
        self.number = 0

    @property
    def goes_on(self) -> bool:
        """Whether one is being walked; takes in the result of one that is not any more."""
        if self._going is None:
            return False
        if not self._going.done():
            return True
        going, self._going = self._going, None
        try:
            report = going.result()
        except CouldNotTell as error:
            self.judged += (judged_walk(self._probed, (), str(error)),)
            return False
        for step in report.steps:
            self._around.tell_step(self._probed, step)
        self.judged += (judged_walk(self._probed, report.steps),)
        return False

    def begin(self) -> None:
        """Walk one."""
        self.number += 1
        prober, probed = self._around.prober, self._probed
        self._going = self._around.aside(lambda: prober.walk(probed, lambda _step: None))

    def settle(self) -> None:
        """Let one that goes on tidy up after itself, for which it needs the candidate."""
        if self._going is not None:
            wait([self._going], timeout=_SETTLING_SECONDS)
